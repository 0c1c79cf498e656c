// Which cells with disks have others beside them, by a bit a cell.
#pragma once

#include <cstdint>

#include "core/cpu_features.hpp"

namespace hthm {

/// Bits of cells, so many words a row: those with disks, images among them, and those inside of the box.
struct CellRows {
  const std::uint64_t *seen, *inside;
  std::int64_t words;
};

/// Find the cells inside of the box that see others, to the right or in the row above, 64 a word in words [0, count).
/// Writes the places of words that are not nought to `places` and returns the end of these. All arrays have room for a
/// row and eight words more. The same cells at every level, which the CPU must have.
using FindHot = std::int32_t* (*)(const CellRows& rows, std::int64_t count, std::uint64_t* hot, std::int32_t* places);
FindHot find_hot(Simd level);

}  // namespace hthm
