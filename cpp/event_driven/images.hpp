// Which image of a partner is hit, in a box so narrow that a disk may touch two of them at once.
#pragma once

#include "core/vec2.hpp"

namespace hthm::event_driven {

/// Of the way `d` from one disk to another and those to its images beyond either border of the box, the nearest that
/// gets shorter at velocity `v`, if no longer than the root of touching2(way); d itself where none does.
template <class Real, class Touching2>
inline Vec2<Real> nearest_approaching(const Vec2<Real>& d, const Vec2<Real>& v, const Real& box,
                                      const Touching2& touching2) {
  const auto beyond = [&box](const Real& x) { return x > 0 ? Real(x - box) : Real(x + box); };
  const auto touches = [&](const Vec2<Real>& way) {
    return way.x * v.x + way.y * v.y < 0 && norm2(way) <= touching2(way);
  };
  Vec2<Real> best = d;
  bool found = touches(d);
  for (const Vec2<Real>& image : {Vec2<Real>{beyond(d.x), d.y}, Vec2<Real>{d.x, beyond(d.y)}}) {
    if (!touches(image) || (found && norm2(image) >= norm2(best))) continue;
    best = image;
    found = true;
  }
  return best;
}

/// Whether two ways from a disk to another lead to the same image of it: images are two `half_box`es apart, or more.
template <class Real>
inline bool is_same_image(const Vec2<Real>& a, const Vec2<Real>& b, const Real& half_box) {
  return norm2(Vec2<Real>{a.x - b.x, a.y - b.y}) < half_box * half_box;
}

}  // namespace hthm::event_driven
