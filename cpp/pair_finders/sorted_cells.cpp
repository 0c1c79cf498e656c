#include "sorted_cells.hpp"

#include <algorithm>
#include <cmath>

namespace hthm {
namespace {

/// Cells in a table at most, unless a row alone is longer: 16 bits each, they stay in the L2 cache.
constexpr std::int64_t cells_in_cache = 1 << 16;

}  // namespace

SortedCells::SortedCells(const Setup& setup, std::int64_t n, Simd level)
    : setup_{setup},
      level_{level},
      overlap_{setup},
      // Cells are never cleared as a whole, so a fine grid costs little but room in the cache.
      grid_{setup, std::max(3.0, std::sqrt(32 * static_cast<double>(n)))} {
  if (grid_.side < 3) {
    all_pairs_ = std::make_unique<AllPairs>(setup, n, level);
    return;
  }
  cells_.resize(static_cast<std::size_t>(n));
  std::int64_t rows = grid_.side;
  if (rows * rows > cells_in_cache || n > CellTable::most_disks) {
    while (rows >> band_shift_ > 1 && grid_.side << (band_shift_ + 1) <= cells_in_cache) ++band_shift_;
    if (band_shift_ < 2) band_shift_ = 2;
    rows = std::int64_t{1} << band_shift_;
    bands_ = (grid_.side + rows - 1) >> band_shift_;
  }
  if (bands_ > 1) {
    begin_.resize(static_cast<std::size_t>(bands_) + 1);
    own_.resize(static_cast<std::size_t>(bands_));
  }
  table_ = std::make_unique<CellTable>(grid_.side, rows, level);
}

void SortedCells::find(const Disks& disks, PairList& pairs) {
  if (all_pairs_) return all_pairs_->find(disks, pairs);
  if (bands_ == 1) return find_in_one(disks, pairs);
  find_in_bands(disks, pairs);
}

/// Disks of the first column look across the left border, from beyond the last column. With what the caller does for
/// the disks of the first row, that is every pair of cells across a border once.
void SortedCells::add_column_images(std::int64_t row, std::int64_t column, std::int32_t disk) {
  if (column == 0) images_.push_back({table_->cell(row, grid_.side), disk});
}

void SortedCells::find_in_one(const Disks& disks, PairList& pairs) {
  images_.clear();
  const std::int64_t side = grid_.side;
  for (std::int64_t i = 0; i < disks.n; ++i) {
    const std::int64_t column = grid_.index(disks.positions[i].x), row = grid_.index(disks.positions[i].y);
    cells_[static_cast<std::size_t>(i)] = table_->cell(row, column);
    if (column != 0 && row != 0) continue;
    const auto disk = static_cast<std::int32_t>(i);
    add_column_images(row, column, disk);
    if (row != 0) continue;
    images_.push_back({table_->cell(side, column), disk});
    add_column_images(side, column, disk);
    if (column == side - 1) images_.push_back({table_->cell(side, -1), disk});
  }
  const std::size_t before = pairs.size();
  table_->find(overlap_, disks.positions, cells_.data(), disks.n, images_, pairs);
  std::reverse(pairs.begin() + static_cast<std::ptrdiff_t>(before), pairs.end());  // nearly in order
}

bool SortedCells::sort_into_bands(const Disks& disks) {
  const std::int64_t rows_mask = (std::int64_t{1} << band_shift_) - 1;
  std::vector<std::int64_t> images(own_.size());
  std::fill(own_.begin(), own_.end(), 0);
  const auto before = [this](std::int64_t band) { return static_cast<std::size_t>(band > 0 ? band - 1 : bands_ - 1); };
  for (std::int64_t i = 0; i < disks.n; ++i) {
    const std::int64_t column = grid_.index(disks.positions[i].x), row = grid_.index(disks.positions[i].y);
    cells_[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(row << 16 | column);
    const std::int64_t band = row >> band_shift_;
    ++own_[static_cast<std::size_t>(band)];
    if ((row & rows_mask) == 0) ++images[before(band)];
  }
  begin_[0] = 0;
  for (std::size_t band = 0; band < own_.size(); ++band) {
    const std::int64_t members = own_[band] + images[band];
    if (members > CellTable::most_disks) return false;
    begin_[band + 1] = begin_[band] + members;
  }
  if (static_cast<std::int64_t>(members_.size()) < begin_.back()) {
    members_.resize(static_cast<std::size_t>(begin_.back() + begin_.back() / 8));
  }
  std::vector<std::int64_t> place(own_.size()), image_place(own_.size());
  for (std::size_t band = 0; band < own_.size(); ++band) {
    place[band] = begin_[band];
    image_place[band] = begin_[band] + own_[band];
  }
  for (std::int64_t i = 0; i < disks.n; ++i) {
    const std::int32_t packed = cells_[static_cast<std::size_t>(i)];
    const std::int64_t row = packed >> 16, band = row >> band_shift_;
    const Member member{disks.positions[i], packed, static_cast<std::int32_t>(i)};
    members_[static_cast<std::size_t>(place[static_cast<std::size_t>(band)]++)] = member;
    if ((row & rows_mask) == 0) members_[static_cast<std::size_t>(image_place[before(band)]++)] = member;
  }
  return true;
}

void SortedCells::find_in_bands(const Disks& disks, PairList& pairs) {
  if (!sort_into_bands(disks)) {
    if (!cell_list_) cell_list_ = std::make_unique<CellList>(setup_, disks.n, level_);
    return cell_list_->find(disks, pairs);
  }
  const std::int64_t side = grid_.side;
  std::vector<std::int32_t> cells;
  for (std::int64_t band = 0; band < bands_; ++band) {
    const Member* members = members_.data() + begin_[static_cast<std::size_t>(band)];
    const std::int64_t own = own_[static_cast<std::size_t>(band)];
    const std::int64_t count = begin_[static_cast<std::size_t>(band) + 1] - begin_[static_cast<std::size_t>(band)];
    const std::int64_t first_row = band << band_shift_;
    const std::int64_t rows = std::min(side - first_row, std::int64_t{1} << band_shift_);
    images_.clear();
    positions_.resize(static_cast<std::size_t>(count));
    cells.resize(static_cast<std::size_t>(own));
    for (std::int64_t i = 0; i < count; ++i) {
      positions_[static_cast<std::size_t>(i)] = members[i].position;
      const auto disk = static_cast<std::int32_t>(i);
      const std::int64_t column = members[i].cell & 0xffff;
      if (i < own) {
        const std::int64_t row = (members[i].cell >> 16) - first_row;
        cells[static_cast<std::size_t>(i)] = table_->cell(row, column);
        add_column_images(row, column, disk);
      } else {
        images_.push_back({table_->cell(rows, column), disk});
        add_column_images(rows, column, disk);
        if (column == side - 1) images_.push_back({table_->cell(rows, -1), disk});
      }
    }
    const std::size_t before = pairs.size();
    table_->find(overlap_, positions_.data(), cells.data(), own, images_, pairs);
    for (std::size_t k = before; k < pairs.size(); ++k) {
      pairs[k] = Pair{members[pairs[k].i()].disk, members[pairs[k].j()].disk};
    }
  }
}

}  // namespace hthm
