// The training kernel for Python: frame pairs, and the loss and gradient of a batch of them.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "bindings/arrays.hpp"
#include "core/cpu_features.hpp"
#include "deepsets/adam.hpp"
#include "deepsets/pair_loss.hpp"
#include "deepsets/phi_sums.hpp"

namespace py = pybind11;
using namespace hthm::bindings;

namespace {

using hthm::deepsets::FrameStore;
using hthm::deepsets::Network;
using hthm::deepsets::PairLoss;
using hthm::deepsets::PhiSums;

/// Velocities (runs, frames, n, 2); the object keeps them alive, for it may read them where they are.
std::unique_ptr<PairLoss> from_dense(const Doubles& velocities, int threads) {
  require(velocities.ndim() == 4 && velocities.shape(1) >= 2 && velocities.shape(2) >= 1 && velocities.shape(3) == 2,
          "velocities: must be (runs, frames, n, 2) with at least 2 frames and a disk");
  const hthm::deepsets::DenseFrames frames{velocities.data(), velocities.shape(0), velocities.shape(1),
                                           velocities.shape(2)};
  return interruptible([&](hthm::StopRequest* stop) {
    return std::make_unique<PairLoss>(FrameStore(frames, threads, stop), hthm::simd_level());
  });
}

/// Of logs, some runs each: start (runs, n, 2), frame_offsets (runs, frames + 1), pairs (rows, 2) and velocities
/// (rows, 2, 2). The next is asked for when one is encoded, and nothing of it is kept. What does not fit into so many
/// bytes of memory goes to a file in the folder.
std::unique_ptr<PairLoss> from_logs(const py::iterable& logs, int threads, std::optional<std::int64_t> memory,
                                    const std::filesystem::path& folder) {
  FrameStore store({memory.value_or(hthm::largest<std::int64_t>), folder});
  bool any = false;
  for (const py::handle part : logs) {
    const auto [start, frame_offsets, pairs, velocities] = part.cast<std::tuple<Doubles, Counts, DiskPairs, Doubles>>();
    const hthm::LogView log = log_view(start, frame_offsets, pairs, velocities);
    require(log.n >= 1 && log.frames >= 2, "start, frame_offsets: must have a disk and at least 2 frames");
    interruptible([&](hthm::StopRequest* stop) { store.append(log, threads, stop); });
    any = true;
  }
  require(any, "logs: must be at least one");
  return interruptible([&](hthm::StopRequest* stop) {
    store.finish(threads, stop);
    return std::make_unique<PairLoss>(std::move(store), hthm::simd_level());
  });
}

/// In Python's words: OSError, or what Python makes of its number.
void raise_os_error(const hthm::ScratchFileError& error) {
  const std::string said = std::generic_category().message(error.code) + ": " + error.what() +
                           ", for what a training of this size has no room for in memory. Set TMPDIR to a folder on a "
                           "disk with room, 0.8 MB for each of the paper's runs";
  PyErr_SetObject(PyExc_OSError, py::make_tuple(error.code, said, py::str(py::cast(error.folder))).ptr());
}

/// The loss of pairs (batch,); change (batch,) and gradient (weights,) are filled.
double loss(PairLoss& self, const Floats& weights, int width, const Counts& pairs, double negative_slope,
            double penalty, Doubles& change, Floats& gradient, int threads) {
  const Network<const float> network = network_of(weights, width);
  require(gradient.ndim() == 1 && gradient.size() == weights.size(), "gradient: must have the shape of weights");
  require(pairs.ndim() == 1 && pairs.size() >= 1, "pairs: must be (batch,)");
  require(change.ndim() == 1 && change.size() == pairs.size(), "change: must have the shape of pairs");
  for (py::ssize_t k = 0; k < pairs.size(); ++k) {
    require(pairs.data()[k] >= 0 && pairs.data()[k] < self.frames().pairs(),
            "pairs: must be below the number of pairs");
  }
  const Network<float> to(gradient.mutable_data(), width);
  double* changes = change.mutable_data();
  const std::int64_t* numbers = pairs.data();
  const std::int64_t count = pairs.size();
  return interruptible([&](hthm::StopRequest* stop) {
    return self(network, numbers, count, {negative_slope, penalty}, threads, changes, to, stop);
  });
}

/// A step of Adam: weights, mean and square (weights,) are changed.
void adam_step(double step, double learning_rate, const Floats& gradient, Floats& weights, Floats& mean,
               Floats& square) {
  require(step >= 1, "step: must be at least 1");
  for (const py::ssize_t size : {weights.size(), mean.size(), square.size()}) {
    require(size == gradient.size(), "gradient, weights, mean, square: must be as many");
  }
  hthm::deepsets::take_step(hthm::deepsets::kernel(hthm::simd_level()), step, learning_rate, gradient.data(),
                            {weights.mutable_data(), mean.mutable_data(), square.mutable_data(), weights.size()});
}

PhiSums phi_sums(const Floats& weights, int width) {
  network_of(weights, width);  // checks them
  return {{weights.data(), weights.data() + weights.size()}, width, hthm::deepsets::kernel(hthm::simd_level())};
}

/// sums (runs, frames, D) of phi over the disks of every frame of a log.
Doubles sums_of_log(PhiSums& self, const Doubles& start, const Counts& frame_offsets, const DiskPairs& pairs,
                    const Doubles& velocities, int threads) {
  const hthm::LogView log = log_view(start, frame_offsets, pairs, velocities);
  Doubles sums({log.runs, log.frames, static_cast<std::int64_t>(self.width())});
  double* out = sums.mutable_data();
  interruptible([&](hthm::StopRequest* stop) { self(log, threads, out, stop); });
  return sums;
}

}  // namespace

void bind_deepsets(py::module_& m) {
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const hthm::ScratchFileError& error) {
      raise_os_error(error);
    }
  });
  m.def("adam_step", &adam_step, py::arg("step"), py::arg("learning_rate"), py::arg("gradient").noconvert(),
        py::arg("weights").noconvert(), py::arg("mean").noconvert(), py::arg("square").noconvert());
  m.attr("most_width") = hthm::deepsets::most_width;
  py::class_<PairLoss>(m, "PairLoss")
      .def_static("from_dense", &from_dense, py::arg("velocities").noconvert(), py::arg("threads"),
                  py::keep_alive<0, 1>())
      .def_static("from_logs", &from_logs, py::arg("logs"), py::arg("threads"), py::arg("memory") = py::none(),
                  py::arg("folder") = "")
      .def("beside", &PairLoss::beside, py::keep_alive<0, 1>())  // which keeps the velocities that it may read
      .def_property_readonly("pairs", [](const PairLoss& self) { return self.frames().pairs(); })
      .def("loss", &loss, py::arg("weights").noconvert(), py::arg("width"), py::arg("pairs").noconvert(),
           py::arg("negative_slope"), py::arg("penalty"), py::arg("change").noconvert(),
           py::arg("gradient").noconvert(), py::arg("threads"));
  py::class_<PhiSums>(m, "PhiSums")
      .def(py::init(&phi_sums), py::arg("weights").noconvert(), py::arg("width"))
      .def("of_log", &sums_of_log, py::arg("start").noconvert(), py::arg("frame_offsets").noconvert(),
           py::arg("pairs").noconvert(), py::arg("velocities").noconvert(), py::arg("threads"));
}
