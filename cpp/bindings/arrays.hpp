// What the bindings share: arrays as they are taken, what guards memory, and how work in the core is left to itself.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/stop_request.hpp"
#include "core/system_threads.hpp"
#include "deepsets/network.hpp"
#include "measures/histogram.hpp"
#include "recording/replay.hpp"
#include "rules/any_rule.hpp"

namespace hthm::bindings {

namespace py = pybind11;

// No forcecast: another dtype or order is refused, never cast or copied.
using Doubles = py::array_t<double, py::array::c_style>;
using Floats = py::array_t<float, py::array::c_style>;
using Counts = py::array_t<std::int64_t, py::array::c_style>;
/// Numbers of disks: pairs (rows, 2) of a log.
using DiskPairs = py::array_t<std::int32_t, py::array::c_style>;

inline void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

inline bool has_shape(const py::array& a, std::initializer_list<std::int64_t> shape) {
  return std::equal(a.shape(), a.shape() + a.ndim(), shape.begin(), shape.end());
}

// NumPy stores a 2-vector as two doubles side by side, and so do we.
static_assert(sizeof(Vec) == 2 * sizeof(double));
inline const Vec* vectors(const Doubles& a) { return reinterpret_cast<const Vec*>(a.data()); }
inline Vec* writable_vectors(Doubles& a) { return reinterpret_cast<Vec*>(a.mutable_data()); }

/// Edges (bins + 1,).
inline SpeedBins speed_bins(const Doubles& edges) {
  require(edges.ndim() == 1 && edges.size() > 1, "edges: must be (bins + 1,)");
  return SpeedBins{std::vector<double>(edges.data(), edges.data() + edges.size())};
}

/// What a cell of 0 ... n disks adds to H, (n + 1,); null where none are given.
inline const double* count_terms(const std::optional<Doubles>& terms, std::int64_t n) {
  require(!terms || (terms->ndim() == 1 && terms->size() == n + 1), "terms: must be (n + 1,)");
  return terms ? terms->data() : nullptr;
}

/// weights (weights,) of a network of this width, as they are.
inline deepsets::Network<const float> network_of(const Floats& weights, int width) {
  require(width >= 1 && width <= deepsets::most_width, "width: must be from 1 to 256");
  require(weights.ndim() == 1 && weights.size() == deepsets::Network<float>::size(width),
          "weights: must be those of the width");
  return {weights.data(), width};
}

/// start (runs, n, 2), frame_offsets (runs, frames + 1), pairs (rows, 2), velocities (rows, 2, 2), as they are.
LogView log_view(const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs, const Doubles& velocities);

/// A rule by its name, and what it is told.
using NamedRule = std::pair<std::string, std::vector<double>>;

/// Kinds of disk: how many, how wide, how heavy; none: all alike.
using NamedKinds = std::vector<std::tuple<std::int64_t, double, double>>;

/// `n` disks of these kinds, of which the widest are `diameter` wide.
std::optional<Kinds> kinds_of(const NamedKinds& named, std::int64_t n, double diameter);

AnyRule rule_of(const NamedRule& rule, double diameter, const std::optional<Kinds>& kinds = {});

/// The GIL, given up for as long as this lives: safe where the caller holds every array, as arguments do, since the
/// core knows no Python. A daemon thread that wants it back while the interpreter ends sleeps until the process has
/// ended. Python 3.14 sees to that; before, it ends the thread by unwinding its stack, and a destructor or a handler of
/// ours in the way would end the process instead.
class WithoutGil {
 public:
  WithoutGil() : state_{PyEval_SaveThread()} {}
  ~WithoutGil() { retake(); }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

  /// Whether a signal has come whose handler raised; what it raised is kept for whoever has the GIL next.
  bool interrupted() {
    retake();
    const bool raised = PyErr_CheckSignals() != 0;
    state_ = PyEval_SaveThread();
    return raised;
  }

 private:
  void retake() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {  // the unwinding, which may not go on and may not be ended either
      sleep_for_ever();
    }
  }

  PyThreadState* state_;
};

/// work(stop) without the GIL. It ends soon after a signal whose handler raises, with what that raised:
/// KeyboardInterrupt after Ctrl-C.
template <class Work>
auto interruptible(const Work& work) {
  bool interrupted = false;
  try {
    WithoutGil unlocked;
    // Asked now and then only: another Python thread may keep us waiting for the GIL for 5 ms.
    StopRequest stop{[&] { return interrupted = unlocked.interrupted(); }, std::chrono::milliseconds{50}};
    return work(&stop);
  } catch (...) {
    if (interrupted) throw py::error_already_set();  // whatever else went wrong on the way
    throw;
  }
}

}  // namespace hthm::bindings
