// Disks in square cells, each disk at its own time: where it is, who is near, and when it will touch one of them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../run.hpp"
#include "cell_blocks.hpp"
#include "prediction.hpp"

namespace hthm::event_driven {

/// Cells a side: about four disks a cell, at any density, at least 2, and each at least a diameter wide: a collision
/// partner then always lies in one of the 3 x 3 cells around a disk. With 2 cells a side, a cell and its two neighbours
/// in a row are the neighbour, the cell, and the neighbour again: two images of the same disks, both of which can be
/// hit. Four disks half fill a cell's eight lanes: smaller cells cost more crossings, larger ones more blocks.
inline std::int32_t cells_a_side(double box, double diameter, std::int64_t n) {
  const double wanted = std::sqrt(static_cast<double>(n) / 4);
  const double widest = std::floor(box / (diameter * (1 + 1e-9)));  // more than three need room for rounding
  return static_cast<std::int32_t>(std::clamp(std::min(wanted, widest), 2.0, 16384.0));
}

/// Times that bound what will be asked of the cells.
struct Horizons {
  double crossing;    // no disk can cross the box in less
  double epoch;       // after it the clock is set back
  double look_ahead;  // how far into the future a disk looks for collisions
};

/// The disks of a box. A disk's position is relative to the corner of its cell: it keeps all its digits, and neither
/// the way to a disk in the next cell nor the way round the box needs a minimum image.
template <class Real>
class Cells {
 public:
  struct alignas(64) Disk {
    Vec2<Real> position;  // in its cell, at `time`
    Vec2<Real> velocity;
    Real time{};                   // to which the position belongs
    Real contact = never<Real>;    // when its predicted collision is due
    std::int32_t partner = -1;     // of the predicted collision
    std::uint32_t collisions = 0;  // so far, modulo 2^32: tells whether a prediction made with this disk still holds
    std::int32_t slot = -1;        // among those of its cell
    std::int16_t column = 0, row = 0;
  };

  /// Positions (n,) in [0, box) and velocities (n,), all at time 0.
  Cells(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n, Simd level,
        const Horizons& horizons)
      : side_{cells_a_side(setup.box, setup.diameter, n)},
        width_{Real(setup.box) / Real(side_)},
        diameter2_{Real(setup.diameter) * Real(setup.diameter)},
        just_hit2_{diameter2_ * Real(1 + 1e-6)},
        look_ahead_{horizons.look_ahead},
        units_{setup.box, setup.diameter, setup.box / side_, horizons.crossing, horizons.epoch, n},
        filter_{lane_filter(level)},
        blocks_{std::int64_t{side_} * side_},
        around_(static_cast<std::size_t>(side_) + 2),
        disks_(static_cast<std::size_t>(n)) {
    for (std::int32_t k = -1; k <= side_; ++k) around_[static_cast<std::size_t>(k + 1)] = (k + side_) % side_;
    for (std::size_t i = 0; i < disks_.size(); ++i) {
      Disk& disk = disks_[i];
      disk.column = place(positions[i].x, disk.position.x);
      disk.row = place(positions[i].y, disk.position.y);
      disk.velocity = {Real(velocities[i].x), Real(velocities[i].y)};
      link(static_cast<std::int32_t>(i));
    }
  }

  std::int64_t size() const { return static_cast<std::int64_t>(disks_.size()); }
  Disk& operator[](std::int32_t i) { return disks_[static_cast<std::size_t>(i)]; }
  const Disk& operator[](std::int32_t i) const { return disks_[static_cast<std::size_t>(i)]; }
  const Real& width() const { return width_; }

  /// Where a disk will be at `time`, relative to the corner of its cell.
  static Vec2<Real> position_at(const Disk& disk, const Real& time) {
    const Real elapsed = time - disk.time;
    return {disk.position.x + disk.velocity.x * elapsed, disk.position.y + disk.velocity.y * elapsed};
  }

  static void move_to(Disk& disk, const Real& time) {
    disk.position = position_at(disk, time);
    disk.time = time;
  }

  /// Let the others see that a disk has a new velocity.
  void turned(std::int32_t i) { show((*this)[i]); }

  /// Where a disk will be at `time` in the box, not wrapped.
  Vec2<Real> position_in_box(std::int32_t i, const Real& time) const {
    const Disk& disk = (*this)[i];
    const Vec2<Real> inside = position_at(disk, time);
    return {Real(disk.column) * width_ + inside.x, Real(disk.row) * width_ + inside.y};
  }

  /// x_i - x_j of two disks at `time`, through the nearest image.
  Vec2<Real> separation_at(std::int32_t i, std::int32_t j, const Real& time) const {
    const Disk &a = (*this)[i], &b = (*this)[j];
    const Vec2<Real> x_a = position_at(a, time), x_b = position_at(b, time);
    return {nearest(x_a.x - x_b.x, a.column - b.column), nearest(x_a.y - x_b.y, a.row - b.row)};
  }

  /// Put a disk that is at the border of its cell into the next one; returns the earlier of `contact` and the contacts
  /// with disks of the three cells that have become neighbours.
  Contact<Real> cross(std::int32_t i, Side side, Contact<Real> contact) {
    Disk& disk = (*this)[i];
    unlink(i);
    Horizontal columns = {-1, 1}, rows = {-1, 1};
    switch (side) {
      case Side::left:
        disk.column = wrapped(disk.column - 1), disk.position.x = width_, columns = {-1, -1};
        break;
      case Side::right:
        disk.column = wrapped(disk.column + 1), disk.position.x = Real(0), columns = {1, 1};
        break;
      case Side::bottom:
        disk.row = wrapped(disk.row - 1), disk.position.y = width_, rows = {-1, -1};
        break;
      case Side::top:
        disk.row = wrapped(disk.row + 1), disk.position.y = Real(0), rows = {1, 1};
        break;
    }
    link(i);
    search(i, -1, columns, rows, contact);
    return contact;
  }

  /// The earliest contact of a disk with any other, but not with `just_hit` where the two still touch. Where there is
  /// none as far as the disk looks, it is one with nobody, at the time to look again.
  Contact<Real> first_contact(std::int32_t i, std::int32_t just_hit) const {
    Contact<Real> contact{(*this)[i].time + look_ahead_, -1};
    search(i, just_hit, {-1, 1}, {-1, 1}, contact);
    return contact;
  }

  /// Set back the clock of every disk.
  void shift_time(const Real& length) {
    for (Disk& disk : disks_) {
      disk.time = disk.time - length;
      disk.contact = disk.contact - length;
      show(disk);
    }
  }

 private:
  struct Horizontal {
    int from, to;  // both included
  };

  std::int16_t place(double x, Real& inside) const {
    const auto cell =
        std::clamp<std::int32_t>(static_cast<std::int32_t>(x / static_cast<double>(width_)), 0, side_ - 1);
    inside = Real(x) - Real(cell) * width_;
    return static_cast<std::int16_t>(cell);
  }

  std::int16_t wrapped(int cell) const {
    return static_cast<std::int16_t>(cell < 0 ? cell + side_ : cell >= side_ ? cell - side_ : cell);
  }

  /// A difference of positions in cells, plus the way between the cells, the nearest way round.
  Real nearest(const Real& inside, int cells) const {
    if (2 * cells > side_ || (2 * cells == side_ && inside > 0)) cells -= side_;
    if (2 * cells < -side_ || (2 * cells == -side_ && inside < 0)) cells += side_;
    return inside + Real(cells) * width_;
  }

  std::int32_t cell(int column, int row) const { return row * side_ + column; }

  void link(std::int32_t i) {
    Disk& disk = (*this)[i];
    disk.slot = blocks_.insert(cell(disk.column, disk.row), i);
    show(disk);
  }

  void unlink(std::int32_t i) {
    const Disk& disk = (*this)[i];
    const std::int32_t moved = blocks_.remove(cell(disk.column, disk.row), disk.slot);
    if (moved >= 0) (*this)[moved].slot = disk.slot;
  }

  /// Write the lane of a disk.
  void show(const Disk& disk) {
    const Vec2<double> x = to_double(disk.position), v = to_double(disk.velocity);
    const auto time = static_cast<double>(disk.time);
    blocks_.write(disk.slot, units_.origin(x.x, v.x, time), units_.origin(x.y, v.y, time), units_.speed(v.x),
                  units_.speed(v.y));
  }

  static Vec2<double> to_double(const Vec2<Real>& a) { return {static_cast<double>(a.x), static_cast<double>(a.y)}; }

  /// Look for an earlier contact among the disks in these columns and rows around disk i, which is at its own time.
  void search(std::int32_t i, std::int32_t just_hit, Horizontal columns, Horizontal rows,
              Contact<Real>& contact) const {
    const Disk& disk = (*this)[i];
    const float x = units_.length(static_cast<double>(disk.position.x)), width = units_.width();
    const float y = units_.length(static_cast<double>(disk.position.y));
    const Sight sight = units_.sight(to_double(disk.velocity), static_cast<double>(disk.time),
                                     static_cast<double>(contact.time - disk.time));
    std::array<Look, 16> looks;
    int count = 0;
    for (int dr = rows.from; dr <= rows.to; ++dr) {
      const float way_y = static_cast<float>(dr) * width - y;
      const std::int32_t row = side_ * around_[static_cast<std::size_t>(disk.row + dr + 1)];
      for (int dc = columns.from; dc <= columns.to; ++dc) {
        const float way_x = static_cast<float>(dc) * width - x;
        std::int32_t block = row + around_[static_cast<std::size_t>(disk.column + dc + 1)];
        do {
          looks[static_cast<std::size_t>(count++)] = {block, way_x, way_y, static_cast<std::int8_t>(dc),
                                                      static_cast<std::int8_t>(dr)};
          if (count == 16) {
            search(i, just_hit, sight, looks.data(), count, contact);
            count = 0;
          }
          block = blocks_.next(block);
        } while (block >= 0);
      }
    }
    search(i, just_hit, sight, looks.data(), count, contact);
  }

  /// Of the disks that the filter cannot rule out, the one that is hit first, if that is before `contact`.
  /// A disk that expects a collision before it would meet disk i is passed over: it will look again then, and the
  /// earlier of the two events is what counts.
  void search(std::int32_t i, std::int32_t just_hit, const Sight& sight, const Look* looks, int count,
              Contact<Real>& contact) const {
    const Disk& disk = (*this)[i];
    const Possible possible = filter_(blocks_.lanes(), sight, looks, count);
    for (int word = 0; word < 2; ++word) {
      for (std::uint64_t rest = possible.bits[word]; rest != 0; rest &= rest - 1) {
        const int bit = std::countr_zero(rest);
        const Look& look = looks[8 * word + bit / Lanes::count];
        const std::int32_t j = blocks_.disk(look.block * Lanes::count + bit % Lanes::count);
        if (j == i) continue;
        const Disk& other = (*this)[j];
        const Vec2<Real> x = position_at(other, disk.time);
        const Vec2<Real> d{x.x - disk.position.x + Real(look.column) * width_,
                           x.y - disk.position.y + Real(look.row) * width_};
        const Vec2<Real> v{other.velocity.x - disk.velocity.x, other.velocity.y - disk.velocity.y};
        const Real soonest = std::min(contact.time, other.contact);
        const Real time = disk.time + time_to_contact(d, v, diameter2_, Real(soonest - disk.time));
        if (time < soonest && !(j == just_hit && norm2(d) < just_hit2_)) contact = {time, j};
      }
    }
  }

  std::int32_t side_;  // cells
  Real width_;         // of a cell
  Real diameter2_;     // squared
  Real just_hit2_;     // squared distance below which two disks that have just collided still touch
  Real look_ahead_;    // how far a disk looks into the future
  LaneUnits units_;
  LaneFilter filter_;
  CellBlocks blocks_;
  std::vector<std::int32_t> around_;  // (side + 2,) the column or row -1 is the last, the one after the last is 0
  std::vector<Disk> disks_;           // (n,)
};

}  // namespace hthm::event_driven
