// The fixed step: drift, find overlapping pairs, collide them in (i, j) order, record. Bit for bit the rule of
// docs/rule.md, whichever finder looks for the pairs.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/cpu_features.hpp"
#include "core/run.hpp"
#include "rules/any_rule.hpp"

namespace hthm {

/// Names of the fixed-step engines, one a pair finder.
const std::vector<std::string_view>& fixed_step_engines();

/// A run of `n` disks from positions (n,) in [0, box) and velocities (n,), both copied, and so is `inner` (n, inner of
/// the rule), or null: 0.
/// The same bits at every `level`, which the CPU must have. Throws std::invalid_argument for an unknown engine and for
/// a position outside the box or a velocity that is not finite, and Stopped.
std::unique_ptr<Run> make_fixed_step_run(std::string_view engine, const Setup& setup, const Vec* positions,
                                         const Vec* velocities, std::int64_t n, Simd level = simd_level(),
                                         StopRequest* stop = nullptr, const AnyRule& rule = {},
                                         const double* inner = nullptr);

}  // namespace hthm
