// The momenta of a log for Python: found in its velocities, and the velocities made of them again.
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

/// velocities (rows, 2, 2) after every collision.
Doubles apply_momenta(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs, const Doubles& momenta,
                      const Counts& exact, const Doubles& exact_velocities, int threads) {
  Doubles velocities({pairs.shape(0), py::ssize_t{2}, py::ssize_t{2}});
  std::fill_n(velocities.mutable_data(), velocities.size(), 0.0);
  const hthm::LogView log = log_view(start, frame_offsets, pairs, velocities);
  require(momenta.ndim() == 2 && momenta.shape(0) == log.rows && momenta.shape(1) == 2, "momenta: must be (rows, 2)");
  require(exact.ndim() == 1 && exact_velocities.ndim() == 3 && exact_velocities.shape(0) == exact.size() &&
              exact_velocities.shape(1) == 2 && exact_velocities.shape(2) == 2,
          "exact, exact_velocities: must be (exact,) and (exact, 2, 2)");
  hthm::Vec* to = writable_vectors(velocities);
  const hthm::MomentumView view{
      log.start, log.frame_offsets, log.pairs, vectors(momenta), exact.data(), vectors(exact_velocities),
      log.runs,  log.frames,        log.n,     log.rows,         exact.size()};
  interruptible([&](hthm::StopRequest* stop) { hthm::apply_momenta(view, threads, to, stop); });
  return velocities;
}

}  // namespace

void bind_momenta(py::module_& m) {
  m.def("find_momenta", &find_momenta, py::arg("start").noconvert(), py::arg("frame_offsets").noconvert(),
        py::arg("pairs").noconvert(), py::arg("velocities").noconvert(), py::arg("threads"));
  m.def("apply_momenta", &apply_momenta, py::arg("start").noconvert(), py::arg("frame_offsets").noconvert(),
        py::arg("pairs").noconvert(), py::arg("momenta").noconvert(), py::arg("exact").noconvert(),
        py::arg("exact_velocities").noconvert(), py::arg("threads"));
}
