// What every place in the core relies on that turns coordinates into cells or orders them.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "core/run.hpp"

namespace hthm {

/// Throws std::invalid_argument where a coordinate of positions (n,) is not in [0, box): NaN, too.
inline void require_inside(const Vec* positions, std::int64_t n, double box) {
  bool inside = true;  // no branch a disk: nearly always all are
  for (std::int64_t i = 0; i < n; ++i) {
    const Vec& x = positions[i];
    inside &= (x.x >= 0) & (x.x < box) & (x.y >= 0) & (x.y < box);
  }
  if (!inside) throw std::invalid_argument("positions: must lie in [0, box). Wrap them with numpy.mod.");
}

/// Throws std::invalid_argument where a component of velocities (n,) is not finite.
inline void require_finite(const Vec* velocities, std::int64_t n) {
  bool finite = true;
  for (std::int64_t i = 0; i < n; ++i) {
    finite &= (std::abs(velocities[i].x) < HUGE_VAL) & (std::abs(velocities[i].y) < HUGE_VAL);
  }
  if (!finite) throw std::invalid_argument("velocities: must be finite. Look for where NaN or infinity come from.");
}

}  // namespace hthm
