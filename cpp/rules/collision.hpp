// The collision of two equal hard disks, eqs. (7) and (8) of arXiv:2508.14003: the one place it is written.
#pragma once

#include <cmath>
#include <limits>

#include "core/vec2.hpp"

namespace hthm {

/// Exchange the normal components of the velocities of two disks whose centres are `d` = x_i - x_j apart, eq. (7).
/// Returns false, and changes nothing, where the disks are moving apart, eq. (8), or where the centres are so close
/// that d2 = |d|^2 is subnormal and there is no normal to speak of.
/// Division by the distance, not multiplication by its inverse: the two differ in the last bit in 29 % of cases.
template <class Real>
inline bool collide(const Vec2<Real>& d, const Real& d2, Vec2<Real>& v_i, Vec2<Real>& v_j) {
  using std::sqrt;  // another Real brings its own, found by its namespace
  if (d2 < std::numeric_limits<double>::min()) return false;
  const Real r = sqrt(d2);
  const Vec2<Real> normal{d.x / r, d.y / r};
  const Real closing = (v_i.x - v_j.x) * normal.x + (v_i.y - v_j.y) * normal.y;
  if (closing > 0) return false;
  const Vec2<Real> p{closing * normal.x, closing * normal.y};
  v_i = {v_i.x - p.x, v_i.y - p.y};
  v_j = {v_j.x + p.x, v_j.y + p.y};
  return true;
}

}  // namespace hthm
