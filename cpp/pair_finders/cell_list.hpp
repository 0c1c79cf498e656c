// Cells at least a diameter wide, each with a linked list of its disks: only disks of the same or of neighbouring cells
// can overlap. Rebuilt from nothing every step, the textbook form.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "all_pairs.hpp"
#include "cell_grid.hpp"
#include "pair_list.hpp"

namespace hthm {

class CellList {
 public:
  CellList(const Setup& setup, std::int64_t n, Simd level)
      : overlap_{setup},
        all_pairs_{setup, n, level},
        // About four cells a disk: finer grids spend the step on clearing empty cells.
        grid_{setup, std::sqrt(4 * static_cast<double>(n))},
        first_(grid_.side >= 3 ? static_cast<std::size_t>(grid_.side * grid_.side) : 0),
        next_(static_cast<std::size_t>(n)) {}

  void find(const Disks& disks, PairList& pairs) {
    if (grid_.side < 3) return all_pairs_.find(disks, pairs);
    link(disks);
    const std::int64_t side = grid_.side;
    for (std::int64_t row = 0; row < side; ++row) {
      const std::int64_t above = row + 1 < side ? row + 1 : 0;
      for (std::int64_t column = 0; column < side; ++column) {
        const std::int32_t first = first_[static_cast<std::size_t>(row * side + column)];
        if (first == none) continue;
        const std::int64_t right = column + 1 < side ? column + 1 : 0;
        const std::int64_t left = column > 0 ? column - 1 : side - 1;
        // Half of the eight neighbours: the other halves of these pairs of cells look here.
        const std::int64_t neighbours[4] = {row * side + right, above * side + left, above * side + column,
                                            above * side + right};
        for (std::int32_t i = first; i != none; i = next_[static_cast<std::size_t>(i)]) {
          test_chain(disks, i, next_[static_cast<std::size_t>(i)], pairs);
          for (const std::int64_t cell : neighbours)
            test_chain(disks, i, first_[static_cast<std::size_t>(cell)], pairs);
        }
      }
    }
  }

 private:
  static constexpr std::int32_t none = -1;

  void link(const Disks& disks) {
    std::fill(first_.begin(), first_.end(), none);
    for (std::int64_t i = 0; i < disks.n; ++i) {
      const std::int64_t cell = grid_.index(disks.positions[i].y) * grid_.side + grid_.index(disks.positions[i].x);
      next_[static_cast<std::size_t>(i)] = first_[static_cast<std::size_t>(cell)];
      first_[static_cast<std::size_t>(cell)] = static_cast<std::int32_t>(i);
    }
  }

  void test_chain(const Disks& disks, std::int32_t i, std::int32_t j, PairList& pairs) const {
    for (; j != none; j = next_[static_cast<std::size_t>(j)]) {
      if (overlap_(disks.positions[i], disks.positions[j])) pairs.emplace_back(i, j);
    }
  }

  OverlapTest overlap_;
  AllPairs all_pairs_;
  CellGrid grid_;
  std::vector<std::int32_t> first_;  // (side * side,) first disk of a cell, or none
  std::vector<std::int32_t> next_;   // (n,) next disk of the same cell, or none
};

}  // namespace hthm
