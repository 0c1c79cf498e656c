// Starts for Python: overlaps, and how to place disks without any.
#include "starts/placement.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <stdexcept>

namespace py = pybind11;

namespace {

// No forcecast: another dtype or order is refused, never cast or copied.
using Doubles = py::array_t<double, py::array::c_style>;
using Counts = py::array_t<std::int64_t, py::array::c_style>;

Counts count_overlaps(const Doubles& positions, double box, double diameter, int threads) {
  if (positions.ndim() != 3 || positions.shape(2) != 2) throw std::invalid_argument("positions: must be (runs, n, 2)");
  const py::ssize_t runs = positions.shape(0), n = positions.shape(1);
  Counts counts(runs);
  const auto* x = reinterpret_cast<const hthm::Vec*>(positions.data());
  std::int64_t* out = counts.mutable_data();
  {
    const py::gil_scoped_release unlocked;  // safe: the caller holds the positions, and the core knows no Python
    hthm::count_overlaps({box, diameter, 0}, x, runs, n, threads, out);
  }
  return counts;
}

py::tuple place_disks(const Doubles& candidates, Doubles& positions, std::int64_t placed, double box, double diameter) {
  for (const Doubles* a : {&candidates, static_cast<const Doubles*>(&positions)}) {
    if (a->ndim() != 2 || a->shape(1) != 2) throw std::invalid_argument("candidates, positions: must be (count, 2)");
  }
  if (placed < 0 || placed > positions.shape(0)) throw std::invalid_argument("placed: must lie within the positions");
  const auto* from = reinterpret_cast<const hthm::Vec*>(candidates.data());
  auto* to = reinterpret_cast<hthm::Vec*>(positions.mutable_data());
  const std::int64_t count = candidates.shape(0), n = positions.shape(0);
  hthm::Placed result{};
  {
    const py::gil_scoped_release unlocked;  // safe: the caller holds both arrays, and the core knows no Python
    result = hthm::place_disks({box, diameter, 0}, from, count, to, n, placed);
  }
  return py::make_tuple(result.disks, result.used);
}

}  // namespace

void bind_placement(py::module_& m) {
  m.def("count_overlaps", &count_overlaps, py::arg("positions").noconvert(), py::arg("box"), py::arg("diameter"),
        py::arg("threads"));
  m.def("place_disks", &place_disks, py::arg("candidates").noconvert(), py::arg("positions").noconvert(),
        py::arg("placed"), py::arg("box"), py::arg("diameter"));
}
