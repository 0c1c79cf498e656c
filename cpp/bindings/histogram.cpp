// Histograms for Python: counts and H of frames of velocities.
#include "measures/histogram.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>

#include "bindings/arrays.hpp"

namespace py = pybind11;
using namespace hthm::bindings;

namespace {

/// Frames (frames, n, 2) of velocities.
struct Frames {
  const hthm::Vec* velocities;
  py::ssize_t count, n;

  explicit Frames(const Doubles& a) {
    require(a.ndim() == 3 && a.shape(2) == 2, "velocities: must be (frames, n, 2)");
    velocities = vectors(a);
    count = a.shape(0);
    n = a.shape(1);
  }
};

Counts speed_counts(const Doubles& velocities, const Doubles& edges, int threads) {
  const Frames frames{velocities};
  const hthm::SpeedBins bins = speed_bins(edges);
  Counts counts({frames.count, static_cast<py::ssize_t>(bins.bins())});
  std::int64_t* out = counts.mutable_data();
  interruptible([&](hthm::StopRequest* stop) {
    hthm::speed_counts(bins, frames.velocities, frames.count, frames.n, threads, out, stop);
  });
  return counts;
}

/// h (frames,), beyond (frames,): the disks of each frame that no bin holds.
py::tuple speed_h(const Doubles& velocities, const Doubles& edges, const std::optional<Doubles>& terms, int threads) {
  const Frames frames{velocities};
  const double* term = count_terms(terms, frames.n);
  const hthm::SpeedBins bins = speed_bins(edges);
  Doubles h(frames.count);
  Counts beyond(frames.count);
  double* out = h.mutable_data();
  std::int64_t* dropped = beyond.mutable_data();
  interruptible([&](hthm::StopRequest* stop) {
    hthm::speed_h(bins, frames.velocities, frames.count, frames.n, threads, out, dropped, stop, term);
  });
  return py::make_tuple(std::move(h), std::move(beyond));
}

py::tuple velocity_h(const Doubles& velocities, const std::optional<Doubles>& temperature, std::int64_t bins,
                     double reach, const std::optional<Doubles>& terms, int threads) {
  const Frames frames{velocities};
  const double* term = count_terms(terms, frames.n);
  require(!temperature || (temperature->ndim() == 1 && temperature->size() == frames.count),
          "temperature: must be (frames,)");
  Doubles h(frames.count);
  Counts beyond(frames.count);
  const double* given = temperature ? temperature->data() : nullptr;
  double* out = h.mutable_data();
  std::int64_t* dropped = beyond.mutable_data();
  interruptible([&](hthm::StopRequest* stop) {
    hthm::velocity_h(frames.velocities, frames.count, frames.n, given, bins, reach, threads, out, dropped, stop, term);
  });
  return py::make_tuple(std::move(h), std::move(beyond));
}

}  // namespace

void bind_histogram(py::module_& m) {
  m.def("speed_counts", &speed_counts, py::arg("velocities").noconvert(), py::arg("edges").noconvert(),
        py::arg("threads"));
  m.def("speed_h", &speed_h, py::arg("velocities").noconvert(), py::arg("edges").noconvert(),
        py::arg("terms").noconvert(), py::arg("threads"));
  m.def("velocity_h", &velocity_h, py::arg("velocities").noconvert(), py::arg("temperature").noconvert(),
        py::arg("bins"), py::arg("reach"), py::arg("terms").noconvert(), py::arg("threads"));
}
