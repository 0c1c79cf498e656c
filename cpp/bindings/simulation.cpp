// Simulation for Python: ensembles of runs, advanced a stretch of frames at a time.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "bindings/arrays.hpp"
#include "event_driven/event_run.hpp"
#include "runs/ensemble.hpp"

namespace py = pybind11;
using namespace hthm::bindings;

namespace {

using Words = py::array_t<std::uint64_t, py::array::c_style>;

/// How many bits a run may carry.
hthm::Precision precision_of(int bits) {
  require(bits == 53 || bits == 113 || bits == 237, "bits: must be 53, 113 or 237");
  return static_cast<hthm::Precision>(bits);
}

/// What doubles leave out, (runs, n, 2, 4); null where it is not given.
const double* rests(const std::optional<Doubles>& a, std::int64_t runs, std::int64_t n) {
  require(!a || has_shape(*a, {runs, n, 2, 4}), "position_rests, velocity_rests: must be (runs, n, 2, 4)");
  return a ? a->data() : nullptr;
}

std::unique_ptr<hthm::Ensemble> make_ensemble(const std::string& engine, const Doubles& positions,
                                              const Doubles& velocities, double box, double diameter, double dt,
                                              std::int64_t first_run, const std::optional<Words>& random, int threads,
                                              const NamedRule& rule, const std::optional<Doubles>& spins, int bits,
                                              const std::optional<Doubles>& position_rests,
                                              const std::optional<Doubles>& velocity_rests, const NamedKinds& kinds) {
  require(positions.ndim() == 3, "positions: must be (runs, n, 2)");
  const std::int64_t runs = positions.shape(0), n = positions.shape(1);
  require(has_shape(positions, {runs, n, 2}) && has_shape(velocities, {runs, n, 2}),
          "positions, velocities: must both be (runs, n, 2)");
  require(!random || has_shape(*random, {runs, 4}), "random: must be (runs, 4)");
  const hthm::AnyRule any = rule_of(rule, diameter, kinds_of(kinds, n, diameter));
  require(!spins || (hthm::inner_of(any) == 1 && has_shape(*spins, {runs, n})), "spins: must be (runs, n), if any");
  const hthm::Start start{vectors(positions),
                          vectors(velocities),
                          runs,
                          n,
                          first_run,
                          random ? random->data() : nullptr,
                          any,
                          precision_of(bits),
                          {rests(position_rests, runs, n), rests(velocity_rests, runs, n)},
                          spins ? spins->data() : nullptr};
  return interruptible([&](hthm::StopRequest* stop) {
    return std::make_unique<hthm::Ensemble>(engine, hthm::Setup{box, diameter, dt}, start, threads, stop);
  });
}

/// Where the velocities or positions of every frame go, (runs, frames, n, 2); null where they are not asked for.
hthm::Vec* output_frames(std::optional<Doubles>& a, const hthm::Ensemble& ensemble, std::int64_t frames) {
  if (!a) return nullptr;
  require(has_shape(*a, {ensemble.runs(), frames, ensemble.n(), 2}),
          "velocities, positions: must be (runs, frames, n, 2)");
  return writable_vectors(*a);
}

void advance(hthm::Ensemble& ensemble, std::int64_t first, std::int64_t count, Counts& collisions,
             std::optional<Doubles> velocities, std::optional<Doubles> positions, std::optional<Doubles> spins,
             bool log, int threads) {
  require(collisions.ndim() == 2 && collisions.shape(0) == ensemble.runs(), "collisions: must be (runs, frames)");
  const std::int64_t frames = collisions.shape(1);
  require(first >= 0 && count >= 0 && first <= frames - count, "first, count: must lie within the frames");
  require(!spins || (ensemble.inner() == 1 && has_shape(*spins, {ensemble.runs(), frames, ensemble.n()})),
          "spins: must be (runs, frames, n), if any");
  const hthm::Record record{frames,
                            first,
                            count,
                            collisions.mutable_data(),
                            output_frames(velocities, ensemble, frames),
                            output_frames(positions, ensemble, frames),
                            log,
                            spins ? spins->mutable_data() : nullptr};
  try {
    interruptible([&](hthm::StopRequest* stop) { ensemble.advance(record, threads, stop); });
  } catch (const hthm::Jammed& jammed) {
    throw std::invalid_argument(jammed.what());
  }
}

void write_state(const hthm::Ensemble& ensemble, Doubles& positions, Doubles& velocities) {
  const std::int64_t runs = ensemble.runs(), n = ensemble.n();
  require(has_shape(positions, {runs, n, 2}) && has_shape(velocities, {runs, n, 2}),
          "positions, velocities: must both be (runs, n, 2)");
  auto *to_positions = writable_vectors(positions), *to_velocities = writable_vectors(velocities);
  interruptible([&](hthm::StopRequest* stop) { ensemble.write_state(to_positions, to_velocities, stop); });
}

void write_spins(const hthm::Ensemble& ensemble, Doubles& spins) {
  require(ensemble.inner() == 1 && has_shape(spins, {ensemble.runs(), ensemble.n()}), "spins: must be (runs, n)");
  double* to = spins.mutable_data();
  interruptible([&](hthm::StopRequest* stop) { ensemble.write_inner(to, stop); });
}

/// What the doubles of `write_state` leave out, (runs, n, 2, 4) each.
void write_rests(const hthm::Ensemble& ensemble, Doubles& positions, Doubles& velocities) {
  const std::int64_t runs = ensemble.runs(), n = ensemble.n();
  require(has_shape(positions, {runs, n, 2, 4}) && has_shape(velocities, {runs, n, 2, 4}),
          "positions, velocities: must both be (runs, n, 2, 4)");
  double *to_positions = positions.mutable_data(), *to_velocities = velocities.mutable_data();
  interruptible([&](hthm::StopRequest* stop) { ensemble.write_rests(to_positions, to_velocities, stop); });
}

/// Rows that were moved before a signal came are in `rows`: both can only be dropped then.
void move_log(hthm::Ensemble& ensemble, hthm::LogRows& rows, int threads) {
  interruptible([&](hthm::StopRequest* stop) { ensemble.move_log(rows, threads, stop); });
}

}  // namespace

void bind_simulation(py::module_& m) {
  m.def("engines", &hthm::engine_names);
  py::class_<hthm::Ensemble>(m, "Ensemble")
      .def(py::init(&make_ensemble), py::kw_only(), py::arg("engine"), py::arg("positions").noconvert(),
           py::arg("velocities").noconvert(), py::arg("box"), py::arg("diameter"), py::arg("dt"), py::arg("first_run"),
           py::arg("random").noconvert(), py::arg("threads"), py::arg("rule") = NamedRule{"smooth", {}},
           py::arg("spins").noconvert() = py::none(), py::arg("bits") = 53,
           py::arg("position_rests").noconvert() = py::none(), py::arg("velocity_rests").noconvert() = py::none(),
           py::arg("kinds") = NamedKinds{})
      .def("advance", &advance, py::kw_only(), py::arg("first"), py::arg("count"), py::arg("collisions").noconvert(),
           py::arg("velocities").noconvert(), py::arg("positions").noconvert(), py::arg("spins").noconvert(),
           py::arg("log"), py::arg("threads"))
      .def("move_log", &move_log, py::arg("rows"), py::arg("threads"))
      .def("write_state", &write_state, py::kw_only(), py::arg("positions").noconvert(),
           py::arg("velocities").noconvert())
      .def("write_spins", &write_spins, py::arg("spins").noconvert())
      .def("write_rests", &write_rests, py::kw_only(), py::arg("positions").noconvert(),
           py::arg("velocities").noconvert())
      .def("overtaken", &hthm::Ensemble::overtaken);
}
