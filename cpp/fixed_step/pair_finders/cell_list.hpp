// Cells at least a diameter wide, each with a linked list of its disks: only disks of the same or of neighbouring cells
// can overlap. Rebuilt from nothing every step, the textbook form.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/paced_array.hpp"
#include "fixed_step/pair_finders/all_pairs.hpp"
#include "fixed_step/pair_finders/cell_grid.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"

namespace hthm {

class CellList {
 public:
  CellList(const Setup& setup, std::int64_t n, Simd level, Pace& pace)
      : overlap_{setup},
        all_pairs_{setup, n, level, pace},
        // Nearly every neighbouring cell is empty, so that the branches on it are foreseen: faster than fewer cells to
        // clear (bench/bench_engines.py at the paper's state: 19 us a step, with four cells a disk 28).
        grid_{setup, std::sqrt(32 * static_cast<double>(n))},
        first_(filled(grid_.side >= 3 ? grid_.side * grid_.side : 0, none, pace)),
        next_(filled(n, none, pace)),
        places_(filled(2 * n, std::int32_t{0}, pace)) {}

  void find(const Disks& disks, PairList& pairs, Pace& pace) {
    if (grid_.side < 3) return all_pairs_.find(disks, pairs, pace);
    fill(first_, none, pace);
    // Copies: as far as the compiler knows, what the loop calls may change the members, which costs 15 %.
    const CellGrid grid = grid_;
    std::int32_t *firsts = first_.data(), *nexts = next_.data(), *places = places_.data();
    in_pieces(0, disks.n, pace, [&, grid, firsts, nexts, places](std::int64_t begin, std::int64_t end) {
      const std::int64_t side = grid.side;
      place(grid, disks.positions + begin, end - begin, places + 2 * begin);
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t column = places[2 * i], row = places[2 * i + 1];
        const std::int64_t columns[3] = {column > 0 ? column - 1 : side - 1, column,
                                         column + 1 < side ? column + 1 : 0};
        const std::int64_t rows[3] = {row > 0 ? row - 1 : side - 1, row, row + 1 < side ? row + 1 : 0};
        // Among the disks that are in their cells already, so that every pair is met once.
        for (const std::int64_t r : rows) {
          for (const std::int64_t c : columns) {
            if (const std::int32_t first = firsts[r * side + c]; first != none)
              test_chain(disks, i, first, pairs, pace);
          }
        }
        std::int32_t& first = firsts[row * side + column];
        nexts[i] = first;
        first = static_cast<std::int32_t>(i);
      }
    });
  }

 private:
  static constexpr std::int32_t none = -1;

  /// Columns and rows of disks, in a loop of its own, which the compiler does several numbers at a time.
  static void place(const CellGrid& grid, const Vec* positions, std::int64_t count, std::int32_t* places) {
    const double last = static_cast<double>(grid.side - 1);
    for (std::int64_t i = 0; i < count; ++i) {
      places[2 * i] = static_cast<std::int32_t>(grid.place(positions[i].x, last));
      places[2 * i + 1] = static_cast<std::int32_t>(grid.place(positions[i].y, last));
    }
  }

  void test_chain(const Disks& disks, std::int64_t i, std::int32_t j, PairList& pairs, Pace& pace) const {
    std::int64_t count = 0;
    for (; j != none; j = next_[static_cast<std::size_t>(j)], ++count) {
      if (overlap_(disks.positions[i], disks.positions[j])) pairs.emplace_back(i, j);
    }
    pace.did(count);
  }

  OverlapTest overlap_;
  AllPairs all_pairs_;
  CellGrid grid_;
  LargeArray<std::int32_t> first_;   // (side * side,) first disk of a cell, or none
  LargeArray<std::int32_t> next_;    // (n,) next disk of the same cell, or none
  LargeArray<std::int32_t> places_;  // (n, 2) column and row of a disk
};

}  // namespace hthm
