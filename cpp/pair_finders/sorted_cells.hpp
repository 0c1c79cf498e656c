// Cells just over a diameter wide in a table of 16-bit entries: disks are put into the table one by one, and what each
// meets in its 3 x 3 cells are its candidates. Large boxes are cut into bands of rows, sorted by band every step, so
// that a band's table and disks stay in the cache.
#pragma once

#include <memory>
#include <vector>

#include "all_pairs.hpp"
#include "cell_grid.hpp"
#include "cell_list.hpp"
#include "cell_table.hpp"
#include "pair_list.hpp"

namespace hthm {

class SortedCells {
 public:
  SortedCells(const Setup& setup, std::int64_t n, Simd level);
  void find(const Disks& disks, PairList& pairs);

 private:
  /// What is kept of a disk sorted into its band.
  struct Member {
    Vec position;
    std::int32_t cell, disk;
  };

  void find_in_one(const Disks& disks, PairList& pairs);
  void find_in_bands(const Disks& disks, PairList& pairs);
  bool sort_into_bands(const Disks& disks);
  void add_column_images(std::int64_t row, std::int64_t column, std::int32_t disk);

  Setup setup_;
  Simd level_;
  OverlapTest overlap_;
  CellGrid grid_;
  int band_shift_ = 0;  // a band has 2^band_shift_ rows
  std::int64_t bands_ = 1;
  std::unique_ptr<AllPairs> all_pairs_;  // in place of a grid with fewer than 3 cells a side
  std::unique_ptr<CellList> cell_list_;  // where more disks crowd in a band than a table can number
  std::unique_ptr<CellTable> table_;
  std::vector<CellTable::Visit> images_;
  std::vector<std::int32_t> cells_;  // (n,) of the disks: row << 16 | column, or in the table
  std::vector<std::int64_t> begin_;  // (bands + 1,) of the members of each band
  std::vector<std::int64_t> own_;    // (bands,) members that are not images of the next band's first row
  std::vector<Member> members_;
  std::vector<Vec> positions_;  // of the members of one band
};

}  // namespace hthm
