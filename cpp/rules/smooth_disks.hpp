// Smooth disks: they touch at a distance of one diameter, and exchange the components along the line of centres.
#pragma once

#include "rules/collision.hpp"
#include "rules/rule.hpp"

namespace hthm {

struct SmoothDisks {
  static constexpr int inner = 0;

  static SmoothDisks scaled(int) { return {}; }
  static double reach(double diameter) { return diameter; }
  static double nearest(double diameter) { return diameter; }

  static bool touch(double, const Vec2<double>&, const Vec2<double>&) { return true; }

  template <class Real>
  static Real contact2(const Real& diameter, const Vec2<Real>&, const Vec2<Real>&) {
    return diameter * diameter;
  }

  static double sine(double, double impact) { return impact; }

  template <class Real, class Kinds = Alike>
  static bool collide(const Vec2<Real>& d, const Real& d2, Body<SmoothDisks, Real> i, Body<SmoothDisks, Real> j,
                      const Kinds& kinds = {}) {
    return hthm::collide(d, d2, i.velocity, j.velocity, kinds);
  }
};

static_assert(CollisionRule<SmoothDisks>);

}  // namespace hthm
