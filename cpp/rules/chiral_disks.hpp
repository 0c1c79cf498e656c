// Chiral disks, arXiv:2602.21367: pairs that pass on one side touch at another distance than those that pass on the
// other, and then do what smooth disks do. Each collision has another sense than its reverse would have.
#pragma once

#include <cmath>
#include <limits>

#include "rules/collision.hpp"
#include "rules/rule.hpp"

namespace hthm {

/// The sense is the sign of the z component of v x n, n pointing from j to i as d does. It is the same whichever disk
/// is i, and a collision keeps it. Pairs of sense -1 touch at diameter + delta, those of sense +1 at diameter - delta,
/// and those that meet head-on, which have none, at the diameter: so the mirror image is that of -delta, exactly.
struct ChiralDisks {
  static constexpr int inner = 0;

  double delta = 0;  // of either sign, in size below the diameter, and in its unit

  ChiralDisks scaled(int power) const { return {std::ldexp(delta, power)}; }
  double reach(double diameter) const { return diameter + std::abs(delta); }
  double nearest(double diameter) const { return diameter - std::abs(delta); }

  /// By the unit normal, so that no product of small numbers vanishes; without one, `collide` refuses.
  bool touch(double diameter, const Vec2<double>& d, const Vec2<double>& v) const {
    const double d2 = norm2(d);
    if (d2 < std::numeric_limits<double>::min()) return true;
    const double r = std::sqrt(d2);
    return d2 < contact2(diameter, Vec2<double>{d.x / r, d.y / r}, v);
  }

  template <class Real>
  Real contact2(const Real& diameter, const Vec2<Real>& d, const Vec2<Real>& v) const {
    const Real plus = v.x * d.y, minus = v.y * d.x;
    const Real distance = plus < minus ? Real(diameter + delta) : plus > minus ? Real(diameter - delta) : diameter;
    return distance * distance;
  }

  /// Impact parameters, in diameters, from -(1 + delta) to 1 - delta: their sign is the sense.
  double sine(double diameter, double impact) const {
    const double shift = delta / diameter, b = impact - shift;
    return b < 0 ? b / (1 + shift) : b / (1 - shift);
  }

  template <class Real, class Kinds = Alike>
  static bool collide(const Vec2<Real>& d, const Real& d2, Body<ChiralDisks, Real> i, Body<ChiralDisks, Real> j,
                      const Kinds& kinds = {}) {
    return hthm::collide(d, d2, i.velocity, j.velocity, kinds);
  }
};

static_assert(CollisionRule<ChiralDisks>);

}  // namespace hthm
