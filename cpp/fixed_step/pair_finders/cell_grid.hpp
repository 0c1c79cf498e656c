// A square grid over the box, no cell of it narrower than a diameter.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/run.hpp"

namespace hthm {

/// Cells at least a diameter and a margin for rounding wide: overlapping disks are in the same or neighbouring cells.
struct CellGrid {
  std::int64_t side;  // cells a side; below 3 a cell would be its own neighbour twice, and a grid is of no use
  double per_length;  // cells per unit length

  /// The finest grid with at most `most` cells a side, and at most 2^14; one cell in a box too small for its inverse.
  CellGrid(const Setup& setup, double most) {
    // A coordinate times per_length is off by at most side * 2^-51 cells; the margin covers that up to 2^30 cells.
    constexpr double margin = 1 + 0x1p-20;
    const double widest = setup.diameter > 0 ? setup.box / (setup.diameter * margin) : most;
    side = static_cast<std::int64_t>(std::floor(std::min({widest, most, 0x1p14})));
    per_length = static_cast<double>(side) / setup.box;
    if (per_length < HUGE_VAL) return;
    side = 1;
    per_length = 0;
  }

  /// Column or row of a coordinate in [0, box). The product may round up to `side`. What a coordinate outside of the
  /// box is converted to is, as an unsigned number, a very large one: no index leaves the grid.
  std::int64_t index(double x) const {
    const auto cell = static_cast<std::uint64_t>(static_cast<std::int64_t>(x * per_length));
    return static_cast<std::int64_t>(std::min(cell, static_cast<std::uint64_t>(side - 1)));
  }
};

}  // namespace hthm
