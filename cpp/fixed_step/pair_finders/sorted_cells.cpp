#include "fixed_step/pair_finders/sorted_cells.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "core/paced_array.hpp"
#include "core/stoppable_for.hpp"

namespace hthm {
namespace {

/// Cells in a table at most, unless four rows alone have more: two bytes and some bits each, they stay in the L2 cache.
constexpr std::int64_t cells_in_cache = 1 << 18;

/// Cells that are sorted into bands are packed as row << 16 | column.
constexpr std::int32_t packed_stride = 1 << 16;

}  // namespace

SortedCells::SortedCells(const Setup& setup, std::int64_t n, Simd level, Pace& pace)
    : setup_{setup},
      level_{level},
      overlap_{setup},
      // An empty cell costs little more than its bit, so a fine grid costs room in the cache above all.
      grid_{setup, std::max(3.0, std::sqrt(32 * static_cast<double>(n)))} {
  if (grid_.side < 3) {
    all_pairs_ = std::make_unique<AllPairs>(setup, n, level, pace);
    return;
  }
  cells_ = defaults<std::int32_t>(n, pace);
  const bool one = grid_.side * grid_.side <= cells_in_cache && n <= CellTable::most_disks;
  if (!one) cut_into_bands();
  hire(1);
}

/// Have so many searchers.
void SortedCells::hire(std::size_t count) {
  const std::int64_t rows = bands_.empty() ? grid_.side : rows_of_band();
  while (searchers_.size() < count) {
    searchers_.push_back(std::make_unique<Searcher>(CellTable(grid_.side, rows, level_), PairList()));
  }
}

/// Bands of as many rows as the cache holds, and of four at least.
void SortedCells::cut_into_bands() {
  while (grid_.side >> band_shift_ > 1 && grid_.side << (band_shift_ + 1) <= cells_in_cache) ++band_shift_;
  if (band_shift_ < 2) band_shift_ = 2;
  bands_.resize(static_cast<std::size_t>((grid_.side + rows_of_band() - 1) >> band_shift_));
}

void SortedCells::find(const Disks& disks, PairList& pairs, Pace& pace) {
  if (all_pairs_) return all_pairs_->find(disks, pairs, pace);
  if (bands_.empty()) return find_in_one(disks, pairs, pace);
  find_in_bands(disks, pairs, pace);
}

/// One for one thread, and else a few for each, so that one whose processor is busy leaves some to others.
void SortedCells::cut_into_pieces(std::int64_t n, int threads) {
  constexpr std::int64_t of_thread = 4;
  const std::int64_t count = threads == 1 ? 1 : threads * of_thread;
  if (static_cast<std::int64_t>(pieces_.size()) == count) return;
  pieces_.clear();
  for (std::int64_t p = 0; p < count; ++p) pieces_.push_back({n * p / count, n * (p + 1) / count, {}});
}

/// Fill cells_, of the disks [begin, end).
void SortedCells::sort_into_cells(std::int64_t begin, std::int64_t end, const Vec* positions, std::int32_t stride,
                                  Pace& pace) {
  in_pieces(begin, end, pace, [&](std::int64_t first, std::int64_t last) {
    find_cells(grid_, stride, positions, first, last, level_, cells_.data());
  });
}

void SortedCells::find_in_one(const Disks& disks, PairList& pairs, Pace& pace) {
  sort_into_cells(0, disks.n, disks.positions, table().stride(), pace);
  searchers_.front()->table.find(overlap_, disks.positions, nullptr, cells_.data(), disks.n, grid_.side, pairs, pace);
}

/// Number the disks band by band, images of the next band's first row after each band's own. Returns whether a table
/// can number those of every band.
bool SortedCells::sort_into_bands(const Disks& disks, Pace& pace) {
  cut_into_pieces(disks.n, pace.threads());
  const auto count = static_cast<std::int64_t>(pieces_.size());
  share_out(count, pace, [&](std::int64_t p, Pace& own) {
    Piece& piece = pieces_[static_cast<std::size_t>(p)];
    sort_into_cells(piece.begin, piece.end, disks.positions, packed_stride, own);
    count_members(piece);
  });
  if (!lay_out_bands()) return false;
  share_out(count, pace, [&](std::int64_t p, Pace& own) { place_members(pieces_[static_cast<std::size_t>(p)], own); });
  return true;
}

void SortedCells::count_members(Piece& piece) {
  piece.members.assign(bands_.size(), {});
  const std::int64_t rows_mask = rows_of_band() - 1;
  for (std::int64_t i = piece.begin; i < piece.end; ++i) {
    const std::int64_t row = cells_[static_cast<std::size_t>(i)] >> 16;
    ++piece.members[band_of(row)].own;
    if ((row & rows_mask) == 0) ++piece.members[band_before(row)].image;
  }
}

/// From how many members of each band the pieces have, where these go. Returns whether a table can number them.
bool SortedCells::lay_out_bands() {
  std::int64_t begin = 0;
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    Band& band = bands_[b];
    band.begin = begin;
    band.rows = std::min(rows_of_band(), grid_.side - (static_cast<std::int64_t>(b) << band_shift_));
    for (Piece& piece : pieces_) begin += std::exchange(piece.members[b].own, begin);
    for (Piece& piece : pieces_) begin += std::exchange(piece.members[b].image, begin);
    band.end = begin;
    if (band.end - band.begin > CellTable::most_disks) return false;
  }
  members_.resize(static_cast<std::size_t>(begin));
  member_cells_.resize(static_cast<std::size_t>(begin));
  return true;
}

/// Put every disk of a piece into its band, and those of a band's first row also after the band before.
void SortedCells::place_members(Piece& piece, Pace& pace) {
  const std::int64_t rows_mask = rows_of_band() - 1;
  in_pieces(piece.begin, piece.end, pace, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int32_t packed = cells_[static_cast<std::size_t>(i)];
      const std::int64_t row = packed >> 16, column = packed & 0xffff;
      const auto own = static_cast<std::size_t>(piece.members[band_of(row)].own++);
      members_[own] = static_cast<std::int32_t>(i);
      member_cells_[own] = table().cell(row & rows_mask, column);
      if ((row & rows_mask) != 0) continue;
      const std::size_t below = band_before(row);
      const auto image = static_cast<std::size_t>(piece.members[below].image++);
      members_[image] = static_cast<std::int32_t>(i);
      member_cells_[image] = table().cell(bands_[below].rows, column);
    }
  });
}

void SortedCells::find_in_bands(const Disks& disks, PairList& pairs, Pace& pace) {
  if (!sort_into_bands(disks, pace)) {
    if (!cell_list_) cell_list_ = std::make_unique<CellList>(setup_, disks.n, level_, pace);
    return cell_list_->find(disks, pairs, pace);
  }
  hire(static_cast<std::size_t>(pace.threads()));
  std::atomic<std::size_t> next = 0;
  share_out(pace.threads(), pace, [&](std::int64_t number, Pace& own) {
    Searcher& searcher = *searchers_[static_cast<std::size_t>(number)];
    searcher.pairs.clear();
    for (std::size_t b = next++; b < bands_.size(); b = next++) {
      const Band& band = bands_[b];
      searcher.table.find(overlap_, disks.positions, members_.data() + band.begin, member_cells_.data() + band.begin,
                          band.end - band.begin, band.rows, searcher.pairs, own);
    }
  });
  for (std::int64_t number = 0; number < pace.threads(); ++number) {  // there may be others, of a call before
    const PairList& found = searchers_[static_cast<std::size_t>(number)]->pairs;
    pairs.insert(pairs.end(), found.begin(), found.end());
  }
}

}  // namespace hthm
