// The velocity plane, cut into cells by the lines at which the ReLUs of the first layer switch.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "deepsets/mask_table.hpp"
#include "deepsets/network.hpp"

namespace hthm::deepsets {

/// In a cell each unit of the first layer is either active everywhere or nowhere, so that what follows it, up to the
/// next ReLU, is affine in the velocity. A grid of squares over the plane finds the cell of a velocity: squares that no
/// line crosses know their cell, those that one or two lines cross know the cells on all sides of them; elsewhere a
/// cell is looked up by its active units. A unit is active where its z > 0 in double, which is exact for float32 up to
/// one rounding.
class PlaneCells {
 public:
  static constexpr std::int32_t unknown = MaskTable::unknown;

  /// Cells that the squares over [-reach, reach]^2 know, for a first layer of finite weights. Their order does not
  /// depend on the number of threads.
  void build(const Network<const float>& network, float reach, int threads);

  std::int64_t count() const { return static_cast<std::int64_t>(cells_.count()); }
  /// The units of the first layer that are active in a cell. Cells whose numbers follow each other differ in few, most
  /// often: they are numbered along rows of squares.
  const Mask& active(std::int64_t cell) const { return cells_.mask(cell); }

  /// The cell of a velocity within reach, or `unknown` where no square has met it.
  std::int32_t locate(float x, float y) const {
    const std::uint16_t entry = squares_[static_cast<std::size_t>(grid_.square(x, y))];
    return entry < is_crossed ? entry : locate_in(entry, x, y);
  }
  /// Likewise of many; returns whether there are unknown ones.
  bool locate(const float* x, const float* y, std::int64_t count, std::int32_t* cells) const;
  /// The cell of a velocity, which becomes one if it was unknown.
  std::int32_t locate_or_add(float x, float y);

 private:
  static constexpr std::size_t bands = 8;
  static constexpr std::uint16_t is_crossed = 0x8000;  // from here on, numbers of crossings
  static constexpr std::uint16_t is_busy = 0xc000;     // from here on, numbers of busy squares
  static constexpr std::uint16_t too_many = 0xffff;    // nothing is known

  /// Squares over [-reach, reach]^2 by number, row by row.
  struct Grid {
    float reach, squares_per_unit, last_column;
    int log_side;  // of the squares along a side, to base 2

    /// The column of a velocity's x, or the row of its y; kept within the grid as a float, which compilers make vectors
    /// of.
    std::int32_t column(float v) const {
      const float k = (v + reach) * squares_per_unit, at_least_first = k > 0 ? k : 0;
      return static_cast<std::int32_t>(at_least_first < last_column ? at_least_first : last_column);
    }
    std::int32_t square(float x, float y) const { return (column(y) << log_side) + column(x); }
  };
  /// Units of the first layer that are active, and the hash by which their cell is found.
  struct Active {
    Mask mask;
    std::uint64_t hash;
  };
  /// One or two lines through a square, and the cells where neither, the first, the second, or both are active.
  struct Crossing {
    std::int32_t lines[2];
    std::int32_t cells[4];
  };
  /// More lines through a square, busy_lines_[first] to busy_lines_[end], and what is active before they are looked at.
  struct BusySquare {
    std::size_t first, end;
    Active known;
  };
  /// A line of the first layer, z = a x + b y + c, and by how many columns it moves where z at x = 0 is greater by 1.
  struct Line {
    double a, b, c, columns_per_z;
  };
  /// The columns of a row of squares in which the sign of a line is open, and whether it is active on either side.
  struct Interval {
    std::int64_t first, last;
    bool active_before, active_after;
  };
  /// Some rows of squares, which one thread fills; numbers are its own until the bands are joined.
  struct Band {
    MaskTable cells;
    std::vector<Crossing> crossings;
    std::vector<BusySquare> busy_squares;
    std::vector<std::int32_t> busy_lines;
    std::vector<Interval> intervals;                                           // of the lines, in the row at hand
    std::vector<std::int32_t> beginning, ending, next_beginning, next_ending;  // lines by column, chained
    std::vector<std::int32_t> joined_cells;                                    // numbers among all
    std::size_t first_crossing, first_busy_square, first_busy_line;            // likewise
  };
  bool is_beyond(std::int32_t line, float x, float y) const {
    const Line& l = lines_[static_cast<std::size_t>(line)];
    return l.a * x + l.b * y + l.c > 0;
  }
  std::int32_t side_of_lines(const Crossing& crossing, float x, float y) const {
    return crossing.cells[(is_beyond(crossing.lines[0], x, y) ? 1 : 0) + (is_beyond(crossing.lines[1], x, y) ? 2 : 0)];
  }
  void flip(std::size_t unit, Active& active) const {
    active.mask[unit / 64] ^= std::uint64_t{1} << (unit % 64);
    active.hash ^= keys_[unit];
  }
  std::int32_t locate_in(std::uint16_t entry, float x, float y) const {
    return entry < is_busy ? side_of_lines(crossings_[entry - is_crossed], x, y) : find(entry, x, y);
  }
  std::int32_t find(std::uint16_t entry, float x, float y) const;
  Active active_at(std::uint16_t entry, float x, float y) const;

  void fill_band(std::size_t b);
  void cross_row(std::size_t row, Band& band) const;
  Interval interval_between(const Line& line, double y0, double y1) const;
  void fill_row(std::size_t row, Band& band);
  std::uint16_t crossed_entry(const Active& others, const std::vector<std::int32_t>& open, Band& band) const;
  std::uint16_t busy_entry(const Active& others, const std::vector<std::int32_t>& open, Band& band) const;

  void number_all();
  void join_squares(std::size_t b);
  void join_crossings(const Band& band);
  void join_busy_squares(const Band& band);

  std::size_t side_ = 0;  // squares of the grid along x and along y
  float reach_ = 0;
  Grid grid_{};
  std::vector<Line> lines_;
  std::vector<std::uint16_t> squares_;  // [row][column]: a cell, or one of the others above
  std::vector<Crossing> crossings_;
  std::vector<BusySquare> busy_squares_;
  std::vector<std::int32_t> busy_lines_;
  MaskTable cells_;
  std::vector<std::uint64_t> keys_;  // [unit]: the hash of a cell is the exclusive or of its active units' keys
  std::array<Band, bands> bands_;
};

}  // namespace hthm::deepsets
