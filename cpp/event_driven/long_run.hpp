// Exact runs that carry more digits than doubles have.
#pragma once

#include <cstdint>
#include <memory>

#include "core/cpu_features.hpp"
#include "core/paced_array.hpp"
#include "core/run.hpp"
#include "event_driven/units.hpp"

namespace hthm::event_driven {

/// Where a run starts: positions and velocities (n,) inside the units, and as they were given.
struct LongStart {
  const Vec *positions, *velocities;
  const Vec *given_positions, *given_velocities;
  Rests given_rests;
  std::int64_t n;
};

/// A run of a precision above a double's; what it refuses has been refused. Throws Stopped.
std::unique_ptr<Run> make_long_run(Precision precision, const Units& units, const LongStart& start, Simd level,
                                   Pace& pace);

}  // namespace hthm::event_driven
