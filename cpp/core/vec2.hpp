// 2-vectors and the minimum image in a periodic box.
#pragma once

namespace hthm {

template <class Real>
struct Vec2 {
  Real x{}, y{};
};

/// Shift one component of a difference of two coordinates in [0, box) to its nearest periodic image.
/// The difference is shifted, never a coordinate: shifting a coordinate rounds differently in half of all cases.
template <class Real>
inline Real minimum_image(Real d, const Real& box, const Real& half_box) {
  if (d > half_box) return d - box;
  if (d < -half_box) return d + box;
  return d;
}

/// Minimum-image separation a - b of two points of the box.
template <class Real>
inline Vec2<Real> separation(const Vec2<Real>& a, const Vec2<Real>& b, const Real& box, const Real& half_box) {
  return {minimum_image<Real>(a.x - b.x, box, half_box), minimum_image<Real>(a.y - b.y, box, half_box)};
}

template <class Real>
inline Real norm2(const Vec2<Real>& a) {
  return a.x * a.x + a.y * a.y;
}

}  // namespace hthm
