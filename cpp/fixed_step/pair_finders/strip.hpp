// One disk against a strip of others whose coordinates lie in a row in memory: what sweep_and_prune spends its time on.
#pragma once

#include <cstdint>

#include "core/cpu_features.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"

namespace hthm {

/// Coordinates of disks as two arrays.
struct Strip {
  const double* x;
  const double* y;
};

/// Write to `found` those k of [first, last), ascending, at which a disk overlaps `disk`; returns how many they are.
/// `found` has room for last - first + 8. The same answer at every level, which the CPU must have.
using StripTest = std::int64_t (*)(const OverlapTest& overlap, const Vec& disk, const Strip& strip, std::int64_t first,
                                   std::int64_t last, std::int32_t* found);
StripTest strip_test(Simd level);

}  // namespace hthm
