// A table of cells in which disks meet: sorted_cells' inner loop.
#pragma once

#include <vector>

#include "core/cpu_features.hpp"
#include "fixed_step/pair_finders/hot_cells.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"

namespace hthm {

/// Cells in rows and columns: a bit each, set where there is a disk, and the disk that came last. Shifting and
/// combining the bits, 64 cells or more at a time, tells which cells have a neighbour that is not empty: for the
/// others, most of them in a dilute gas, nothing else is done. A cell looks at the four that come after it: to the
/// right, and the three above. A column of cells on either side and a row above repeat those across the border of the
/// box, so that no look needs to ask where it is.
class CellTable {
 public:
  static constexpr std::int64_t most_disks = 0xfffe;  // an entry is a place plus one, nought the end of a chain

  /// A disk by its place in cells, and the entry of another, 16 bits each.
  struct Candidate {
    std::uint32_t both;
    std::uint32_t place() const { return both >> 16; }
    std::uint32_t entry() const { return both & 0xffff; }
  };

  CellTable(std::int64_t columns, std::int64_t rows, Simd level);

  /// Columns from -1 to one past the last, rows from 0 to one past the last.
  std::int32_t cell(std::int64_t row, std::int64_t column) const {
    return static_cast<std::int32_t>(row * stride() + column);
  }
  std::int32_t stride() const { return static_cast<std::int32_t>(64 * row_words_); }

  /// Append the overlapping pairs among disks[0, count), the k-th of them in cells[k], of which those in rows [0, rows)
  /// look; others are in the row above these. Without `disks`, these are the disks [0, count) themselves, and the row
  /// above the last is the first.
  void find(const OverlapTest& overlap, const Vec* positions, const std::int32_t* disks, const std::int32_t* cells,
            std::int64_t count, std::int64_t rows, PairList& pairs, Pace& pace);

 private:
  static constexpr std::int64_t batch = 512;  // candidates, or a few more, between two looks at them

  /// A disk that came into a cell after another, of which it has the entry.
  struct Crowded {
    std::int32_t place;
    std::uint32_t before;
    std::int32_t cell;
  };

  void fill(const std::int32_t* cells, std::int64_t count);
  [[gnu::noinline]] void crowd(std::int32_t place, std::int32_t cell);  // out of the way of the loop that calls it
  void add_images(std::int64_t rows, bool of_row);
  void repeat(std::int32_t from, std::int32_t to);
  Candidate* look(std::int32_t cell, std::uint32_t place, Candidate* candidate) const;
  template <class Number>
  void find_among(const OverlapTest& overlap, const Vec* positions, const Number& number, std::int64_t rows,
                  PairList& pairs, Pace& pace);
  template <class Number>
  Candidate* test(const OverlapTest& overlap, const Vec* positions, const Number& number, Candidate* last,
                  PairList& pairs, Pace& pace);

  Simd level_;
  FindHot find_hot_;
  std::int64_t columns_;
  std::int64_t row_words_;                   // 64 cells each, of a row
  std::vector<std::uint64_t> seen_;          // cells with disks, and their images
  std::vector<std::uint64_t> inside_;        // cells that are no images
  std::vector<std::uint64_t> hot_;           // cells with disks that see others
  std::vector<std::int32_t> hot_words_;      // words of hot_ that are not nought
  const std::int32_t* last_word_ = nullptr;  // past the last of them
  std::vector<std::uint16_t> table_;         // entries of the disks that came last; of empty cells, anything
  std::vector<std::uint16_t> next_;          // (most disks so far + 1,) the entry that was there before a disk came
  std::vector<Crowded> crowded_;
  std::vector<Candidate> candidates_;
  std::vector<Candidate> found_;  // those of them that overlap
};

}  // namespace hthm
