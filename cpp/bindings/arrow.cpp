// The kernel of the training on the arrow of time for Python: whole runs, and the loss and gradient of one.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>

#include "bindings/arrays.hpp"
#include "core/cpu_features.hpp"
#include "deepsets/arrow_loss.hpp"

namespace py = pybind11;
using namespace hthm::bindings;

namespace {

using hthm::deepsets::ArrowLoss;
using hthm::deepsets::Network;
using hthm::deepsets::SeenRun;
using hthm::deepsets::SmoothForm;
using hthm::deepsets::StepLoss;
using hthm::deepsets::WholeRun;

using Disks = py::array_t<std::int32_t, py::array::c_style>;
/// Scale of the velocities, whether phi is averaged, and whether h is n times rho.
using Form = std::tuple<float, bool, bool>;
/// Whether steps cost ln(1 + exp(-Delta h)) or leaky_relu(-Delta h), the slope of that, and the penalty.
using Cost = std::tuple<bool, double, double>;

/// disks, step (changes).
WholeRun whole_run(std::int64_t n, std::int64_t steps, const Disks& disks, const Counts& step) {
  require(n >= 1 && steps >= 0, "n, steps: must be at least 1 and 0");
  require(disks.ndim() == 1 && step.ndim() == 1 && step.size() == disks.size(), "disks, step: must be (changes,) both");
  std::int64_t least = 0;
  for (py::ssize_t k = 0; k < disks.size(); ++k) {
    require(disks.data()[k] >= 0 && disks.data()[k] < n, "disks: must be from 0 to n - 1");
    require(step.data()[k] >= least && step.data()[k] < steps, "step: must ascend from 0 to steps - 1");
    least = step.data()[k];
  }
  return {n, steps, disks.data(), step.data(), disks.size()};
}

/// velocities (rows, 2), parts (n) or none.
SeenRun seen_run(const WholeRun& run, const Floats& velocities, const std::optional<Counts>& parts,
                 std::int64_t count) {
  require(velocities.ndim() == 2 && velocities.shape(0) == run.rows() && velocities.shape(1) == 2,
          "velocities: must be (n + changes, 2)");
  require(count >= 1 && count <= run.n() && (parts || count == 1), "count: must be from 1 to n");
  if (parts) {
    require(parts->ndim() == 1 && parts->size() == run.n(), "parts: must be (n,)");
    for (py::ssize_t k = 0; k < parts->size(); ++k) {
      require(parts->data()[k] >= 0 && parts->data()[k] <= count, "parts: must be from 0 to count");
    }
  }
  return {&run, velocities.data(), parts ? parts->data() : nullptr, count};
}

SmoothForm form_of(const Form& form) { return {std::get<0>(form), std::get<1>(form), std::get<2>(form)}; }

/// change (steps, count) is filled.
void change(ArrowLoss& self, const Floats& weights, int width, const Form& form, const WholeRun& run,
            const Floats& velocities, const std::optional<Counts>& parts, std::int64_t count, Doubles& change,
            int threads) {
  const Network<const float> network = network_of(weights, width);
  const SeenRun seen = seen_run(run, velocities, parts, count);
  require(change.ndim() == 1 && change.size() == run.steps() * count, "change: must be (steps * count,)");
  double* out = change.mutable_data();
  interruptible([&](hthm::StopRequest* stop) { self.change(network, form_of(form), seen, threads, out, stop); });
}

/// The loss of some terms, or of all; gradient (weights,) is added to.
double loss(ArrowLoss& self, const Floats& weights, int width, const Form& form, const WholeRun& run,
            const Floats& velocities, const std::optional<Counts>& parts, std::int64_t count, const Cost& cost,
            const std::optional<Counts>& chosen, double total, Doubles& gradient, int threads) {
  const Network<const float> network = network_of(weights, width);
  const SeenRun seen = seen_run(run, velocities, parts, count);
  require(gradient.ndim() == 1 && gradient.size() == weights.size(), "gradient: must have the shape of weights");
  if (chosen) {
    require(chosen->ndim() == 1, "chosen: must be (count,)");
    for (py::ssize_t k = 0; k < chosen->size(); ++k) {
      require(chosen->data()[k] >= 0 && chosen->data()[k] < run.steps() * count, "chosen: must be numbers of terms");
    }
  }
  const StepLoss step_loss{std::get<0>(cost), std::get<1>(cost), std::get<2>(cost)};
  const hthm::deepsets::TermsOfLoss terms{chosen ? chosen->data() : nullptr, chosen ? chosen->size() : 0, total};
  double* to = gradient.mutable_data();
  return interruptible(
      [&](hthm::StopRequest* stop) { return self(network, form_of(form), seen, step_loss, terms, threads, to, stop); });
}

}  // namespace

void bind_arrow(py::module_& m) {
  py::class_<WholeRun>(m, "WholeRun")
      .def(py::init(&whole_run), py::arg("n"), py::arg("steps"), py::arg("disks").noconvert(),
           py::arg("step").noconvert())
      .def_property_readonly("steps", &WholeRun::steps);
  py::class_<ArrowLoss>(m, "ArrowLoss")
      .def(py::init([] { return std::make_unique<ArrowLoss>(hthm::simd_level()); }))
      .def("change", &change, py::arg("weights").noconvert(), py::arg("width"), py::arg("form"), py::arg("run"),
           py::arg("velocities").noconvert(), py::arg("parts").noconvert(), py::arg("count"),
           py::arg("change").noconvert(), py::arg("threads"))
      .def("loss", &loss, py::arg("weights").noconvert(), py::arg("width"), py::arg("form"), py::arg("run"),
           py::arg("velocities").noconvert(), py::arg("parts").noconvert(), py::arg("count"), py::arg("cost"),
           py::arg("chosen").noconvert(), py::arg("total"), py::arg("gradient").noconvert(), py::arg("threads"));
}
