// Cells of many disks at once.
#pragma once

#include <cstdint>

#include "core/cpu_features.hpp"
#include "core/run.hpp"
#include "fixed_step/pair_finders/cell_grid.hpp"

namespace hthm {

/// Write the cell of each of the disks [begin, end), row * stride + column, to its place in `cells`. The same cells at
/// every level, which the CPU must have.
void find_cells(const CellGrid& grid, std::int32_t stride, const Vec* positions, std::int64_t begin, std::int64_t end,
                Simd level, std::int32_t* cells);

}  // namespace hthm
