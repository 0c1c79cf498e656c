// The Python module hthm._core: its version and the list of its subjects.
#include <pybind11/pybind11.h>

#include "core/cpu_features.hpp"

namespace py = pybind11;

void bind_arrow(py::module_& m);
void bind_deepsets(py::module_& m);
void bind_histogram(py::module_& m);
void bind_log(py::module_& m);
void bind_momenta(py::module_& m);
void bind_placement(py::module_& m);
void bind_shear(py::module_& m);
void bind_simulation(py::module_& m);
void let_threads_end_quietly();

PYBIND11_MODULE(_core, m) {
  m.doc() =
      "The compiled core of hthm: hard disks, histograms and the training kernel. Arguments are checked by the "
      "package, not here.";
  let_threads_end_quietly();
  m.attr("__version__") = HTHM_VERSION;
  m.attr("compiler") = HTHM_COMPILER;
  m.def(
      "simd_level", [] { return hthm::name(hthm::simd_level()); },
      "The instruction set in use: the best one that the machine has, or a lower one named by HTHM_SIMD.");
  bind_arrow(m);
  bind_deepsets(m);
  bind_histogram(m);
  bind_log(m);
  bind_momenta(m);
  bind_placement(m);
  bind_shear(m);
  bind_simulation(m);
}
