// Step 1 of the rule: every coordinate moves by its velocity times dt and is wrapped into the box.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/cpu_features.hpp"

namespace hthm {

/// A moved coordinate back into [0, box). The subtraction and the addition give the bits of fmod where they are used.
inline double wrapped(double y, double box) {
  if (y >= box && y < 2 * box) return y - box;
  double m = y < 0 && y > -box ? y : std::fmod(y, box);
  if (m < 0) m = m + box;
  if (m >= box) m = 0;
  return m + 0.0;
}

/// x + v * dt wrapped into [0, box), never -0.0, for `count` components of positions and velocities, in place.
/// The same bits at every level, which the CPU must have.
void drift(double* x, const double* v, std::int64_t count, double dt, double box, Simd level);

}  // namespace hthm
