// Disks in square cells, each disk at its own time: where it is, who is near, and when it will touch one of them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../vec2.hpp"
#include "prediction.hpp"

namespace hthm::event_driven {

/// Cells a side, about `wanted`, at least 2, and each at least a diameter wide: a collision partner then always lies in
/// one of the 3 x 3 cells around a disk. With 2 cells a side, a cell and its two neighbours in a row are the neighbour,
/// the cell, and the neighbour again: two images of the same disks, both of which can be hit.
inline std::int32_t cells_a_side(double box, double diameter, double wanted) {
  const double widest = std::floor(box / (diameter * (1 + 1e-9)));  // more than three need room for rounding
  return static_cast<std::int32_t>(std::clamp(std::min(wanted, widest), 2.0, 16384.0));
}

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
    std::int32_t next = -1;        // in the list of its cell
    std::int32_t partner = -1;     // of the predicted collision
    std::uint32_t collisions = 0;  // so far, modulo 2^32: tells whether a prediction made with this disk still holds
    std::int16_t column = 0, row = 0;
  };

  /// Positions (n,) in [0, box) and velocities (n,), all at time 0.
  Cells(double box, double diameter, double wanted_a_side, const Vec2<double>* positions,
        const Vec2<double>* velocities, std::int64_t n)
      : side_{cells_a_side(box, diameter, wanted_a_side)},
        width_{Real(box) / Real(side_)},
        diameter2_{Real(diameter) * Real(diameter)},
        just_hit2_{diameter2_ * Real(1 + 1e-6)},
        first_(static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_), -1),
        disks_(static_cast<std::size_t>(n)) {
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
  const Real& diameter2() const { return diameter2_; }

  /// Where a disk will be at `time`, relative to the corner of its cell.
  static Vec2<Real> position_at(const Disk& disk, const Real& time) {
    const Real elapsed = time - disk.time;
    return {disk.position.x + disk.velocity.x * elapsed, disk.position.y + disk.velocity.y * elapsed};
  }

  static void move_to(Disk& disk, const Real& time) {
    disk.position = position_at(disk, time);
    disk.time = time;
  }

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

  /// The earliest contact of a disk with any other, but not with `just_hit` where the two still touch.
  Contact<Real> first_contact(std::int32_t i, std::int32_t just_hit) const {
    Contact<Real> contact;
    search(i, just_hit, {-1, 1}, {-1, 1}, contact);
    return contact;
  }

  /// Set back the clock of every disk.
  void shift_time(const Real& length) {
    for (Disk& disk : disks_) {
      disk.time = disk.time - length;
      disk.contact = disk.contact - length;
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

  std::int32_t& first(int column, int row) {
    return first_[static_cast<std::size_t>(row) * static_cast<std::size_t>(side_) + static_cast<std::size_t>(column)];
  }

  void link(std::int32_t i) {
    Disk& disk = (*this)[i];
    std::int32_t& head = first(disk.column, disk.row);
    disk.next = head;
    head = i;
  }

  void unlink(std::int32_t i) {
    const Disk& disk = (*this)[i];
    std::int32_t* link = &first(disk.column, disk.row);
    while (*link != i) link = &(*this)[*link].next;
    *link = disk.next;
  }

  /// Look for an earlier contact among the disks in these columns and rows around disk i, which is at its own time.
  /// A disk that expects a collision before it would meet disk i is passed over: it will look again then, and the
  /// earlier of the two events is what counts.
  void search(std::int32_t i, std::int32_t just_hit, Horizontal columns, Horizontal rows,
              Contact<Real>& contact) const {
    const Disk& disk = (*this)[i];
    for (int dr = rows.from; dr <= rows.to; ++dr) {
      const auto row = static_cast<std::size_t>(wrapped(disk.row + dr)) * static_cast<std::size_t>(side_);
      for (int dc = columns.from; dc <= columns.to; ++dc) {
        const Vec2<Real> way{Real(dc) * width_ - disk.position.x, Real(dr) * width_ - disk.position.y};
        std::int32_t j = first_[row + static_cast<std::size_t>(wrapped(disk.column + dc))];
        for (; j >= 0; j = (*this)[j].next) {
          const Disk& other = (*this)[j];
          if (j == i) continue;
          const Vec2<Real> x = position_at(other, disk.time);
          const Vec2<Real> d{x.x + way.x, x.y + way.y};
          const Vec2<Real> v{other.velocity.x - disk.velocity.x, other.velocity.y - disk.velocity.y};
          const Real time = disk.time + time_to_contact(d, v, diameter2_);
          if (time < contact.time && time < other.contact && !(j == just_hit && norm2(d) < just_hit2_)) {
            contact = {time, j};
          }
        }
      }
    }
  }

  std::int32_t side_;                // cells
  Real width_;                       // of a cell
  Real diameter2_;                   // squared
  Real just_hit2_;                   // squared distance below which two disks that have just collided still touch
  std::vector<std::int32_t> first_;  // (side * side,) of the list of each cell
  std::vector<Disk> disks_;          // (n,)
};

}  // namespace hthm::event_driven
