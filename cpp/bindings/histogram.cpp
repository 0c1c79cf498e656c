// Histograms for Python: counts and H of frames of velocities.
#include "measures/histogram.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace py = pybind11;

namespace {

// No forcecast: another dtype or order is refused, never cast or copied.
using Doubles = py::array_t<double, py::array::c_style>;
using Counts = py::array_t<std::int64_t, py::array::c_style>;

/// Frames (frames, n, 2) of velocities.
struct Frames {
  const hthm::Vec* velocities;
  py::ssize_t count, n;

  explicit Frames(const Doubles& a) {
    if (a.ndim() != 3 || a.shape(2) != 2) throw std::invalid_argument("velocities: must be (frames, n, 2)");
    velocities = reinterpret_cast<const hthm::Vec*>(a.data());
    count = a.shape(0);
    n = a.shape(1);
  }
};

hthm::SpeedBins speed_bins(const Doubles& edges) {
  if (edges.ndim() != 1 || edges.size() < 2) throw std::invalid_argument("edges: must be (bins + 1,)");
  return hthm::SpeedBins{std::vector<double>(edges.data(), edges.data() + edges.size())};
}

Counts speed_counts(const Doubles& velocities, const Doubles& edges, int threads) {
  const Frames frames{velocities};
  const hthm::SpeedBins bins = speed_bins(edges);
  Counts counts({frames.count, static_cast<py::ssize_t>(bins.bins())});
  std::int64_t* out = counts.mutable_data();
  {
    const py::gil_scoped_release unlocked;  // safe: the caller holds the velocities, and the core knows no Python
    hthm::speed_counts(bins, frames.velocities, frames.count, frames.n, threads, out);
  }
  return counts;
}

/// h (frames,), beyond (frames,): the disks of each frame that no bin holds.
py::tuple speed_h(const Doubles& velocities, const Doubles& edges, int threads) {
  const Frames frames{velocities};
  const hthm::SpeedBins bins = speed_bins(edges);
  Doubles h(frames.count);
  Counts beyond(frames.count);
  double* out = h.mutable_data();
  std::int64_t* dropped = beyond.mutable_data();
  {
    const py::gil_scoped_release unlocked;  // safe: as above
    hthm::speed_h(bins, frames.velocities, frames.count, frames.n, threads, out, dropped);
  }
  return py::make_tuple(std::move(h), std::move(beyond));
}

py::tuple velocity_h(const Doubles& velocities, const std::optional<Doubles>& temperature, std::int64_t bins,
                     double reach, int threads) {
  const Frames frames{velocities};
  if (temperature && (temperature->ndim() != 1 || temperature->size() != frames.count)) {
    throw std::invalid_argument("temperature: must be (frames,)");
  }
  Doubles h(frames.count);
  Counts beyond(frames.count);
  const double* given = temperature ? temperature->data() : nullptr;
  double* out = h.mutable_data();
  std::int64_t* dropped = beyond.mutable_data();
  {
    const py::gil_scoped_release unlocked;  // safe: as above
    hthm::velocity_h(frames.velocities, frames.count, frames.n, given, bins, reach, threads, out, dropped);
  }
  return py::make_tuple(std::move(h), std::move(beyond));
}

}  // namespace

void bind_histogram(py::module_& m) {
  m.def("speed_counts", &speed_counts, py::arg("velocities").noconvert(), py::arg("edges").noconvert(),
        py::arg("threads"));
  m.def("speed_h", &speed_h, py::arg("velocities").noconvert(), py::arg("edges").noconvert(), py::arg("threads"));
  m.def("velocity_h", &velocity_h, py::arg("velocities").noconvert(), py::arg("temperature").noconvert(),
        py::arg("bins"), py::arg("reach"), py::arg("threads"));
}
