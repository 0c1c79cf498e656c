// Cells of many disks at once.
#pragma once

#include <cstdint>

#include "core/cpu_features.hpp"
#include "core/run.hpp"
#include "fixed_step/pair_finders/cell_grid.hpp"

namespace hthm {

/// Disks of which some are in the first or the last row or column: those first + k with bit k set.
struct OuterDisks {
  std::int32_t first;
  std::uint32_t disks;
};

/// Write the cell of each of the disks [begin, end), row * stride + column, to its place in `cells`, and those in the
/// first or the last row or column to `outer`, which has room for (end - begin) / 4 + 2; returns how many entries these
/// are. The same cells and disks at every level, which the CPU must have.
std::int64_t find_cells(const CellGrid& grid, std::int32_t stride, const Vec* positions, std::int64_t begin,
                        std::int64_t end, Simd level, std::int32_t* cells, OuterDisks* outer);

}  // namespace hthm
