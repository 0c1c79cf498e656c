// The collision of two hard disks, eqs. (7) and (8) of arXiv:2508.14003: the one place it is written.
#pragma once

#include <cmath>
#include <limits>

#include "core/vec2.hpp"

namespace hthm {

/// What becomes of a collision between disks of one kind: what the rule says, as it is.
struct Alike {
  template <class Part>
  static const Part& to_i(const Part& part) {
    return part;
  }
  template <class Part>
  static const Part& to_j(const Part& part) {
    return part;
  }
  template <class Real>
  static const Real& of_j(const Real& per_radius) {
    return per_radius;
  }
  template <class Real>
  static const Real& at_j(const Real& surface) {
    return surface;
  }
};

/// The same between disks of other masses and radii. What a rule gives either of two equal disks, each of these gets
/// its share of: twice the mass of the other over the mass of both, which for equal masses is 1 exactly.
struct Unlike {
  double share_i = 1, share_j = 1;
  double ratio = 1;  // of the radius of j to that of i

  static Unlike of(double mass_i, double mass_j, double diameter_i, double diameter_j) {
    const double both = mass_i + mass_j;
    return {2 * mass_j / both, 2 * mass_i / both, diameter_j / diameter_i};
  }

  template <class Real>
  Vec2<Real> to_i(const Vec2<Real>& part) const {
    return {share_i * part.x, share_i * part.y};
  }
  template <class Real>
  Vec2<Real> to_j(const Vec2<Real>& part) const {
    return {share_j * part.x, share_j * part.y};
  }
  double to_i(double part) const { return share_i * part; }
  double to_j(double part) const { return share_j * part; }

  /// What is counted in radii of i, such as how far a surface turns, in radii of j; and the other way round.
  double of_j(double per_radius) const { return per_radius / ratio; }
  double at_j(double surface) const { return ratio * surface; }
};

/// Exchange the normal components of the velocities of two disks whose centres are `d` = x_i - x_j apart, eq. (7).
/// Returns false, and changes nothing, where the disks are moving apart, eq. (8), or where the centres are so close
/// that d2 = |d|^2 is subnormal and there is no normal to speak of.
/// Division by the distance, not multiplication by its inverse: the two differ in the last bit in 29 % of cases.
template <class Real, class Kinds = Alike>
inline bool collide(const Vec2<Real>& d, const Real& d2, Vec2<Real>& v_i, Vec2<Real>& v_j, const Kinds& kinds = {}) {
  using std::sqrt;  // another Real brings its own, found by its namespace
  if (d2 < std::numeric_limits<double>::min()) return false;
  const Real r = sqrt(d2);
  const Vec2<Real> normal{d.x / r, d.y / r};
  const Real closing = (v_i.x - v_j.x) * normal.x + (v_i.y - v_j.y) * normal.y;
  if (closing > 0) return false;
  const Vec2<Real> p{closing * normal.x, closing * normal.y};
  const Vec2<Real> p_i = kinds.to_i(p), p_j = kinds.to_j(p);
  v_i = {v_i.x - p_i.x, v_i.y - p_i.y};
  v_j = {v_j.x + p_j.x, v_j.y + p_j.y};
  return true;
}

}  // namespace hthm
