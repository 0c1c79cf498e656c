// Where the disks of an exact run truly are: the state in long numbers beside that in which events are predicted.
#pragma once

#include <cstdint>
#include <utility>

#include "core/paced_array.hpp"
#include "core/run.hpp"
#include "event_driven/images.hpp"
#include "event_driven/long_real.hpp"
#include "rules/rule.hpp"

namespace hthm::event_driven {

/// Beside a gas that needs no other numbers than its own.
struct NoLongState {
  static constexpr bool kept = false;
  using Number = double;
};

/// Positions, velocities and times of the last collision, in numbers of type Long. Events are predicted, and put in
/// order, in double, from the state rounded; a collision that happens is solved again here.
template <class Long>
class LongState {
 public:
  static constexpr bool kept = true;
  using Number = Long;

  struct Disk {
    Vec2<Long> position;  // in [0, box), at `time`
    Vec2<Long> velocity;
    Long time = 0;  // of its last collision, since the start of the run
  };

  /// What became of a predicted collision: that of the disks themselves, of which `way` = x_i - x_j; or nothing, where
  /// they pass each other by less than a double can tell.
  struct Meeting {
    bool hit = false;
    Vec2<Long> way{};
  };

  LongState(const Setup& setup, LargeArray<Disk> disks)
      : box_{setup.box},
        half_box_{setup.box / 2},
        diameter_{setup.diameter},
        has_touching_images_{setup.diameter > 0.49 * setup.box},
        disks_(std::move(disks)) {}

  const Disk& operator[](std::int32_t i) const { return disks_[static_cast<std::size_t>(i)]; }

  /// Where a disk is at a time, if it does not collide before, in [0, box).
  Vec2<Long> position_at(std::int32_t i, const Long& time) const {
    const Disk& disk = (*this)[i];
    const Long elapsed = time - disk.time;
    return {wrapped_into<Long>(disk.position.x + disk.velocity.x * elapsed, box_),
            wrapped_into<Long>(disk.position.y + disk.velocity.y * elapsed, box_)};
  }

  /// The same from the corner of a cell, which is near.
  Vec2<double> position_from(const Vec2<Long>& corner, std::int32_t i) const {
    const Vec2<Long> way = separation((*this)[i].position, corner, box_, half_box_);
    return {static_cast<double>(way.x), static_cast<double>(way.y)};
  }

  /// Let two disks collide that are predicted to do so at about a time: when they touch by all the digits there are.
  template <class Rule>
  Meeting meet(const Rule& rule, std::int32_t i, std::int32_t j, const Long& about) {
    using boost::multiprecision::sqrt;
    Disk &a = at(i), &b = at(j);
    const Vec2<Long> v{a.velocity.x - b.velocity.x, a.velocity.y - b.velocity.y};
    Vec2<Long> d = separation(position_at(i, about), position_at(j, about), box_, half_box_);
    if (has_touching_images_) {
      const auto touching2 = [&](const Vec2<Long>& way) { return Long(rule.contact2(diameter_, way, v) * slack_); };
      d = nearest_approaching<Long>(d, v, box_, touching2);
    }
    const Long contact2 = rule.contact2(diameter_, d, v), v2 = norm2(v);
    const Long cross = d.x * v.y - d.y * v.x, discriminant = v2 * contact2 - cross * cross;
    if (discriminant < 0 || v2 == 0) return {false, d};
    const Long along = d.x * v.x + d.y * v.y, root = sqrt(discriminant);
    const Long wait = along < 0 ? Long((norm2(d) - contact2) / (root - along)) : Long(-(along + root) / v2);
    Long time = about + wait;
    if (time < a.time || time < b.time) {
      ++overtaken_;
      time = a.time > b.time ? a.time : b.time;
    }
    const Long later = time - about;
    d = {d.x + v.x * later, d.y + v.y * later};
    a.position = position_at(i, time);
    b.position = position_at(j, time);
    a.time = b.time = time;
    Inner<Long, Rule::inner> inner_a{}, inner_b{};
    return {rule.collide(d, norm2(d), Body<Rule, Long>{a.velocity, inner_a}, Body<Rule, Long>{b.velocity, inner_b}), d};
  }

  /// Collisions that ought to have come before one of theirs that had been carried out: doubles could not tell the
  /// order of the two. Disks that overlapped by rounding at the start count too.
  std::int64_t overtaken() const { return overtaken_; }

 private:
  Disk& at(std::int32_t i) { return disks_[static_cast<std::size_t>(i)]; }

  Long box_, half_box_, diameter_;
  Long slack_{1 + 1e-6};      // of a squared distance, within which two disks touch to rounding
  bool has_touching_images_;  // a disk may touch two images of another at once, to rounding
  LargeArray<Disk> disks_;    // (n,)
  std::int64_t overtaken_ = 0;
};

}  // namespace hthm::event_driven
