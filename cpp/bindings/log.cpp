// The log of collisions for Python: its memory handed over, its frames made again, their H.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "measures/log_histogram.hpp"
#include "recording/log_rows.hpp"
#include "recording/replay.hpp"

namespace py = pybind11;
using namespace hthm::bindings;

namespace {

/// NumPy's array of this shape over the memory that the core filled; a capsule frees it.
template <class Number, class T>
py::array_t<Number> owner(hthm::GrowingArray<T>& array, std::vector<py::ssize_t> shape) {
  auto memory = array.release();
  T* data = memory.get();
  const py::capsule freed{data, [](void* pointer) { hthm::Free{}(pointer); }};
  static_cast<void>(memory.release());
  return py::array_t<Number>(std::move(shape), reinterpret_cast<Number*>(data), freed);
}

/// pairs (rows, 2), velocities (rows, 2, 2), times (rows,) or None, spins (rows, 2) or None; the rows are gone from
/// `log`.
py::tuple release(hthm::LogRows& log) {
  const auto rows = static_cast<py::ssize_t>(log.rows());
  auto pairs = owner<std::int32_t>(log.pairs, {rows, 2});
  auto velocities = owner<double>(log.velocities, {rows, 2, 2});
  py::object times = py::none();
  if (log.timed) times = owner<double>(log.times, {rows});
  py::object spins = py::none();
  if (log.carried) spins = owner<double>(log.inner, {rows, 2});
  return py::make_tuple(std::move(pairs), std::move(velocities), std::move(times), std::move(spins));
}

}  // namespace

hthm::LogView hthm::bindings::log_view(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs,
                                       const Doubles& velocities) {
  require(start.ndim() == 3 && start.shape(2) == 2, "start: must be (runs, n, 2)");
  require(frame_offsets.ndim() == 2 && frame_offsets.shape(0) == start.shape(0) && frame_offsets.shape(1) > 0,
          "frame_offsets: must be (runs, frames + 1)");
  require(pairs.ndim() == 2 && pairs.shape(1) == 2, "pairs: must be (rows, 2)");
  require(velocities.ndim() == 3 && velocities.shape(0) == pairs.shape(0) && velocities.shape(1) == 2 &&
              velocities.shape(2) == 2,
          "velocities: must be (rows, 2, 2)");
  return {vectors(start), frame_offsets.data(),       pairs.data(),   vectors(velocities),
          start.shape(0), frame_offsets.shape(1) - 1, start.shape(1), pairs.shape(0)};
}

namespace {

void log_frames(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs, const Doubles& velocities,
                const Counts& numbers, Doubles& out, int threads) {
  const hthm::LogView log = log_view(start, frame_offsets, pairs, velocities);
  require(numbers.ndim() == 1, "numbers: must be (count,)");
  require(out.ndim() == 3 && out.shape(0) == numbers.size() && out.shape(1) == log.n && out.shape(2) == 2,
          "out: must be (count, n, 2)");
  hthm::Vec* to = writable_vectors(out);
  const std::int64_t* wanted = numbers.data();
  const std::int64_t count = numbers.size();
  interruptible([&](hthm::StopRequest* stop) { hthm::write_frames(log, wanted, count, threads, to, stop); });
}

Counts speed_counts(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs,
                    const Doubles& velocities, const Doubles& edges, int threads) {
  const hthm::LogView log = log_view(start, frame_offsets, pairs, velocities);
  const hthm::SpeedBins bins = speed_bins(edges);
  Counts counts({log.runs, log.frames, bins.bins()});
  std::int64_t* out = counts.mutable_data();
  interruptible([&](hthm::StopRequest* stop) { hthm::speed_counts(bins, log, threads, out, stop); });
  return counts;
}

/// h (runs, frames), beyond (runs, frames): the disks of each frame that no bin holds.
template <class Measure>
py::tuple measured(const hthm::LogView& log, const Measure& measure) {
  Doubles h({log.runs, log.frames});
  Counts beyond({log.runs, log.frames});
  double* out = h.mutable_data();
  std::int64_t* dropped = beyond.mutable_data();
  interruptible([&](hthm::StopRequest* stop) { measure(out, dropped, stop); });
  return py::make_tuple(std::move(h), std::move(beyond));
}

py::tuple speed_h(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs, const Doubles& velocities,
                  const Doubles& edges, const std::optional<Doubles>& terms, int threads) {
  const hthm::LogView log = log_view(start, frame_offsets, pairs, velocities);
  const hthm::SpeedBins bins = speed_bins(edges);
  const double* term = count_terms(terms, log.n);
  return measured(log, [&](double* h, std::int64_t* beyond, hthm::StopRequest* stop) {
    hthm::speed_h(bins, log, threads, h, beyond, stop, term);
  });
}

py::tuple velocity_h(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs,
                     const Doubles& velocities, const std::optional<Doubles>& temperature, std::int64_t bins,
                     double reach, const std::optional<Doubles>& terms, int threads) {
  const hthm::LogView log = log_view(start, frame_offsets, pairs, velocities);
  require(!temperature || temperature->size() == log.runs * log.frames, "temperature: must be one a frame");
  const double* given = temperature ? temperature->data() : nullptr;
  const double* term = count_terms(terms, log.n);
  return measured(log, [&](double* h, std::int64_t* beyond, hthm::StopRequest* stop) {
    hthm::velocity_h(log, given, bins, reach, threads, h, beyond, stop, term);
  });
}

/// Offer a function whose first arguments are the parts of a log.
template <class Function, class... More>
void define(py::module_& m, const char* name, Function* function, const More&... more) {
  m.def(name, function, py::arg("start").noconvert(), py::arg("frame_offsets").noconvert(),
        py::arg("pairs").noconvert(), py::arg("velocities").noconvert(), more..., py::arg("threads"));
}

}  // namespace

void bind_log(py::module_& m) {
  py::class_<hthm::LogRows>(m, "LogRows")
      .def(py::init([](bool timed, bool spins) { return hthm::LogRows{timed, {}, {}, {}, spins ? 1 : 0, {}}; }),
           py::kw_only(), py::arg("timed"), py::arg("spins") = false)
      .def("release", &release);
  define(m, "log_frames", &log_frames, py::arg("numbers").noconvert(), py::arg("out").noconvert());
  define(m, "log_speed_counts", &speed_counts, py::arg("edges").noconvert());
  define(m, "log_speed_h", &speed_h, py::arg("edges").noconvert(), py::arg("terms").noconvert());
  define(m, "log_velocity_h", &velocity_h, py::arg("temperature").noconvert(), py::arg("bins"), py::arg("reach"),
         py::arg("terms").noconvert());
}
