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

  /// Column or row of a coordinate in [0, box). The product may round up to `side`; whatever else a coordinate is, NaN
  /// included, no index leaves the grid.
  std::int64_t index(double x) const { return static_cast<std::int64_t>(place(x, static_cast<double>(side - 1))); }

  /// The same before it is converted, `last` being side - 1: held to the grid while it is a double, so that the
  /// conversion is defined for all. Two instructions, and no branch.
  double place(double x, double last) const {
    const double cell = x * per_length, at_most = cell < last ? cell : last;
    return at_most > 0 ? at_most : 0;
  }
};

}  // namespace hthm
