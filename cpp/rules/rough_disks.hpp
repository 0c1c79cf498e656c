// Rough disks: they touch as smooth ones do, and rub: the collision turns them, and spin and translation exchange
// energy.
#pragma once

#include <cmath>
#include <limits>

#include "rules/collision.hpp"
#include "rules/rule.hpp"

namespace hthm {

/// What a disk carries is its spin w, counterclockwise. With n from j to i, t = z x n and v = v_i - v_j, the surfaces
/// move at g = v - radius (w_i + w_j) t where they touch, of which the collision makes -restitution along n and
/// -roughness along t. The moment of inertia is inertia * radius^2, the mass being 1. In a mixture `radius` is that of
/// disk i, and each disk has its own mass and radius in both.
struct RoughDisks {
  static constexpr int inner = 1;

  RoughDisks(double diameter, double inertia_given, double restitution, double roughness)
      : radius{diameter / 2},
        inertia{inertia_given},
        normal_share{(1 + restitution) / 2},
        slip_share{(1 + roughness) / (2 * (1 + inertia_given))},
        loses_energy{restitution < 1 || (roughness > -1 && roughness < 1)} {}

  double radius, inertia;
  double normal_share;  // of the normal part of g that either disk takes over
  double slip_share;    // of its tangential part that the surface of either disk takes over by turning; 0: smooth
  bool loses_energy;    // and so many collisions may follow one another that there is no end of them

  RoughDisks scaled(int power) const {
    RoughDisks other = *this;
    other.radius = std::ldexp(radius, power);
    return other;
  }
  static double reach(double diameter) { return diameter; }
  static double nearest(double diameter) { return diameter; }
  static bool touch(double, const Vec2<double>&, const Vec2<double>&) { return true; }

  template <class Real>
  static Real contact2(const Real& diameter, const Vec2<Real>&, const Vec2<Real>&) {
    return diameter * diameter;
  }

  static double sine(double, double impact) { return impact; }

  bool turns() const { return slip_share > 0; }

  /// As long as the velocity of the disk would be if it had the energy of its spin, too.
  Vec2<double> bound(const Vec2<double>& velocity, const Inner<double, inner>& carried) const {
    const double spin = carried.values[0];
    if (spin == 0 || !turns()) return velocity;
    return {std::hypot(velocity.x, velocity.y), std::sqrt(inertia) * radius * spin};
  }

  /// The impulse is added up before either disk gets it: what one loses the other gains, to the last bit.
  template <class Real, class Kinds = Alike>
  bool collide(const Vec2<Real>& d, const Real& d2, Body<RoughDisks, Real> i, Body<RoughDisks, Real> j,
               const Kinds& kinds = {}) const {
    using std::sqrt;
    if (d2 < std::numeric_limits<double>::min()) return false;
    const Real r = sqrt(d2);
    const Vec2<Real> normal{d.x / r, d.y / r};
    const Vec2<Real> v{i.velocity.x - j.velocity.x, i.velocity.y - j.velocity.y};
    const Real closing = v.x * normal.x + v.y * normal.y;
    if (closing > 0) return false;
    const Real part = normal_share * closing;
    Vec2<Real> p{part * normal.x, part * normal.y};
    if (turns()) {
      Real &spin_i = i.inner.values[0], &spin_j = j.inner.values[0];
      const Real slip = (v.y * normal.x - v.x * normal.y) - radius * (spin_i + kinds.at_j(spin_j));
      const Real turn = slip_share * slip, push = inertia * turn, more = turn / radius;
      p = {p.x - push * normal.y, p.y + push * normal.x};
      spin_i = spin_i + kinds.to_i(more);
      spin_j = spin_j + kinds.to_j(kinds.of_j(more));
    }
    const Vec2<Real> p_i = kinds.to_i(p), p_j = kinds.to_j(p);
    i.velocity = {i.velocity.x - p_i.x, i.velocity.y - p_i.y};
    j.velocity = {j.velocity.x + p_j.x, j.velocity.y + p_j.y};
    return true;
  }
};

static_assert(CollisionRule<RoughDisks>);

}  // namespace hthm
