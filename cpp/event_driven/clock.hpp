// How the time of a run is cut into frames and epochs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../vec2.hpp"

namespace hthm::event_driven {

/// Every epoch counts its time from 0: after 1e9 events the digits of the time are those of the first. An epoch is a
/// whole number of frames, or a frame a whole number of epochs; that number is a power of two, so that the division is
/// exact and frame k ends at k * dt.
struct Epochs {
  double length;        // time
  std::int64_t frames;  // in an epoch, or 1
  std::int64_t epochs;  // in a frame, or 1
};

/// The longest epoch up to `longest`.
inline Epochs cut_into_epochs(double dt, double longest) {
  const double ratio = std::clamp(longest / dt, 0x1p-40, 0x1p20);  // NaN, from dt = 0, cannot come: dt > 0
  const int power = std::ilogb(ratio);
  return {std::ldexp(dt, power), power > 0 ? std::int64_t{1} << power : 1, power < 0 ? std::int64_t{1} << -power : 1};
}

/// The time in which no disk can go farther than one box, not even one that had all the energy.
inline double time_to_cross_box(double box, const Vec2<double>* velocities, std::int64_t n) {
  double fastest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    fastest = std::max({fastest, std::abs(velocities[i].x), std::abs(velocities[i].y)});
  }
  if (!(fastest > 0)) return HUGE_VAL;
  double sum = 0;  // of the squares, in units of the fastest: no overflow
  for (std::int64_t i = 0; i < n; ++i) sum += norm2<double>({velocities[i].x / fastest, velocities[i].y / fastest});
  return box / fastest / std::sqrt(sum);
}

}  // namespace hthm::event_driven
