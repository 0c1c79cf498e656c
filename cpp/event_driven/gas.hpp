// Exact dynamics of hard disks, from collision to collision.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/paced_array.hpp"
#include "core/run.hpp"
#include "core/stop_request.hpp"
#include "event_driven/calendar.hpp"
#include "event_driven/carried.hpp"
#include "event_driven/cells.hpp"
#include "event_driven/cells_a_side.hpp"
#include "event_driven/clock.hpp"
#include "event_driven/long_state.hpp"
#include "rules/rule.hpp"

namespace hthm::event_driven {

/// A gas of hard disks. Each disk has one event in the calendar, the earlier of its predicted collision and its exit
/// from its cell; only the disks of an event are moved. With a `LongState` that is where they truly are: what is here
/// is that state rounded, good for predictions.
template <class Real, CollisionRule Rule, class Truth = NoLongState>
class Gas {
 public:
  /// Positions (n,) in [0, box), no two overlapping, and velocities (n,), in units like `Units`: of about one box and
  /// one of the fastest disk, and what disks carry besides. The level, which the CPU must have, changes the speed, and
  /// results by no more than rounding. Throws Stopped where `pace` says so.
  Gas(const Rule& rule, const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n, Simd level,
      Pace& pace, Truth truth = {}, const CarriedStart& carried = {})
      : Gas{rule,      setup,
            positions, velocities,
            n,         level,
            pace,      std::move(truth),
            carried,   time_to_cross_box(setup.box, carried.bounds ? carried.bounds : velocities, n, pace)} {}

  std::int64_t size() const { return cells_.size(); }

  /// Advance by one frame; `collided(i, j, time)` is called after each collision, time counted from `epoch_start()`,
  /// `turned(time)` before whatever happens, and `shifted(count)` after so many disks and buckets have been taken into
  /// the next epoch. Of many disks `expected(i, j)` is called where two are likely to collide soon, for whoever would
  /// have memory fetched until then.
  template <class OnCollision, class OnTurn, class OnPiece, class OnExpected>
  void advance_frame(const OnCollision& collided, const OnTurn& turned, const OnPiece& shifted,
                     const OnExpected& expected) {
    if (epochs_.frames > 1) {
      ++frames_in_epoch_;
      run_until(Real(static_cast<double>(frames_in_epoch_)) * Real(dt_), collided, turned, expected);
      if (frames_in_epoch_ == epochs_.frames) next_epoch(shifted);
    } else {
      for (std::int64_t k = 0; k < epochs_.epochs; ++k) {
        run_until(Real(epochs_.length), collided, turned, expected);
        next_epoch(shifted);
      }
    }
  }

  /// Time of the run at which the present epoch began.
  double epoch_start() const {
    const auto done = static_cast<double>(epochs_done_);
    return epochs_.frames > 1 ? done * static_cast<double>(epochs_.frames) * dt_
                              : done / static_cast<double>(epochs_.epochs) * dt_;
  }

  /// Time of the present epoch at the end of the last frame.
  double frame_end() const { return static_cast<double>(frames_in_epoch_) * dt_; }

  double epoch_length() const { return epochs_.length; }

  /// Where a disk is at the end of the last frame, not wrapped into the box.
  Vec2<Real> position(std::int32_t i) const {
    return position_at(i, Real(static_cast<double>(frames_in_epoch_)) * Real(dt_));
  }

  /// Where it is at a time of the present epoch if it does not collide before, not wrapped either.
  Vec2<Real> position_at(std::int32_t i, const Real& time) const { return cells_.position_in_box(i, time); }

  const Vec2<Real>& velocity(std::int32_t i) const { return cells_[i].velocity; }

  /// The true state, and the time of the run at the end of the last frame in its numbers; gases with a `LongState`
  /// only.
  const Truth& truth() const { return truth_; }
  typename Truth::Number long_frame_end() const {
    return long_epoch_start() + typename Truth::Number(frames_in_epoch_) * exactly<typename Truth::Number>(dt_);
  }
  const Inner<Real, Rule::inner>& inner(std::int32_t i) const { return cells_[i].inner; }

 private:
  using Disk = typename Cells<Real, Rule>::Disk;
  using JustHit = typename Cells<Real, Rule>::JustHit;

  Gas(const Rule& rule, const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n, Simd level,
      Pace& pace, Truth truth, const CarriedStart& carried, double crossing)
      : Gas{rule,
            setup,
            positions,
            velocities,
            n,
            level,
            pace,
            std::move(truth),
            carried,
            crossing,
            Rates{{setup.box, typical_diameter(rule, setup.diameter), setup.dt},
                  setup.box / cells_a_side(setup.box, rule.reach(setup.diameter), n),
                  crossing,
                  n}} {}

  Gas(const Rule& rule, const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n, Simd level,
      Pace& pace, Truth truth, const CarriedStart& carried, double crossing, const Rates& rates)
      : rule_{rule},
        truth_{std::move(truth)},
        dt_{setup.dt},
        epochs_{cut_into_epochs(setup.dt, rates.longest_epoch(crossing, n))},
        cells_{rule, setup,         positions, velocities, n, level, {crossing, epochs_.length, rates.look_ahead()},
               pace, carried.inside},
        calendar_{n, Real(epochs_.length), rates.events() * epochs_.length * static_cast<double>(n), pace} {
    for (std::int32_t i = 0; i < n; ++i) {
      pace.did(8);  // so much as eight disks are elsewhere
      look_around(i);
      schedule(i);
    }
  }

  /// Without an error: an epoch is a power of two frames, or a frame one of epochs.
  typename Truth::Number long_epoch_start() const {
    return typename Truth::Number(epochs_done_) * exactly<typename Truth::Number>(epochs_.length);
  }

  template <class OnCollision, class OnTurn, class OnExpected>
  void run_until(const Real& end, const OnCollision& collided, const OnTurn& turned, const OnExpected& expected) {
    for (std::int32_t i = calendar_.earliest(); i >= 0; i = calendar_.earliest()) {
      const Real time = calendar_.time(i);
      if (!(time < end)) return;
      turned(time);
      if (size() > cached) look_ahead(expected);
      const Disk& disk = cells_[i];
      if (disk.contact > time) {
        cross(i, time);
      } else if (disk.partner >= 0 && calendar_.note(i).partner_collisions == cells_[disk.partner].collisions) {
        hit(i, disk.partner, time, collided);
      } else {  // nobody in sight, or the partner has been hit by another disk since
        cells_[i].move_to(time);
        look_around(i);
        schedule(i);
      }
    }
  }

  /// Have fetched from memory what the next events will need, while those before them happen.
  template <class OnExpected>
  [[gnu::noinline]] void look_ahead(const OnExpected& expected) {
    const auto soon = [this](std::int32_t i) {
      cells_.fetch(i);
      calendar_.fetch(i);
    };
    calendar_.look_ahead(soon, [this, &soon, &expected](std::int32_t i, int part) {
      const Disk& disk = cells_[i];
      if (disk.contact > calendar_.time(i)) {
        cells_.fetch_fresh(i, calendar_.note(i).exit, part);
      } else {
        const std::int32_t j = std::max(disk.partner, 0);
        cells_.fetch_around(i, part);
        if (part == 0) soon(j);
        if (part == 1) expected(i, j);
      }
    });
  }

  void cross(std::int32_t i, const Real& time) {
    Disk& disk = cells_[i];
    disk.move_to(time);
    const Contact<Real> known{disk.contact, disk.partner};
    const Contact<Real> contact = cells_.cross(i, calendar_.note(i).exit, known);
    if (contact.partner != known.partner || contact.time != known.time) expect(i, contact);
    schedule(i);
  }

  /// Part of the loop, as `schedule` is: GCC would call them, which costs 2 % of a collision.
  template <class OnCollision>
  [[gnu::always_inline]] void hit(std::int32_t i, std::int32_t j, const Real& time, const OnCollision& collided) {
    Disk &a = cells_[i], &b = cells_[j];
    a.move_to(time);
    b.move_to(time);
    Vec2<Real> d;
    bool changed;
    if constexpr (Truth::kept) {
      changed = meet_truly(i, j, time, d);
    } else {
      d = cells_.separation_at_contact(i, j);
      changed = between(rule_, i, j)
                    .collide(d, norm2(d), Body<Rule, Real>{a.velocity, a.inner}, Body<Rule, Real>{b.velocity, b.inner});
    }
    if (changed) {
      ++a.collisions;
      ++b.collisions;
      collided(std::min(i, j), std::max(i, j), Truth::kept ? a.time : time);
    }
    cells_.turned(i);
    cells_.turned(j);
    b.contact = never<Real>;
    const auto seen_by_i = cells_.view(i), seen_by_j = cells_.view(j);  // what both need is fetched side by side
    expect(i, cells_.first_contact(i, {j, {-d.x, -d.y}}, seen_by_i));
    schedule(i);
    expect(j, cells_.first_contact(j, {i, d}, seen_by_j));
    schedule(j);
  }

  /// Let two disks collide in the true state, `d` = x_i - x_j apart, and round it; false where they miss each other.
  bool meet_truly(std::int32_t i, std::int32_t j, const Real& time, Vec2<Real>& d) {
    using Number = typename Truth::Number;
    const Number began = long_epoch_start(), width = exactly<Number>(cells_.width());
    const auto meeting = truth_.meet(rule_, i, j, began + exactly<Number>(time));
    d = {static_cast<Real>(meeting.way.x), static_cast<Real>(meeting.way.y)};
    if (!meeting.hit) return false;
    for (const std::int32_t k : {i, j}) {
      const auto& disk = truth_[k];
      cells_[k].position = truth_.position_from({Number(cells_[k].column) * width, Number(cells_[k].row) * width}, k);
      cells_[k].velocity = {static_cast<Real>(disk.velocity.x), static_cast<Real>(disk.velocity.y)};
      cells_[k].time = static_cast<Real>(disk.time - began);
    }
    return true;
  }

  void look_around(std::int32_t i) { expect(i, cells_.first_contact(i, JustHit{}, cells_.view(i))); }

  void expect(std::int32_t i, const Contact<Real>& contact) {
    cells_[i].contact = contact.time;
    cells_[i].partner = contact.partner;
    if (contact.partner >= 0) calendar_.note(i).partner_collisions = cells_[contact.partner].collisions;
  }

  /// The disk is at its own time: the earlier of its contact and its exit.
  [[gnu::always_inline]] void schedule(std::int32_t i) {
    const Disk& disk = cells_[i];
    const Exit<Real> exit = exit_from_cell(disk.position, disk.velocity, cells_.width());
    calendar_.note(i).exit = exit.side;
    calendar_.schedule(i, std::min(Real(disk.time + exit.time), disk.contact));
  }

  template <class OnPiece>
  void next_epoch(const OnPiece& shifted) {
    const Real length{epochs_.length};
    cells_.shift_time(length, shifted);
    calendar_.shift_time(length, shifted);
    frames_in_epoch_ = 0;
    ++epochs_done_;
  }

  Rule rule_;
  [[no_unique_address]] Truth truth_;
  double dt_;
  Epochs epochs_;
  std::int64_t frames_in_epoch_ = 0;
  std::int64_t epochs_done_ = 0;
  Cells<Real, Rule> cells_;
  Calendar<Real> calendar_;
};

}  // namespace hthm::event_driven
