// A disk of the exact engine, at its own time, in its cell.
#pragma once

#include <cstdint>

#include "core/vec2.hpp"
#include "event_driven/prediction.hpp"
#include "rules/rule.hpp"

namespace hthm::event_driven {

/// So few disks lie in the second cache anyway: of more, what will be needed soon is fetched.
inline constexpr std::int64_t cached = 8000;

/// The partner of a collision that has just happened, and the way to it from the disk that looks: to the image that was
/// hit. In a box of two diameters another image may be as near, and is to be hit in its turn.
template <class Real>
struct JustHit {
  std::int32_t partner = -1;
  Vec2<Real> way{};
};

template <class Real, CollisionRule Rule>
struct alignas(64) Disk {
  Vec2<Real> position;  // in its cell, at `time`
  Vec2<Real> velocity;
  Real time{};                   // to which the position belongs
  Real contact = never<Real>;    // when its predicted collision is due
  std::int32_t partner = -1;     // of the predicted collision
  std::uint32_t collisions = 0;  // so far, modulo 2^32: tells whether a prediction made with this disk still holds
  std::int32_t slot = -1;        // among those of its cell
  std::int16_t column = 0, row = 0;
  [[no_unique_address]] Inner<Real, Rule::inner> inner{};

  /// Where it will be at another time, relative to the corner of its cell.
  Vec2<Real> position_at(const Real& then) const {
    const Real elapsed = then - time;
    return {position.x + velocity.x * elapsed, position.y + velocity.y * elapsed};
  }

  void move_to(const Real& then) {
    position = position_at(then);
    time = then;
  }
};

}  // namespace hthm::event_driven
