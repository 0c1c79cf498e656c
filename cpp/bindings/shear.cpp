// Gases that are sheared, for Python: so many steps of every run, in the arrays that are given.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "fixed_step/shear_run.hpp"

namespace py = pybind11;
using namespace hthm::bindings;

namespace {

/// carried (runs, 3), transferred (runs, 2, 2) and collisions (runs,): sums over the steps.
py::tuple shear(Doubles& positions, Doubles& velocities, Doubles& offsets, const std::optional<Doubles>& energies,
                double box, double diameter, double dt, double rate, std::int64_t steps, int threads,
                const NamedRule& rule) {
  require(positions.ndim() == 3 && velocities.ndim() == 3 && positions.shape(2) == 2 && velocities.shape(2) == 2 &&
              velocities.shape(0) == positions.shape(0) && velocities.shape(1) == positions.shape(1),
          "positions, velocities: must both be (runs, n, 2)");
  const py::ssize_t runs = positions.shape(0);
  require(offsets.ndim() == 1 && offsets.shape(0) == runs, "offsets: must be (runs,)");
  require(!energies || (energies->ndim() == 1 && energies->shape(0) == runs), "energies: must be (runs,)");
  const hthm::Sheared sheared{writable_vectors(positions),
                              writable_vectors(velocities),
                              offsets.mutable_data(),
                              energies ? energies->data() : nullptr,
                              runs,
                              positions.shape(1)};
  const hthm::AnyRule of_all = rule_of(rule, diameter);
  std::vector<hthm::Momentum> momenta(static_cast<std::size_t>(runs));
  interruptible([&](hthm::StopRequest* stop) {
    hthm::shear(sheared, {box, diameter, dt}, of_all, rate, steps, momenta.data(), threads, stop);
  });
  Doubles carried({runs, py::ssize_t{3}}), transferred({runs, py::ssize_t{2}, py::ssize_t{2}});
  Counts collisions(runs);
  double *to_carried = carried.mutable_data(), *to_transferred = transferred.mutable_data();
  std::int64_t* to_collisions = collisions.mutable_data();
  for (const hthm::Momentum& of_run : momenta) {
    to_carried = std::copy(of_run.carried.begin(), of_run.carried.end(), to_carried);
    to_transferred = std::copy(of_run.transferred.begin(), of_run.transferred.end(), to_transferred);
    *to_collisions++ = of_run.collisions;
  }
  return py::make_tuple(std::move(carried), std::move(transferred), std::move(collisions));
}

}  // namespace

void bind_shear(py::module_& m) {
  m.def("shear", &shear, py::kw_only(), py::arg("positions").noconvert(), py::arg("velocities").noconvert(),
        py::arg("offsets").noconvert(), py::arg("energies").noconvert(), py::arg("box"), py::arg("diameter"),
        py::arg("dt"), py::arg("rate"), py::arg("steps"), py::arg("threads"), py::arg("rule"));
}
