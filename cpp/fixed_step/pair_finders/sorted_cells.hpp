// Cells just over a diameter wide, a bit each: shifted against one another, the bits tell which cells have neighbours,
// and only the disks in these are looked at (cell_table.hpp). Large boxes are cut into bands of rows, disks sorted by
// band every step, so that a band's cells stay in the cache.
#pragma once

#include <memory>
#include <vector>

#include "core/large_array.hpp"
#include "fixed_step/pair_finders/all_pairs.hpp"
#include "fixed_step/pair_finders/cell_grid.hpp"
#include "fixed_step/pair_finders/cell_index.hpp"
#include "fixed_step/pair_finders/cell_list.hpp"
#include "fixed_step/pair_finders/cell_table.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"

namespace hthm {

class SortedCells {
 public:
  SortedCells(const Setup& setup, std::int64_t n, Simd level, Pace& pace);
  void find(const Disks& disks, PairList& pairs, Pace& pace);

 private:
  /// A stretch of rows. Its members are its own disks and, after them, those of the next band's first row.
  struct Band {
    std::int64_t begin, own, image;  // of its members, of what comes next to its own, and to the others
    std::int64_t rows;
    std::vector<CellTable::Image> images;
  };

  std::int64_t sort_into_cells(const Disks& disks, std::int32_t stride, Pace& pace);
  void find_in_one(const Disks& disks, PairList& pairs, Pace& pace);
  void find_in_bands(const Disks& disks, PairList& pairs, Pace& pace);
  bool sort_into_bands(const Disks& disks, Pace& pace);
  void cut_into_bands();
  void count_rows();
  bool lay_out_bands();
  void place_members(std::int64_t n, Pace& pace);
  template <class Body>
  void for_each_outer(std::int64_t entries, const Body& body) const;
  void add_column_images(std::int64_t row, std::int64_t column, std::vector<CellTable::Image>& images);
  Band& band_before(std::int64_t row);
  std::int64_t rows_of_band() const { return std::int64_t{1} << band_shift_; }

  Setup setup_;
  Simd level_;
  OverlapTest overlap_;
  CellGrid grid_;
  int band_shift_ = 0;                   // a band has 2^band_shift_ rows
  std::unique_ptr<AllPairs> all_pairs_;  // in place of a grid with fewer than 3 cells a side
  std::unique_ptr<CellList> cell_list_;  // where more disks crowd in a band than a table can number
  std::unique_ptr<CellTable> table_;
  std::vector<CellTable::Image> images_;
  LargeArray<OuterDisks> outer_;
  LargeArray<std::int32_t> cells_;         // (n,) of the disks: row << 16 | column, or in the table
  std::vector<Band> bands_;                // none where one table holds all
  std::vector<std::int32_t> in_row_;       // (side,) disks of each row
  LargeArray<std::int32_t> members_;       // disks of all bands
  LargeArray<std::int32_t> member_cells_;  // of the members in the table of their band
};

}  // namespace hthm
