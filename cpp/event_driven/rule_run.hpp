// The exact engine by rules other than that of smooth disks, each a class of its own.
#pragma once

#include <memory>

#include "core/cpu_features.hpp"
#include "core/run.hpp"
#include "event_driven/carried.hpp"
#include "event_driven/units.hpp"
#include "rules/any_rule.hpp"

namespace hthm::event_driven {

/// A run of `n` disks as of `make_event_run`: positions and velocities (n,) inside the units, and the velocities as
/// they were given, and what they carry besides. The rule has the unit of length inside. Throws std::invalid_argument
/// for smooth disks and for mixtures.
std::unique_ptr<Run> make_rule_run(const AnyRule& rule, const Units& units, const Vec* positions, const Vec* velocities,
                                   const Vec* given, std::int64_t n, Simd level, Pace& pace,
                                   const CarriedStart& carried);

/// The same for mixtures, and std::invalid_argument for all others.
std::unique_ptr<Run> make_mixed_run(const AnyRule& rule, const Units& units, const Vec* positions,
                                    const Vec* velocities, const Vec* given, std::int64_t n, Simd level, Pace& pace,
                                    const CarriedStart& carried);

}  // namespace hthm::event_driven
