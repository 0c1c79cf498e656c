// Starts for Python: overlaps, and how to place disks without any.
#include "starts/placement.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/arrays.hpp"

namespace py = pybind11;
using namespace hthm::bindings;

namespace {

Counts count_overlaps(const Doubles& positions, double box, double diameter, int threads, const NamedKinds& named) {
  require(positions.ndim() == 3 && positions.shape(2) == 2, "positions: must be (runs, n, 2)");
  const py::ssize_t runs = positions.shape(0), n = positions.shape(1);
  Counts counts(runs);
  const hthm::Vec* x = vectors(positions);
  std::int64_t* out = counts.mutable_data();
  const std::optional<hthm::Kinds> kinds = kinds_of(named, n, diameter);
  interruptible([&](hthm::StopRequest* stop) {
    hthm::count_overlaps({box, diameter, 0}, x, runs, n, threads, out, stop, kinds ? &*kinds : nullptr);
  });
  return counts;
}

py::tuple place_disks(const Doubles& candidates, Doubles& positions, std::int64_t placed, double box, double diameter,
                      const NamedKinds& named) {
  for (const Doubles* a : {&candidates, static_cast<const Doubles*>(&positions)}) {
    require(a->ndim() == 2 && a->shape(1) == 2, "candidates, positions: must be (count, 2)");
  }
  require(placed >= 0 && placed <= positions.shape(0), "placed: must lie within the positions");
  const hthm::Vec* from = vectors(candidates);
  hthm::Vec* to = writable_vectors(positions);
  const std::int64_t count = candidates.shape(0), n = positions.shape(0);
  const std::optional<hthm::Kinds> kinds = kinds_of(named, n, diameter);
  const hthm::Placed result = interruptible([&](hthm::StopRequest* stop) {
    return hthm::place_disks({box, diameter, 0}, from, count, to, n, placed, stop, kinds ? &*kinds : nullptr);
  });
  return py::make_tuple(result.disks, result.used);
}

}  // namespace

void bind_placement(py::module_& m) {
  m.def("count_overlaps", &count_overlaps, py::arg("positions").noconvert(), py::arg("box"), py::arg("diameter"),
        py::arg("threads"), py::arg("kinds") = NamedKinds{});
  m.def("place_disks", &place_disks, py::arg("candidates").noconvert(), py::arg("positions").noconvert(),
        py::arg("placed"), py::arg("box"), py::arg("diameter"), py::arg("kinds") = NamedKinds{});
}
