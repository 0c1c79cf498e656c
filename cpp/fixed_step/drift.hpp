// Step 1 of the rule: every coordinate moves by its velocity times dt and is wrapped into the box.
#pragma once

#include <cstdint>

#include "core/cpu_features.hpp"

namespace hthm {

/// x + v * dt wrapped into [0, box), never -0.0, for `count` components of positions and velocities, in place.
/// The same bits at every level, which the CPU must have.
void drift(double* x, const double* v, std::int64_t count, double dt, double box, Simd level);

}  // namespace hthm
