// A table of cells in which disks meet: sorted_cells' inner loop.
#pragma once

#include <vector>

#include "../cpu_features.hpp"
#include "pair_list.hpp"

namespace hthm {

/// Cells in rows and columns, each with the disk that came last into it. Disks come one by one, and what a disk finds
/// in its own and the eight cells around it are its candidates. A column of cells that stays empty on either side, and
/// rows that stay empty below and above, spare every look at a border; disks look across it as images.
class CellTable {
 public:
  /// A disk, by its place among those looked at together, and a cell.
  struct Visit {
    std::int32_t cell, disk;
  };

  /// What a disk found around a cell: three cells a row, and a fourth entry to be ignored.
  struct Meeting {
    std::uint64_t rows[3];
    std::uint64_t disk;
  };
  struct Candidate {
    std::int32_t disk, entry;
  };

  static constexpr std::int64_t most_disks = 0xfffe;  // an entry is a place plus one, nought an empty cell

  CellTable(std::int64_t columns, std::int64_t rows, Simd level);

  /// Columns from -1 to one past the last, rows from 0 to one past the last.
  std::int32_t cell(std::int64_t row, std::int64_t column) const {
    return static_cast<std::int32_t>((row + 1) * stride_ + column + 1);
  }
  std::int32_t stride() const { return static_cast<std::int32_t>(stride_); }

  /// Append the overlapping pairs among disks [0, count), disk i in cells[i], and between these and `images`, which
  /// look but are not seen. In descending order of the smaller place, except for those of images.
  void find(const OverlapTest& overlap, const Vec* positions, const std::int32_t* cells, std::int64_t count,
            const std::vector<Visit>& images, PairList& pairs);

 private:
  static constexpr std::int64_t batch = 128;  // disks between two looks at their candidates, which then are in L1

  /// Note what a disk finds around a cell, if anything; returns the number of meetings after it.
  std::int64_t look(const Visit& visit, std::int64_t meetings);
  void test(const OverlapTest& overlap, const Vec* positions, std::int64_t meetings, PairList& pairs);

  Simd level_;
  std::int64_t stride_;
  std::vector<std::uint16_t> table_;
  std::vector<std::uint16_t> next_;  // (most disks so far + 1,) entry that was in the cell before a disk came
  std::vector<Meeting> meetings_;
  std::vector<Candidate> candidates_;
};

}  // namespace hthm
