// Into how many cells the exact engine divides a box.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace hthm::event_driven {

/// Cells a side: about four disks a cell, at any density, at least 2, and each at least a diameter wide: a collision
/// partner then always lies in one of the 3 x 3 cells around a disk. With 2 cells a side, a cell and its two neighbours
/// in a row are the neighbour, the cell, and the neighbour again: two images of the same disks, both of which can be
/// hit. Four disks half fill a cell's eight lanes: smaller cells cost more crossings, larger ones more blocks.
inline std::int32_t cells_a_side(double box, double diameter, std::int64_t n) {
  const double wanted = std::sqrt(static_cast<double>(n) / 4);
  const double widest = std::floor(box / (diameter * (1 + 1e-9)));  // more than three need room for rounding
  return static_cast<std::int32_t>(std::clamp(std::min(wanted, widest), 2.0, 16384.0));
}

}  // namespace hthm::event_driven
