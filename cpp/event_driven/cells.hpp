// Disks in square cells, each disk at its own time: where it is, who is near, and when it will touch one of them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/paced_array.hpp"
#include "core/prefetch.hpp"
#include "core/run.hpp"
#include "core/stop_request.hpp"
#include "event_driven/cell_blocks.hpp"
#include "event_driven/cells_a_side.hpp"
#include "event_driven/clock.hpp"
#include "event_driven/disk.hpp"
#include "event_driven/images.hpp"
#include "event_driven/prediction.hpp"
#include "event_driven/ways.hpp"
#include "rules/rule.hpp"

namespace hthm::event_driven {

/// The disks of a box. A disk's position is relative to the corner of its cell: it keeps all its digits, and neither
/// the way to a disk in the next cell nor the way round the box needs a minimum image.
template <class Real, CollisionRule Rule>
class Cells {
 public:
  using Disk = event_driven::Disk<Real, Rule>;
  using JustHit = event_driven::JustHit<Real>;
  static_assert(Rule::inner > 0 || sizeof(Real) > 8 || sizeof(Disk) == 64);  // one line of the cache

  /// Positions (n,) in [0, box) and velocities (n,), all at time 0, and what disks carry (n, inner of the rule), or
  /// null: 0.
  Cells(const Rule& rule, const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n, Simd level,
        const Horizons& horizons, Pace& pace, const double* carried = nullptr)
      : rule_{rule},
        side_{cells_a_side(setup.box, rule.reach(setup.diameter), n)},
        width_{Real(setup.box) / Real(side_)},
        diameter_{setup.diameter},
        has_touching_images_{rule.reach(setup.diameter) > 0.49 * setup.box},
        look_ahead_{horizons.look_ahead},
        units_{setup.box, rule.reach(setup.diameter), setup.box / side_, horizons.crossing, horizons.epoch, n},
        filters_{lane_filters(level)},
        blocks_{std::int64_t{side_} * side_, n, pace},
        around_(static_cast<std::size_t>(side_) + 2),
        disks_(defaults<Disk>(n, pace)) {
    for (std::int32_t k = -1; k <= side_; ++k) around_[static_cast<std::size_t>(k + 1)] = (k + side_) % side_;
    for (std::size_t i = 0; i < disks_.size(); ++i) {
      pace.did(1);
      Disk& disk = disks_[i];
      disk.column = place(positions[i].x, disk.position.x);
      disk.row = place(positions[i].y, disk.position.y);
      disk.velocity = {Real(velocities[i].x), Real(velocities[i].y)};
      if constexpr (Rule::inner > 0) set_inner(disk.inner, carried, static_cast<std::int64_t>(i));
      link(static_cast<std::int32_t>(i));
    }
  }

  std::int64_t size() const { return static_cast<std::int64_t>(disks_.size()); }
  Disk& operator[](std::int32_t i) { return disks_[static_cast<std::size_t>(i)]; }
  const Disk& operator[](std::int32_t i) const { return disks_[static_cast<std::size_t>(i)]; }
  const Real& width() const { return width_; }

  /// Have fetched what is known of a disk; once that is there, the cells that will be looked at when it leaves its own,
  /// or when it hits another, a third of them a call.
  void fetch(std::int32_t i) const { prefetch(&(*this)[i]); }
  void fetch_fresh(std::int32_t i, Side side, int part) const {
    const Disk& disk = (*this)[i];
    const Way& out = ways_out[static_cast<std::size_t>(side)];
    const std::int32_t column = around_[static_cast<std::size_t>(disk.column + 1 + out.column)],
                       row = around_[static_cast<std::size_t>(disk.row + 1 + out.row)];
    if (part == 0) {
      blocks_.fetch(cell(disk.column, disk.row));
    } else if (part == 1) {
      blocks_.fetch(cell(column, row));
    } else {
      // Of its cell this one moves to the lane that falls free, as a rule.
      fetch(blocks_.last_of_first_block(cell(disk.column, disk.row)));
      for (const Way& way : fresh_ways[static_cast<std::size_t>(side)]) fetch_cell(column, row, way);
    }
  }
  void fetch_around(std::int32_t i, int part) const {
    const Disk& disk = (*this)[i];
    for (std::size_t k = 0; k < 3; ++k) {
      fetch_cell(disk.column, disk.row, all_ways[3 * static_cast<std::size_t>(part) + k]);
    }
  }

  /// Let the others see that a disk has a new velocity.
  void turned(std::int32_t i) { show((*this)[i]); }

  /// Where a disk will be at `time` in the box, not wrapped.
  Vec2<Real> position_in_box(std::int32_t i, const Real& time) const {
    const Disk& disk = (*this)[i];
    const Vec2<Real> inside = disk.position_at(time);
    return {Real(disk.column) * width_ + inside.x, Real(disk.row) * width_ + inside.y};
  }

  /// x_i - x_j of two disks in contact, both at their own time, through the image that is touched: the nearest one, or
  /// where the box is so narrow that both sides may touch, the nearest of those that approach.
  Vec2<Real> separation_at_contact(std::int32_t i, std::int32_t j) const {
    const Disk &a = (*this)[i], &b = (*this)[j];
    const Vec2<Real> d{nearest(a.position.x - b.position.x, a.column - b.column),
                       nearest(a.position.y - b.position.y, a.row - b.row)};
    if (!has_touching_images_) return d;
    const Vec2<Real> v{a.velocity.x - b.velocity.x, a.velocity.y - b.velocity.y};
    const auto touching2 = [&](const Vec2<Real>& way) {
      return Real(between(rule_, i, j).contact2(diameter_, way, v) * Real(1 + 1e-6));  // to rounding
    };
    return nearest_approaching<Real>(d, v, Real(side_) * width_, touching2);
  }

  /// Put a disk that is at the border of its cell into the next one; returns the earlier of `contact` and the contacts
  /// with disks of the three cells that have become neighbours.
  Contact<Real> cross(std::int32_t i, Side side, Contact<Real> contact) {
    Disk& disk = (*this)[i];
    unlink(i);
    switch (side) {
      case Side::left:
        disk.column = wrapped(disk.column - 1), disk.position.x = width_;
        break;
      case Side::right:
        disk.column = wrapped(disk.column + 1), disk.position.x = Real(0);
        break;
      case Side::bottom:
        disk.row = wrapped(disk.row - 1), disk.position.y = width_;
        break;
      case Side::top:
        disk.row = wrapped(disk.row + 1), disk.position.y = Real(0);
        break;
    }
    link(i);
    const std::array<Way, 3>& ways = fresh_ways[static_cast<std::size_t>(side)];
    search(i, {}, ways, view(i, ways, contact.time), contact);
    return contact;
  }

  /// The view all around; of many disks, those that it may hit are fetched.
  View<9> view(std::int32_t i) const { return view(i, all_ways, Real((*this)[i].time + look_ahead_)); }

  /// The earliest contact of a disk with any other, but not with what it has just hit, and still touches. Where there
  /// is none as far as the disk looks, it is one with nobody, at the time to look again.
  Contact<Real> first_contact(std::int32_t i, const JustHit& just_hit, const View<9>& seen) const {
    Contact<Real> contact{(*this)[i].time + look_ahead_, -1};
    search(i, just_hit, all_ways, seen, contact);
    return contact;
  }

  /// Set back the clock of every disk; `shifted(count)` is called after every so many.
  template <class OnPiece>
  void shift_time(const Real& length, const OnPiece& shifted) {
    for (std::int64_t i = 0; i < size(); ++i) {
      Disk& disk = disks_[static_cast<std::size_t>(i)];
      disk.time = disk.time - length;
      disk.contact = disk.contact - length;
      show(disk);
      if (i % 0x4000 == 0) shifted(0x4000);
    }
  }

 private:
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

  void fetch_cell(int column, int row, const Way& way) const {
    blocks_.fetch(cell(around_[static_cast<std::size_t>(column + 1 + way.column)],
                       around_[static_cast<std::size_t>(row + 1 + way.row)]));
  }

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

  /// From a coordinate in a cell to the corners of the cell before it, its own, and the next, in the units of the
  /// lanes.
  std::array<float, 3> ways_to_cells(const Real& inside) const {
    const float x = units_.length(static_cast<double>(inside));
    return {-units_.width() - x, -x, units_.width() - x};
  }

  /// The view of disk i, which is at its own time, in these cells, of whom it may hit before `end`.
  template <std::size_t count>
  View<count> view(std::int32_t i, const std::array<Way, count>& ways, const Real& end) const {
    const Disk& disk = (*this)[i];
    const std::array<float, 3> way_x = ways_to_cells(disk.position.x), way_y = ways_to_cells(disk.position.y);
    const std::int32_t *column = &around_[static_cast<std::size_t>(disk.column + 1)],
                       *row = &around_[static_cast<std::size_t>(disk.row + 1)];
    View<count> seen;
    seen.sight =
        units_.sight(to_double(disk.velocity), static_cast<double>(disk.time), static_cast<double>(end - disk.time));
    seen.crowded = CellBlocks::none;
#pragma GCC unroll 9
    for (std::size_t k = 0; k < count; ++k) {
      const std::int32_t block = cell(column[ways[k].column], row[ways[k].row]);
      seen.looks[k] = {block, way_x[static_cast<std::size_t>(ways[k].column + 1)],
                       way_y[static_cast<std::size_t>(ways[k].row + 1)]};
      seen.crowded &= blocks_.next(block);
    }
    seen.possible = (count == 9 ? filters_.nine : filters_.three)(blocks_.lanes(), seen.sight, seen.looks.data());
    if (count == 9 && CellBlocks::block_of(disk.slot) == seen.looks[own_way].block) {  // a disk always finds itself
      seen.possible.eight &=
          ~(std::uint64_t{1} << (Lanes::count * own_way + static_cast<std::size_t>(disk.slot) % Lanes::count));
    }
    if (size() > cached) {
      for (std::uint64_t rest = seen.possible.eight; rest != 0; rest &= rest - 1) {
        const int bit = std::countr_zero(rest);
        const Look& look = seen.looks[static_cast<std::size_t>(bit / Lanes::count)];
        fetch(blocks_.disk(look.block * Lanes::count + bit % Lanes::count));
      }
    }
    return seen;
  }

  /// Look for an earlier contact of disk i among those that it sees.
  template <std::size_t count>
  void search(std::int32_t i, const JustHit& just_hit, const std::array<Way, count>& ways, const View<count>& seen,
              Contact<Real>& contact) const {
    Possible possible = seen.possible;
    for (; possible.eight != 0; possible.eight &= possible.eight - 1) {
      const int bit = std::countr_zero(possible.eight);
      const auto k = static_cast<std::size_t>(bit / Lanes::count);
      consider(i, seen.looks[k].block, bit % Lanes::count, ways[k], just_hit, contact);
    }
    for (; possible.ninth != 0; possible.ninth &= possible.ninth - 1) {
      consider(i, seen.looks[count - 1].block, std::countr_zero(possible.ninth), ways[count - 1], just_hit, contact);
    }
    if (seen.crowded != CellBlocks::none) search_crowded(i, just_hit, ways, seen, contact);
  }

  /// The same for the blocks that follow the first one of a cell.
  template <std::size_t count>
  void search_crowded(std::int32_t i, const JustHit& just_hit, const std::array<Way, count>& ways,
                      const View<count>& seen, Contact<Real>& contact) const {
    for (std::size_t k = 0; k < count; ++k) {
      Look look = seen.looks[k];
      while ((look.block = blocks_.next(look.block)) != CellBlocks::none) {
        for (std::uint64_t rest = filters_.one(blocks_.lanes(), seen.sight, &look).eight; rest != 0; rest &= rest - 1) {
          consider(i, look.block, std::countr_zero(rest), ways[k], just_hit, contact);
        }
      }
    }
  }

  /// Whether disk i hits the one in a lane, which the filter cannot rule out, before `contact`.
  /// A disk that expects a collision before it would meet disk i is passed over: it will look again then, and the
  /// earlier of the two events is what counts.
  void consider(std::int32_t i, std::int32_t block, int lane, const Way& way, const JustHit& just_hit,
                Contact<Real>& contact) const {
    const std::int32_t j = blocks_.disk(block * Lanes::count + lane);
    if (j == i) return;
    const Disk &disk = (*this)[i], &other = (*this)[j];
    const Vec2<Real> x = other.position_at(disk.time);
    const Vec2<Real> d{x.x - disk.position.x + Real(way.column) * width_,
                       x.y - disk.position.y + Real(way.row) * width_};
    const Vec2<Real> v{other.velocity.x - disk.velocity.x, other.velocity.y - disk.velocity.y};
    const Real theirs = other.contact, soonest = contact.time < theirs ? contact.time : theirs;
    const Real contact2 = between(rule_, i, j).contact2(diameter_, d, v);
    const Real time = disk.time + time_to_contact(d, v, contact2, Real(soonest - disk.time));
    if (time < soonest && !(j == just_hit.partner && is_same_image(d, just_hit.way, width_))) contact = {time, j};
  }

  Rule rule_;
  std::int32_t side_;         // cells
  Real width_;                // of a cell
  Real diameter_;             // of a disk, in a mixture of the largest
  bool has_touching_images_;  // a disk may touch two images of another at once, to rounding
  Real look_ahead_;           // how far a disk looks into the future
  LaneUnits units_;
  LaneFilters filters_;
  CellBlocks blocks_;
  std::vector<std::int32_t> around_;  // (side + 2,) the column or row -1 is the last, the one after the last is 0
  LargeArray<Disk> disks_;            // (n,)
};

}  // namespace hthm::event_driven
