// How the time of a run is cut into frames and epochs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/run.hpp"
#include "core/stop_request.hpp"
#include "core/vec2.hpp"
#include "event_driven/units.hpp"

namespace hthm::event_driven {

/// Every epoch counts its time from 0: after 1e9 events the digits of the time are those of the first. An epoch is a
/// whole number of frames, or a frame a whole number of epochs; that number is a power of two, so that the division is
/// exact and frame k ends at k * dt.
struct Epochs {
  double length;        // time
  std::int64_t frames;  // in an epoch, or 1
  std::int64_t epochs;  // in a frame, or 1
};

/// Times that bound what will be asked of the cells.
struct Horizons {
  double crossing;    // no disk can cross the box in less
  double epoch;       // after it the clock is set back
  double look_ahead;  // how far into the future a disk looks for collisions
};

/// The longest epoch up to `longest`.
inline Epochs cut_into_epochs(double dt, double longest) {
  const double ratio = std::clamp(longest / dt, 0x1p-62, 0x1p52);  // so many frames are never simulated; dt > 0, no NaN
  const int power = std::ilogb(ratio);
  return {std::ldexp(dt, power), power > 0 ? std::int64_t{1} << power : 1, power < 0 ? std::int64_t{1} << -power : 1};
}

/// The time in which no disk can go farther than one box, not even one that had all the energy.
inline double time_to_cross_box(double box, const Vec* velocities, std::int64_t n, Pace& pace) {
  const double fastest = largest_component(velocities, n, pace);
  if (!(fastest > 0)) return HUGE_VAL;
  double sum = 0;  // of the squares, in units of the fastest: no overflow
  in_pieces(0, n, pace, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      sum += norm2<double>({velocities[i].x / fastest, velocities[i].y / fastest});
    }
  });
  return box / fastest / std::sqrt(sum);
}

/// How often what happens to a disk, about: it sets the lengths of waits and queues, and no result depends on it.
struct Rates {
  double collisions;  // of a disk in a unit of time, by Enskog's formula
  double crossings;   // of cell borders

  /// `crossing` is the time in which the whole energy in one disk would take it across the box.
  Rates(const Setup& setup, double cell_width, double crossing, std::int64_t n) {
    const auto disks = static_cast<double>(n);
    const double speed = setup.box / crossing / std::sqrt(disks);  // root mean square
    const double sigma = setup.diameter / setup.box;
    const double filled = std::min(0.9, std::numbers::pi / 4 * disks * sigma * sigma);
    const double contact_value = (1 - 7 * filled / 16) / ((1 - filled) * (1 - filled));
    collisions = 2 * disks * sigma * contact_value * std::sqrt(std::numbers::pi / 2) * speed / setup.box;
    crossings = 2 / std::sqrt(std::numbers::pi) * speed / cell_width;
  }

  /// Of a disk in a unit of time; a fifth of the collisions leave behind a third disk that expected one of the two.
  double events() const { return 0.6 * collisions + crossings; }

  /// How far into the future a disk looks for a collision: five times as far as they are apart. In a dense gas that
  /// rules out half of what a disk flies towards, and less than one disk in a hundred has to look again.
  double look_ahead() const { return std::min(5 / collisions, 1e300); }

  /// Long enough for the start of an epoch to cost little, short enough for its queue to stay in the cache and for the
  /// time to keep its digits: four events a disk, while the typical disk flies no farther than a quarter of the box.
  double longest_epoch(double crossing, std::int64_t n) const {
    return std::min(4 / events(), crossing * std::min(4.0, std::sqrt(static_cast<double>(n)) / 4));
  }
};

}  // namespace hthm::event_driven
