#include "deepsets/plane_cells.hpp"

#include <algorithm>
#include <cmath>

namespace hthm::deepsets {
namespace {

/// Part of a square by which lines are taken to be closer than they are: the square of a velocity is found in float32,
/// which may be off by 1e-5 of a square.
constexpr double margin = 1e-3;

/// Numbers that look random (splitmix64).
std::uint64_t mixed(std::uint64_t k) {
  k = (k + 1) * 0x9e3779b97f4a7c15;
  k = (k ^ (k >> 30)) * 0xbf58476d1ce4e5b9;
  k = (k ^ (k >> 27)) * 0x94d049bb133111eb;
  return k ^ (k >> 31);
}

/// A column, counted from the left edge, as an index from -1 to `side`.
std::int64_t column(double position, double side) {
  return static_cast<std::int64_t>(std::clamp(std::floor(position), -1.0, side));
}

}  // namespace

void PlaneCells::build(const Network<const float>& network, float reach) {
  const auto width = static_cast<std::size_t>(network.width);
  reach_ = std::max(reach, 1e-18f);
  squares_per_unit_ = static_cast<float>(side) / (2 * reach_);
  lines_.resize(width);
  for (std::size_t j = 0; j < width; ++j) {
    lines_[j] = {network.w1[2 * j], network.w1[2 * j + 1], network.b1[j], 0, 0, false, false};
  }
  for (std::size_t j = keys_.size(); j < width; ++j) keys_.push_back(mixed(j));
  next_beginning_.resize(width);
  next_ending_.resize(width);
  squares_.resize(side * side);
  crossings_.clear();
  busy_squares_.clear();
  busy_lines_.clear();
  masks_.clear();
  hashes_.clear();
  table_.assign(1024, unknown);
  for (std::size_t row = 0; row < side; ++row) {
    cross_row(row);
    fill_row(row);
  }
}

/// Where each line crosses a row of squares.
void PlaneCells::cross_row(std::size_t row) {
  const double columns = side, width = 2.0 * reach_ / columns, reach = reach_;
  const double y0 = -reach + (static_cast<double>(row) - margin) * width;
  const double y1 = -reach + (static_cast<double>(row) + 1 + margin) * width;
  beginning_.assign(side, unknown);
  ending_.assign(side, unknown);
  for (std::size_t j = 0; j < lines_.size(); ++j) {
    Line& line = lines_[j];
    const double low = std::min(line.b * y0, line.b * y1) + line.c, high = std::max(line.b * y0, line.b * y1) + line.c;
    if (line.a == 0) {
      const bool open = low <= 0 && high > 0;
      line.first = open ? 0 : static_cast<std::int64_t>(side);
      line.last = static_cast<std::int64_t>(side);
      line.active_before = line.active_after = low > 0;
    } else {
      const double at_low = (-low / line.a + reach) / width, at_high = (-high / line.a + reach) / width;
      line.first = std::max<std::int64_t>(column(std::min(at_low, at_high) - margin, columns), 0);
      line.last = column(std::max(at_low, at_high) + margin, columns);
      line.active_before = line.a < 0;
      line.active_after = line.a > 0;
    }
    const auto first = static_cast<std::size_t>(line.first), end = static_cast<std::size_t>(line.last + 1);
    if (line.last < line.first || first >= side) continue;
    next_beginning_[j] = beginning_[first];
    beginning_[first] = static_cast<std::int32_t>(j);
    if (end < side) {
      next_ending_[j] = ending_[end];
      ending_[end] = static_cast<std::int32_t>(j);
    }
  }
}

/// What the squares of a row know, from left to right.
void PlaneCells::fill_row(std::size_t row) {
  Mask mask{};
  std::uint64_t hash = 0;
  const auto set = [&](std::size_t j) {
    mask[j / 64] ^= std::uint64_t{1} << (j % 64);
    hash ^= keys_[j];
  };
  for (std::size_t j = 0; j < lines_.size(); ++j) {
    if (lines_[j].last < 0 ? lines_[j].active_after : lines_[j].active_before) set(j);
  }
  std::vector<std::int32_t> open;  // lines through the square
  std::uint16_t* squares = squares_.data() + row * side;
  for (std::size_t k = 0; k < side; ++k) {
    const bool changes = k == 0 || beginning_[k] != unknown || ending_[k] != unknown;
    if (!changes) {
      squares[k] = squares[k - 1];
      continue;
    }
    for (std::int32_t j = ending_[k]; j != unknown; j = next_ending_[static_cast<std::size_t>(j)]) {
      open.erase(std::find(open.begin(), open.end(), j));
      const Line& line = lines_[static_cast<std::size_t>(j)];
      if (line.active_before != line.active_after) set(static_cast<std::size_t>(j));
    }
    for (std::int32_t j = beginning_[k]; j != unknown; j = next_beginning_[static_cast<std::size_t>(j)]) {
      open.push_back(j);
    }
    squares[k] = entry(mask, hash, open);
  }
}

/// What a square knows that these lines cross; all others are active as the mask says.
std::uint16_t PlaneCells::entry(const Mask& mask, std::uint64_t hash, const std::vector<std::int32_t>& open) {
  if (open.size() > 2) {
    const std::size_t number = busy_squares_.size();
    if (number >= too_many - is_busy) return too_many;
    busy_squares_.push_back({busy_lines_.size(), busy_lines_.size() + open.size(), mask, hash});
    busy_lines_.insert(busy_lines_.end(), open.begin(), open.end());
    for (const std::int32_t line : open) {  // counted as inactive
      const auto j = static_cast<std::size_t>(line);
      if (!is_active(mask, j)) continue;
      busy_squares_.back().mask[j / 64] ^= std::uint64_t{1} << (j % 64);
      busy_squares_.back().hash ^= keys_[j];
    }
    return static_cast<std::uint16_t>(is_busy + number);
  }
  std::int32_t cells[4];
  const std::size_t sides = std::size_t{1} << open.size();
  for (std::size_t s = 0; s < sides; ++s) {
    Mask sided = mask;
    std::uint64_t sided_hash = hash;
    for (std::size_t k = 0; k < open.size(); ++k) {
      const auto j = static_cast<std::size_t>(open[k]);
      if (is_active(sided, j) != ((s >> k & 1) != 0)) {
        sided[j / 64] ^= std::uint64_t{1} << (j % 64);
        sided_hash ^= keys_[j];
      }
    }
    cells[s] = find_or_add(sided, sided_hash);
  }
  if (*std::max_element(cells, cells + sides) >= is_crossed) return too_many;
  if (open.empty()) return static_cast<std::uint16_t>(cells[0]);
  if (crossings_.size() >= is_busy - is_crossed) return too_many;
  // With one line, what the second says is of no consequence.
  if (open.size() == 1) crossings_.push_back({{open[0], open[0]}, {cells[0], cells[0], cells[1], cells[1]}});
  if (open.size() == 2) crossings_.push_back({{open[0], open[1]}, {cells[0], cells[1], cells[2], cells[3]}});
  return static_cast<std::uint16_t>(is_crossed + crossings_.size() - 1);
}

/// The active units at a velocity in a square of this entry, and their hash.
std::uint64_t PlaneCells::mask_at(std::uint16_t entry, float x, float y, Mask& mask) const {
  std::uint64_t hash = 0;
  const auto look_at = [&](std::size_t j) {
    if (!is_beyond(static_cast<std::int32_t>(j), x, y)) return;
    activate(mask, j);
    hash ^= keys_[j];
  };
  if (entry >= is_busy && entry < too_many) {
    const BusySquare& square = busy_squares_[entry - is_busy];
    mask = square.mask;
    hash = square.hash;
    for (std::size_t k = square.first; k < square.end; ++k) look_at(static_cast<std::size_t>(busy_lines_[k]));
  } else {
    mask = {};
    for (std::size_t j = 0; j < lines_.size(); ++j) look_at(j);
  }
  return hash;
}

/// Where a mask is in the table, or where it belongs.
std::size_t PlaneCells::slot(const Mask& mask, std::uint64_t hash) const {
  std::size_t k = hash & (table_.size() - 1);
  for (; table_[k] != unknown; k = (k + 1) & (table_.size() - 1)) {
    const auto cell = static_cast<std::size_t>(table_[k]);
    if (hashes_[cell] == hash && masks_[cell] == mask) break;
  }
  return k;
}

std::int32_t PlaneCells::find(std::uint16_t entry, float x, float y) const {
  Mask mask;
  const std::uint64_t hash = mask_at(entry, x, y, mask);
  return table_[slot(mask, hash)];
}

std::int32_t PlaneCells::locate_or_add(float x, float y) {
  const std::int32_t cell = locate(x, y);
  if (cell != unknown) return cell;
  Mask mask;
  const std::uint64_t hash = mask_at(squares_[square(y) * side + square(x)], x, y, mask);
  return find_or_add(mask, hash);
}

std::int32_t PlaneCells::find_or_add(const Mask& mask, std::uint64_t hash) {
  const std::size_t k = slot(mask, hash);
  if (table_[k] != unknown) return table_[k];
  const auto cell = static_cast<std::int32_t>(hashes_.size());
  table_[k] = cell;
  masks_.push_back(mask);
  hashes_.push_back(hash);
  if (2 * hashes_.size() > table_.size()) {
    table_.assign(2 * table_.size(), unknown);
    for (std::size_t c = 0; c < hashes_.size(); ++c) {
      table_[slot(masks_[c], hashes_[c])] = static_cast<std::int32_t>(c);
    }
  }
  return cell;
}

}  // namespace hthm::deepsets
