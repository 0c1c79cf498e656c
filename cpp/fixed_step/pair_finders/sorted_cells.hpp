// Cells just over a diameter wide, a bit each: shifted against one another, the bits tell which cells have neighbours,
// and only the disks in these are looked at (cell_table.hpp). Large boxes are cut into bands of rows, disks sorted by
// band every step, so that a band's cells stay in the cache. Threads share out the disks where they are sorted, in
// pieces of which each knows its places in every band beforehand, and then the bands.
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
  static constexpr std::int64_t fewest_to_share = 1 << 15;  // fewer take less time than threads to meet

  SortedCells(const Setup& setup, std::int64_t n, Simd level, Pace& pace);
  void find(const Disks& disks, PairList& pairs, Pace& pace);

 private:
  /// A stretch of rows. Its members are its own disks and, after them, those of the next band's first row.
  struct Band {
    std::int64_t begin, end;  // of its members
    std::int64_t rows;
  };
  /// Members of a band: its own, and those of the next band's first row. How many, or where the next one goes.
  struct Members {
    std::int64_t own = 0, image = 0;
  };
  /// A stretch of disks.
  struct Piece {
    std::int64_t begin, end;
    std::vector<Members> members;  // of each band
  };
  /// What a thread looks for pairs with.
  struct Searcher {
    CellTable table;
    PairList pairs;
  };

  void hire(std::size_t count);
  void cut_into_pieces(std::int64_t n, int threads);
  void sort_into_cells(std::int64_t begin, std::int64_t end, const Vec* positions, std::int32_t stride, Pace& pace);
  void find_in_one(const Disks& disks, PairList& pairs, Pace& pace);
  void find_in_bands(const Disks& disks, PairList& pairs, Pace& pace);
  bool sort_into_bands(const Disks& disks, Pace& pace);
  void cut_into_bands();
  void count_members(Piece& piece);
  bool lay_out_bands();
  void place_members(Piece& piece, Pace& pace);
  std::size_t band_of(std::int64_t row) const { return static_cast<std::size_t>(row >> band_shift_); }
  std::size_t band_before(std::int64_t row) const { return (row < rows_of_band() ? bands_.size() : band_of(row)) - 1; }
  const CellTable& table() const { return searchers_.front()->table; }
  std::int64_t rows_of_band() const { return std::int64_t{1} << band_shift_; }

  Setup setup_;
  Simd level_;
  OverlapTest overlap_;
  CellGrid grid_;
  int band_shift_ = 0;                                // a band has 2^band_shift_ rows
  std::unique_ptr<AllPairs> all_pairs_;               // in place of a grid with fewer than 3 cells a side
  std::unique_ptr<CellList> cell_list_;               // where more disks crowd in a band than a table can number
  std::vector<std::unique_ptr<Searcher>> searchers_;  // of threads, one at least
  std::vector<Piece> pieces_;
  LargeArray<std::int32_t> cells_;         // (n,) of the disks: row << 16 | column, or in the table
  std::vector<Band> bands_;                // none where one table holds all
  LargeArray<std::int32_t> members_;       // disks of all bands
  LargeArray<std::int32_t> member_cells_;  // of the members in the table of their band
};

}  // namespace hthm
