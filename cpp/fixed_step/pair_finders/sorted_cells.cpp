#include "fixed_step/pair_finders/sorted_cells.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "core/paced_array.hpp"

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
  outer_ = defaults<OuterDisks>(n / 4 + 2, pace);
  const bool one = grid_.side * grid_.side <= cells_in_cache && n <= CellTable::most_disks;
  if (!one) cut_into_bands();
  table_ = std::make_unique<CellTable>(grid_.side, one ? grid_.side : rows_of_band(), level);
}

/// Bands of as many rows as the cache holds, and of four at least.
void SortedCells::cut_into_bands() {
  while (grid_.side >> band_shift_ > 1 && grid_.side << (band_shift_ + 1) <= cells_in_cache) ++band_shift_;
  if (band_shift_ < 2) band_shift_ = 2;
  bands_.resize(static_cast<std::size_t>((grid_.side + rows_of_band() - 1) >> band_shift_));
  in_row_.resize(static_cast<std::size_t>(grid_.side));
}

void SortedCells::find(const Disks& disks, PairList& pairs, Pace& pace) {
  if (all_pairs_) return all_pairs_->find(disks, pairs, pace);
  if (bands_.empty()) return find_in_one(disks, pairs, pace);
  find_in_bands(disks, pairs, pace);
}

/// Repeat a cell beyond the borders it lies at, right and left; nothing looks down to the left of row 0.
void SortedCells::add_column_images(std::int64_t row, std::int64_t column, std::vector<CellTable::Image>& images) {
  const std::int32_t original = table_->cell(row, column);
  if (column == 0) images.push_back({table_->cell(row, grid_.side), original});
  if (column == grid_.side - 1 && row > 0) images.push_back({table_->cell(row, -1), original});
}

SortedCells::Band& SortedCells::band_before(std::int64_t row) {
  const std::int64_t band = row >> band_shift_;
  return band > 0 ? bands_[static_cast<std::size_t>(band - 1)] : bands_.back();
}

/// Fill cells_ and outer_; returns how many entries the latter has.
std::int64_t SortedCells::sort_into_cells(const Disks& disks, std::int32_t stride, Pace& pace) {
  std::int64_t entries = 0;
  in_pieces(0, disks.n, pace, [&](std::int64_t first, std::int64_t last) {
    entries += find_cells(grid_, stride, disks.positions, first, last, level_, cells_.data(), outer_.data() + entries);
  });
  return entries;
}

/// Call body(disk) for each of the disks in the first `entries` of outer_.
template <class Body>
void SortedCells::for_each_outer(std::int64_t entries, const Body& body) const {
  for (std::int64_t k = 0; k < entries; ++k) {
    const OuterDisks& outer = outer_[static_cast<std::size_t>(k)];
    for (std::uint32_t left = outer.disks; left != 0; left &= left - 1) {
      body(static_cast<std::size_t>(outer.first + std::countr_zero(left)));
    }
  }
}

void SortedCells::find_in_one(const Disks& disks, PairList& pairs, Pace& pace) {
  const std::int64_t entries = sort_into_cells(disks, table_->stride(), pace);
  images_.clear();
  for_each_outer(entries, [&](std::size_t disk) {
    const std::int32_t cell = cells_[disk];
    const std::int64_t row = cell / table_->stride(), column = cell % table_->stride();
    add_column_images(row, column, images_);
    if (row != 0) return;
    images_.push_back({table_->cell(grid_.side, column), cell});
    add_column_images(grid_.side, column, images_);
  });
  table_->find(overlap_, disks.positions, nullptr, cells_.data(), disks.n, grid_.side, images_, pairs, pace);
}

/// Number the disks band by band, images of the next band's first row after each band's own. Returns whether a table
/// can number those of every band.
bool SortedCells::sort_into_bands(const Disks& disks, Pace& pace) {
  const std::int64_t entries = sort_into_cells(disks, packed_stride, pace);
  count_rows();
  if (!lay_out_bands()) return false;
  place_members(disks.n, pace);
  const std::int64_t rows_mask = rows_of_band() - 1;
  for_each_outer(entries, [&](std::size_t disk) {
    const std::int64_t row = cells_[disk] >> 16, column = cells_[disk] & 0xffff;
    add_column_images(row & rows_mask, column, bands_[static_cast<std::size_t>(row >> band_shift_)].images);
    if ((row & rows_mask) == 0) add_column_images(band_before(row).rows, column, band_before(row).images);
  });
  return true;
}

void SortedCells::count_rows() {
  std::fill(in_row_.begin(), in_row_.end(), 0);
  for (const std::int32_t cell : cells_) ++in_row_[static_cast<std::size_t>(cell >> 16)];
}

/// From the disks of each row, where the members of each band go. Returns whether a table can number them.
bool SortedCells::lay_out_bands() {
  const std::int64_t side = grid_.side;
  std::int64_t begin = 0, first = 0;
  for (Band& of : bands_) {
    const std::int64_t last = std::min(first + rows_of_band(), side);
    of.begin = of.own = begin;
    of.images.clear();
    of.image = std::accumulate(&in_row_[static_cast<std::size_t>(first)], &in_row_[0] + last, begin);
    of.rows = last - first;
    begin = of.image + in_row_[last < side ? static_cast<std::size_t>(last) : 0];
    if (begin - of.begin > CellTable::most_disks) return false;
    first = last;
  }
  members_.resize(static_cast<std::size_t>(begin));
  member_cells_.resize(static_cast<std::size_t>(begin));
  return true;
}

/// Put every disk where its band begins or has got to, and those of a band's first row also after the band before.
void SortedCells::place_members(std::int64_t n, Pace& pace) {
  in_pieces(0, n, pace, [&, rows_mask = rows_of_band() - 1](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int32_t packed = cells_[static_cast<std::size_t>(i)];
      const std::int64_t row = packed >> 16, column = packed & 0xffff;
      Band& band = bands_[static_cast<std::size_t>(row >> band_shift_)];
      const auto own = static_cast<std::size_t>(band.own++);
      members_[own] = static_cast<std::int32_t>(i);
      member_cells_[own] = table_->cell(row & rows_mask, column);
      if ((row & rows_mask) != 0) continue;
      Band& below = band_before(row);
      const auto image = static_cast<std::size_t>(below.image++);
      members_[image] = static_cast<std::int32_t>(i);
      member_cells_[image] = table_->cell(below.rows, column);
    }
  });
}

void SortedCells::find_in_bands(const Disks& disks, PairList& pairs, Pace& pace) {
  if (!sort_into_bands(disks, pace)) {
    if (!cell_list_) cell_list_ = std::make_unique<CellList>(setup_, disks.n, level_, pace);
    return cell_list_->find(disks, pairs, pace);
  }
  for (const Band& band : bands_) {
    table_->find(overlap_, disks.positions, members_.data() + band.begin, member_cells_.data() + band.begin,
                 band.image - band.begin, band.rows, band.images, pairs, pace);
  }
}

}  // namespace hthm
