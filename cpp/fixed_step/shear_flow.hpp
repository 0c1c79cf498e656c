// Where images are in a gas that is sheared: a box whose neighbours above and below slide past it. A. W. Lees and S. F.
// Edwards, J. Phys. C 5, 1921 (1972), https://doi.org/10.1088/0022-3719/5/15/006
#pragma once

#include "core/run.hpp"
#include "core/vec2.hpp"

namespace hthm {

/// The flow u = (rate (y - box / 2), 0), at one moment.
struct ShearFlow {
  double rate;        // of either sign
  double box;         // side of the square box
  double offset = 0;  // how far the box above has slid to the right, in [-box / 2, box / 2); the one below, to the left
  double half_box = box / 2;

  double velocity(double y) const { return rate * (y - half_box); }

  /// A step later. `strain` is rate times dt, at most 1 in size.
  void slide(double strain) {
    offset = offset + strain * box;
    if (offset >= half_box) offset = offset - box;
    if (offset < -half_box) offset = offset + box;
  }

  /// Between the nearest images of two points of the box, a - b. The row first: it says how far the image has slid.
  Vec separation(const Vec& a, const Vec& b) const {
    Vec d{a.x - b.x, a.y - b.y};
    if (d.y > half_box) {
      d = {d.x - offset, d.y - box};
    } else if (d.y < -half_box) {
      d = {d.x + offset, d.y + box};
    }
    return {minimum_image(d.x, box, half_box), d.y};
  }
};

}  // namespace hthm
