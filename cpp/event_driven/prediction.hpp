// When two disks will touch, and when one leaves its cell.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "core/vec2.hpp"

namespace hthm::event_driven {

/// Later than any event. A finite number, so that a Real without infinity will do; shifts of the clock do not reach it.
template <class Real>
inline const Real never{1e300};

/// A predicted collision: with whom, and when.
template <class Real>
struct Contact {
  Real time = never<Real>;
  std::int32_t partner = -1;
};

/// Time until two disks touch that are now `d` = x_j - x_i apart and move at `v` = v_j - v_i; `never` if they miss, or
/// where it is plain without a root that they touch no sooner than `before`.
///
/// The root is (r^2 - sigma^2) / (-b + sqrt(disc)), which does not cancel near contact, as (-b - sqrt(disc)) / v^2
/// does. disc = v^2 sigma^2 - (d x v)^2 rather than b^2 - v^2 (r^2 - sigma^2): the same number, but far from contact
/// the latter loses (r / sigma)^2 of its digits. Where disks already overlap by a rounding error the time is 0.
template <class Real>
inline Real time_to_contact(const Vec2<Real>& d, const Vec2<Real>& v, const Real& diameter2, const Real& before) {
  using std::sqrt;  // another Real brings its own, found by its namespace
  const Real b = d.x * v.x + d.y * v.y;
  if (!(b < 0)) return never<Real>;
  const Real gap = norm2(d) - diameter2;
  if (gap >= -2 * b * before) return never<Real>;  // sqrt(disc) <= -b
  const Real cross = d.x * v.y - d.y * v.x;
  const Real disc = norm2(v) * diameter2 - cross * cross;
  if (disc < 0) return never<Real>;
  return gap > 0 ? Real(gap / (sqrt(disc) - b)) : Real(0);
}

/// Where a disk leaves its cell: through which side, and in how long.
enum class Side : std::int8_t { left, right, bottom, top };

template <class Real>
struct Exit {
  Real time = never<Real>;  // until then
  Side side = Side::left;
};

/// The exit from a cell of side `width` for a disk at `x` in it; never, for a disk at rest. Which way a disk flies is a
/// matter of chance: it is looked up, for a branch on it would be guessed wrong every other time.
template <class Real>
inline Exit<Real> exit_from_cell(const Vec2<Real>& x, const Vec2<Real>& v, const Real& width) {
  const std::array<Real, 2> border = {Real(0), width};
  const auto time_to = [&border](const Real& from, const Real& speed) {
    if (speed == 0) return never<Real>;
    return std::max(Real((border[speed > 0] - from) / speed), Real(0));
  };
  const Real across = time_to(x.x, v.x), along = time_to(x.y, v.y);
  const int side = along < across ? 2 + static_cast<int>(v.y > 0) : static_cast<int>(v.x > 0);
  return {std::min(across, along), static_cast<Side>(side)};
}

}  // namespace hthm::event_driven
