// The exact engine: hard disks from collision to collision, recorded at the end of every frame.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>

#include "core/cpu_features.hpp"
#include "core/run.hpp"
#include "rules/any_rule.hpp"

namespace hthm {

/// A start that the exact engine refuses: two disks overlap by more than rounding.
class OverlappingStart : public std::invalid_argument {
 public:
  OverlappingStart(std::int64_t i, std::int64_t j, double distance);

  std::int64_t i, j;  // the pair, i < j
  double distance;    // of their centres
};

/// The disks have no room that rounding would leave: collisions follow one another, and time does not go on.
class Jammed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A run of `n` disks, with a diameter above 2^-51 boxes, from positions (n,) in [0, box) and velocities (n,), all
/// copied, and so is `inner` (n, inner of the rule), or null: 0. The level, which the CPU must have, changes results by
/// no more than rounding. Powers of two change no bit of them: not in lengths, nor in velocities, nor in times, as long
/// as the results are normal numbers. `rests` are taken up by a precision above a double's, which only smooth disks
/// have. `stop` is checked while the run is made. Throws OverlappingStart where two disks are nearer than the rule's
/// nearest, sigma, less max(1e-12 sigma, 4 * 2^-53 box); to advance it throws Jammed where disks are so tight that they
/// collide after 1e-9 diameters, in the mean of 64 collisions a disk, or in whatever way time does not go on.
std::unique_ptr<Run> make_event_run(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n,
                                    Simd level = simd_level(), StopRequest* stop = nullptr, const AnyRule& rule = {},
                                    Precision precision = Precision::floating, const Rests& rests = {},
                                    const double* inner = nullptr);

}  // namespace hthm
