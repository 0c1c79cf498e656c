// The momenta and turns of a log for Python: found in its velocities and spins, and these made of them again.
#include "recording/momenta.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"

namespace py = pybind11;
using namespace hthm::bindings;

namespace {

/// momenta (rows, 2), and the rows (exact,) that have none.
py::tuple find_momenta(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs,
                       const Doubles& velocities, int threads) {
  const hthm::LogView log = log_view(start, frame_offsets, pairs, velocities);
  Doubles momenta({log.rows, std::int64_t{2}});
  std::fill_n(momenta.mutable_data(), momenta.size(), 0.0);  // of rows that no run has
  hthm::Vec* to = writable_vectors(momenta);
  const std::vector<std::int64_t> exact =
      interruptible([&](hthm::StopRequest* stop) { return hthm::find_momenta(log, threads, to, stop); });
  return py::make_tuple(std::move(momenta), Counts(static_cast<py::ssize_t>(exact.size()), exact.data()));
}

/// Rows that are as they are, (exact,) and (exact, 2, ...).
template <class Value>
hthm::ExactRows<Value> exact_rows(const Counts& exact, const Value* after) {
  return {exact.data(), after, exact.size()};
}

/// velocities (rows, 2, 2) after every collision.
Doubles apply_momenta(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs, const Doubles& momenta,
                      const Counts& exact, const Doubles& exact_velocities, int threads) {
  Doubles velocities({pairs.shape(0), py::ssize_t{2}, py::ssize_t{2}});
  std::fill_n(velocities.mutable_data(), velocities.size(), 0.0);
  const hthm::LogView log = log_view(start, frame_offsets, pairs, velocities);
  require(has_shape(momenta, {log.rows, 2}), "momenta: must be (rows, 2)");
  require(exact.ndim() == 1 && has_shape(exact_velocities, {exact.size(), 2, 2}),
          "exact, exact_velocities: must be (exact,) and (exact, 2, 2)");
  hthm::Vec* to = writable_vectors(velocities);
  const hthm::Vec* from = vectors(momenta);
  const auto kept = exact_rows(exact, vectors(exact_velocities));
  interruptible([&](hthm::StopRequest* stop) { hthm::apply_momenta(log, from, kept, threads, to, stop); });
  return velocities;
}

/// A log of which only frames and pairs are asked, beside spins (runs, n) at the start.
hthm::LogView rows_view(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs) {
  require(start.ndim() == 2 && frame_offsets.ndim() == 2 && frame_offsets.shape(0) == start.shape(0) &&
              frame_offsets.shape(1) > 0,
          "start, frame_offsets: must be (runs, n) and (runs, frames + 1)");
  require(pairs.ndim() == 2 && pairs.shape(1) == 2, "pairs: must be (rows, 2)");
  return {nullptr,        frame_offsets.data(),       pairs.data(),   nullptr,
          start.shape(0), frame_offsets.shape(1) - 1, start.shape(1), pairs.shape(0)};
}

/// turns (rows,), and the rows (exact,) that have none.
py::tuple find_turns(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs, const Doubles& spins,
                     int threads) {
  const hthm::LogView log = rows_view(start, frame_offsets, pairs);
  require(has_shape(spins, {log.rows, 2}), "spins: must be (rows, 2)");
  Doubles turns(log.rows);
  std::fill_n(turns.mutable_data(), turns.size(), 0.0);  // of rows that no run has
  double* to = turns.mutable_data();
  const double *first = start.data(), *after = spins.data();
  const std::vector<std::int64_t> exact =
      interruptible([&](hthm::StopRequest* stop) { return hthm::find_turns(log, first, after, threads, to, stop); });
  return py::make_tuple(std::move(turns), Counts(static_cast<py::ssize_t>(exact.size()), exact.data()));
}

/// spins (rows, 2) after every collision.
Doubles apply_turns(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs, const Doubles& turns,
                    const Counts& exact, const Doubles& exact_spins, int threads) {
  const hthm::LogView log = rows_view(start, frame_offsets, pairs);
  require(has_shape(turns, {log.rows}), "turns: must be (rows,)");
  require(exact.ndim() == 1 && has_shape(exact_spins, {exact.size(), 2}),
          "exact, exact_spins: must be (exact,) and (exact, 2)");
  Doubles spins({log.rows, std::int64_t{2}});
  std::fill_n(spins.mutable_data(), spins.size(), 0.0);
  double* to = spins.mutable_data();
  const double *first = start.data(), *from = turns.data();
  const auto kept = exact_rows(exact, exact_spins.data());
  interruptible([&](hthm::StopRequest* stop) { hthm::apply_turns(log, first, from, kept, threads, to, stop); });
  return spins;
}

}  // namespace

void bind_momenta(py::module_& m) {
  m.def("find_momenta", &find_momenta, py::arg("start").noconvert(), py::arg("frame_offsets").noconvert(),
        py::arg("pairs").noconvert(), py::arg("velocities").noconvert(), py::arg("threads"));
  m.def("apply_momenta", &apply_momenta, py::arg("start").noconvert(), py::arg("frame_offsets").noconvert(),
        py::arg("pairs").noconvert(), py::arg("momenta").noconvert(), py::arg("exact").noconvert(),
        py::arg("exact_velocities").noconvert(), py::arg("threads"));
  m.def("find_turns", &find_turns, py::arg("start").noconvert(), py::arg("frame_offsets").noconvert(),
        py::arg("pairs").noconvert(), py::arg("spins").noconvert(), py::arg("threads"));
  m.def("apply_turns", &apply_turns, py::arg("start").noconvert(), py::arg("frame_offsets").noconvert(),
        py::arg("pairs").noconvert(), py::arg("turns").noconvert(), py::arg("exact").noconvert(),
        py::arg("exact_spins").noconvert(), py::arg("threads"));
}
