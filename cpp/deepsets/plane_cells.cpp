#include "deepsets/plane_cells.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"

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

/// Of the squares of the grid along x and along y, no fewer than bands: the more lines there are, the finer a grid
/// pays.
constexpr int log_side_for(std::size_t lines) { return lines <= 32 ? 6 : 7; }

/// A column, counted from the left edge, as an index from -1 to `side`. What is rounded up by a rounding error lies
/// within the margin.
std::int64_t column(double position, std::int64_t side) {
  return static_cast<std::int64_t>(std::clamp(position, -1.0, static_cast<double>(side)) + 1) - 1;
}

}  // namespace

void PlaneCells::build(const Network<const float>& network, float reach, int threads) {
  const auto width = static_cast<std::size_t>(network.width);
  const int log_side = log_side_for(width);
  side_ = std::size_t{1} << log_side;
  reach_ = std::max(reach, 1e-18f);
  grid_ = {.reach = reach_,
           .squares_per_unit = static_cast<float>(side_) / (2 * reach_),
           .last_column = static_cast<float>(side_ - 1),
           .log_side = log_side};
  lines_.resize(width);
  for (std::size_t j = 0; j < width; ++j) {
    const double a = network.w1[2 * j];
    lines_[j] = {a, network.w1[2 * j + 1], network.b1[j], -1 / (a * (2.0 * reach_ / static_cast<double>(side_)))};
  }
  for (std::size_t j = keys_.size(); j < width; ++j) keys_.push_back(mixed(j));
  squares_.resize(side_ * side_);
  parallel_for(bands, threads, [&](std::int64_t b) { fill_band(static_cast<std::size_t>(b)); });
  number_all();
  parallel_for(bands, threads, [&](std::int64_t b) {
    const auto k = static_cast<std::size_t>(b);
    join_squares(k);
    join_crossings(bands_[k]);
    join_busy_squares(bands_[k]);
  });
}

/// What the squares of a band know, in numbers of its own.
void PlaneCells::fill_band(std::size_t b) {
  Band& band = bands_[b];
  band.cells.clear();
  band.crossings.clear();
  band.busy_squares.clear();
  band.busy_lines.clear();
  for (std::size_t row = b * side_ / bands; row < (b + 1) * side_ / bands; ++row) {
    cross_row(row, band);
    fill_row(row, band);
  }
}

/// Number what the bands have found, one band after another, and make room for it.
void PlaneCells::number_all() {
  cells_.clear();
  std::size_t crossings = 0, busy_squares = 0, busy_lines = 0;
  for (Band& band : bands_) {
    band.first_crossing = crossings;
    band.first_busy_square = busy_squares;
    band.first_busy_line = busy_lines;
    crossings += band.crossings.size();
    busy_squares += band.busy_squares.size();
    busy_lines += band.busy_lines.size();
    band.joined_cells.clear();
    for (std::size_t c = 0; c < band.cells.count(); ++c) {
      const auto cell = static_cast<std::int64_t>(c);
      band.joined_cells.push_back(cells_.find_or_add(band.cells.mask(cell), band.cells.hash(cell)));
    }
  }
  crossings_.resize(crossings);
  busy_squares_.resize(busy_squares);
  busy_lines_.resize(busy_lines);
}

/// What the squares of a band know, in the numbers of all bands.
void PlaneCells::join_squares(std::size_t b) {
  const Band& band = bands_[b];
  std::uint16_t* squares = &squares_[b * side_ / bands * side_];
  for (std::size_t k = 0; k < side_ / bands * side_; ++k) {
    const std::size_t entry = squares[k];
    std::size_t number = entry, limit = too_many;
    if (entry < is_crossed) {
      number = static_cast<std::size_t>(band.joined_cells[entry]);
      limit = is_crossed;
    } else if (entry < is_busy) {
      number = entry + band.first_crossing;
      limit = is_busy;
    } else if (entry < too_many) {
      number = entry + band.first_busy_square;
    }
    squares[k] = number < limit ? static_cast<std::uint16_t>(number) : too_many;
  }
}

void PlaneCells::join_crossings(const Band& band) {
  for (std::size_t k = 0; k < band.crossings.size(); ++k) {
    Crossing& crossing = crossings_[band.first_crossing + k];
    crossing = band.crossings[k];
    for (std::int32_t& cell : crossing.cells) cell = band.joined_cells[static_cast<std::size_t>(cell)];
  }
}

void PlaneCells::join_busy_squares(const Band& band) {
  for (std::size_t k = 0; k < band.busy_squares.size(); ++k) {
    BusySquare& square = busy_squares_[band.first_busy_square + k];
    square = band.busy_squares[k];
    square.first += band.first_busy_line;
    square.end += band.first_busy_line;
  }
  std::copy(band.busy_lines.begin(), band.busy_lines.end(),
            busy_lines_.begin() + static_cast<std::ptrdiff_t>(band.first_busy_line));
}

/// Where each line crosses a row of squares, and by column which lines begin and end there.
void PlaneCells::cross_row(std::size_t row, Band& band) const {
  const double width = 2.0 * reach_ / static_cast<double>(side_), reach = reach_;
  const double y0 = -reach + (static_cast<double>(row) - margin) * width;
  const double y1 = -reach + (static_cast<double>(row) + 1 + margin) * width;
  band.intervals.resize(lines_.size());
  band.next_beginning.resize(lines_.size());
  band.next_ending.resize(lines_.size());
  band.beginning.assign(side_, unknown);
  band.ending.assign(side_, unknown);
  for (std::size_t j = 0; j < lines_.size(); ++j) {
    band.intervals[j] = interval_between(lines_[j], y0, y1);
    const Interval& interval = band.intervals[j];
    const auto first = static_cast<std::size_t>(interval.first), end = static_cast<std::size_t>(interval.last + 1);
    if (interval.last < interval.first || first >= side_) continue;
    band.next_beginning[j] = band.beginning[first];
    band.beginning[first] = static_cast<std::int32_t>(j);
    if (end < side_) {
      band.next_ending[j] = band.ending[end];
      band.ending[end] = static_cast<std::int32_t>(j);
    }
  }
}

/// The columns in which the sign of a line is open somewhere between two heights.
PlaneCells::Interval PlaneCells::interval_between(const Line& line, double y0, double y1) const {
  const auto columns = static_cast<std::int64_t>(side_);
  const double middle = static_cast<double>(side_) / 2;
  const double low = std::min(line.b * y0, line.b * y1) + line.c, high = std::max(line.b * y0, line.b * y1) + line.c;
  if (line.a == 0) {  // the same all along the row
    const bool open = low <= 0 && high > 0;
    return {open ? 0 : columns, columns, low > 0, low > 0};
  }
  const double at_low = low * line.columns_per_z + middle, at_high = high * line.columns_per_z + middle;
  return {std::max<std::int64_t>(column(std::min(at_low, at_high) - margin, columns), 0),
          column(std::max(at_low, at_high) + margin, columns), line.a < 0, line.a > 0};
}

/// What the squares of a row know, from left to right.
void PlaneCells::fill_row(std::size_t row, Band& band) {
  Active active{};
  for (std::size_t j = 0; j < lines_.size(); ++j) {
    const Interval& interval = band.intervals[j];
    if (interval.last < 0 ? interval.active_after : interval.active_before) flip(j, active);
  }
  std::vector<std::int32_t> open;  // lines through the square
  std::uint16_t* squares = squares_.data() + row * side_;
  for (std::size_t k = 0; k < side_; ++k) {
    const bool changes = k == 0 || band.beginning[k] != unknown || band.ending[k] != unknown;
    if (!changes) {
      squares[k] = squares[k - 1];
      continue;
    }
    for (std::int32_t j = band.ending[k]; j != unknown; j = band.next_ending[static_cast<std::size_t>(j)]) {
      open.erase(std::find(open.begin(), open.end(), j));
      const Interval& interval = band.intervals[static_cast<std::size_t>(j)];
      if (interval.active_before != interval.active_after) flip(static_cast<std::size_t>(j), active);
    }
    for (std::int32_t j = band.beginning[k]; j != unknown; j = band.next_beginning[static_cast<std::size_t>(j)]) {
      open.push_back(j);
    }
    squares[k] = open.size() > 2 ? busy_entry(active, open, band) : crossed_entry(active, open, band);
  }
}

/// What a square knows that no line crosses, or one or two; all others are active or not, as said.
std::uint16_t PlaneCells::crossed_entry(const Active& others, const std::vector<std::int32_t>& open, Band& band) const {
  std::int32_t cells[4];
  const std::size_t sides = std::size_t{1} << open.size();
  for (std::size_t s = 0; s < sides; ++s) {
    Active sided = others;
    for (std::size_t k = 0; k < open.size(); ++k) {
      const auto j = static_cast<std::size_t>(open[k]);
      if (is_active(sided.mask, j) != ((s >> k & 1) != 0)) flip(j, sided);
    }
    cells[s] = band.cells.find_or_add(sided.mask, sided.hash);
  }
  if (*std::max_element(cells, cells + sides) >= is_crossed) return too_many;
  if (open.empty()) return static_cast<std::uint16_t>(cells[0]);
  if (band.crossings.size() >= is_busy - is_crossed) return too_many;
  // With one line, what the second says is of no consequence.
  if (open.size() == 1) band.crossings.push_back({{open[0], open[0]}, {cells[0], cells[0], cells[1], cells[1]}});
  if (open.size() == 2) band.crossings.push_back({{open[0], open[1]}, {cells[0], cells[1], cells[2], cells[3]}});
  return static_cast<std::uint16_t>(is_crossed + band.crossings.size() - 1);
}

/// What a square knows that more lines cross, which count as inactive until they are looked at.
std::uint16_t PlaneCells::busy_entry(const Active& others, const std::vector<std::int32_t>& open, Band& band) const {
  const std::size_t number = band.busy_squares.size();
  if (number >= too_many - is_busy) return too_many;
  band.busy_squares.push_back({band.busy_lines.size(), band.busy_lines.size() + open.size(), others});
  band.busy_lines.insert(band.busy_lines.end(), open.begin(), open.end());
  Active& known = band.busy_squares.back().known;
  for (const std::int32_t line : open) {
    const auto j = static_cast<std::size_t>(line);
    if (is_active(known.mask, j)) flip(j, known);
  }
  return static_cast<std::uint16_t>(is_busy + number);
}

/// The active units at a velocity in a square of this entry.
PlaneCells::Active PlaneCells::active_at(std::uint16_t entry, float x, float y) const {
  Active active{};
  const auto look_at = [&](std::size_t j) {
    if (is_beyond(static_cast<std::int32_t>(j), x, y)) flip(j, active);
  };
  if (entry >= is_busy && entry < too_many) {
    const BusySquare& square = busy_squares_[entry - is_busy];
    active = square.known;
    for (std::size_t k = square.first; k < square.end; ++k) look_at(static_cast<std::size_t>(busy_lines_[k]));
  } else {
    for (std::size_t j = 0; j < lines_.size(); ++j) look_at(j);
  }
  return active;
}

std::int32_t PlaneCells::find(std::uint16_t entry, float x, float y) const {
  const Active active = active_at(entry, x, y);
  return cells_.find(active.mask, active.hash);
}

bool PlaneCells::locate(const float* x, const float* y, std::int64_t count, std::int32_t* cells) const {
  constexpr std::int64_t most = 256;  // at a time: squares are read without waiting for each other
  std::int32_t crossed[most];
  bool has_unknown = false;
  const Grid grid = grid_;  // a copy: what is written is not a part of it
  for (std::int64_t first = 0; first < count; first += most) {
    const std::int64_t end = std::min(first + most, count);
    for (std::int64_t i = first; i < end; ++i) cells[i] = grid.square(x[i], y[i]);
    std::int64_t of_crossed = 0;
    for (std::int64_t i = first; i < end; ++i) {
      const std::uint16_t entry = squares_[static_cast<std::size_t>(cells[i])];
      cells[i] = entry;
      crossed[of_crossed] = static_cast<std::int32_t>(i - first);
      of_crossed += entry < is_crossed ? 0 : 1;
    }
    for (std::int64_t k = 0; k < of_crossed; ++k) {
      const std::int64_t i = first + crossed[k];
      cells[i] = locate_in(static_cast<std::uint16_t>(cells[i]), x[i], y[i]);
      has_unknown = has_unknown || cells[i] == unknown;
    }
  }
  return has_unknown;
}

std::int32_t PlaneCells::locate_or_add(float x, float y) {
  const std::int32_t cell = locate(x, y);
  if (cell != unknown) return cell;
  const Active active = active_at(squares_[static_cast<std::size_t>(grid_.square(x, y))], x, y);
  return cells_.find_or_add(active.mask, active.hash);
}

}  // namespace hthm::deepsets
