// The units in which the exact engine works: those of its user times powers of two, so that nothing is rounded on the
// way there and back, and squares and quotients neither overflow nor vanish at any scale of the user's.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/paced_array.hpp"
#include "core/run.hpp"

namespace hthm::event_driven {

/// Of all components of vectors (n,), the largest in size.
inline double largest_component(const Vec* vectors, std::int64_t n, Pace& pace) {
  double largest = 0;
  in_pieces(0, n, pace, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      largest = std::max({largest, std::abs(vectors[i].x), std::abs(vectors[i].y)});
    }
  });
  return largest;
}

/// Inside, the box is in [1, 2), and so is the largest component of a velocity; where all disks are at rest it is the
/// time between frames that is. A velocity below 2^-1022 of the largest may round to zero inside: it moves nothing.
/// Back outside, what is smaller than the least normal number is rounded to the multiples of the least number there is.
class Units {
 public:
  Units(const Setup& setup, const Vec* velocities, std::int64_t n, Pace& pace) : length_{-std::ilogb(setup.box)} {
    const double fastest = largest_component(velocities, n, pace);
    speed_ = fastest > 0 ? std::min(-std::ilogb(fastest), most_power) : 0;
    time_ = fastest > 0 ? length_ - speed_ : -std::ilogb(setup.dt);
    length_back_ = std::ldexp(1.0, -length_);
    speed_back_ = std::ldexp(1.0, -speed_);
    time_back_ = std::ldexp(1.0, -time_ / 2);
    time_back_too_ = std::ldexp(1.0, -(time_ - time_ / 2));
    rate_back_ = std::ldexp(1.0, time_ / 2);
    rate_back_too_ = std::ldexp(1.0, time_ - time_ / 2);
    setup_ = {std::ldexp(setup.box, length_), std::ldexp(setup.diameter, length_),
              std::max(std::ldexp(setup.dt, time_), shortest_frame)};
  }

  /// The gas and the clock, inside.
  const Setup& setup() const { return setup_; }

  LargeArray<Vec> positions_inside(const Vec* x, std::int64_t n, Pace& pace) const {
    return multiplied(x, n, length_, pace);
  }
  LargeArray<Vec> velocities_inside(const Vec* v, std::int64_t n, Pace& pace) const {
    return multiplied(v, n, speed_, pace);
  }

  /// Lengths are multiplied by 2 to this.
  int length_power() const { return length_; }

  double length_outside(double x) const { return x * length_back_; }
  Vec velocity_outside(const Vec& v) const { return {v.x * speed_back_, v.y * speed_back_}; }
  /// The same for numbers with more digits, there and back; the type brings its own ldexp.
  template <class Long>
  Long long_length_outside(const Long& x) const {
    return ldexp(x, -length_);
  }
  template <class Long>
  Long long_speed_outside(const Long& v) const {
    return ldexp(v, -speed_);
  }
  int speed_power() const { return speed_; }

  /// What is counted in a unit of time, such as spins.
  LargeArray<double> rates_inside(const double* rates, std::int64_t count, Pace& pace) const {
    return mapped(rates, count, pace, [this](double rate) { return time_outside(rate); });
  }
  double rate_outside(double rate) const { return rate * rate_back_ * rate_back_too_; }

  double time_outside(double t) const { return t * time_back_ * time_back_too_; }  // one factor might overflow

 private:
  static constexpr int most_power = 1022;             // its inverse is a normal number
  static constexpr double shortest_frame = 0x1p-900;  // as good as a shorter one: nothing moves in either

  static LargeArray<Vec> multiplied(const Vec* a, std::int64_t n, int power, Pace& pace) {
    return mapped(a, n, pace,
                  [factor = std::ldexp(1.0, power)](const Vec& v) { return Vec{v.x * factor, v.y * factor}; });
  }

  int length_, speed_ = 0, time_ = 0;  // powers of two by which lengths, velocities and times are multiplied
  double length_back_ = 1, speed_back_ = 1, time_back_ = 1, time_back_too_ = 1, rate_back_ = 1, rate_back_too_ = 1;
  Setup setup_{};
};

}  // namespace hthm::event_driven
