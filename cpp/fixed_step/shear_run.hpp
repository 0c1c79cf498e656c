// The fixed step of a gas that is sheared for ever: the SLLOD equations between Lees and Edwards' images, to the rule
// of docs/viscosity.md, bit for bit.
#pragma once

#include <array>
#include <cstdint>

#include "core/cpu_features.hpp"
#include "core/run.hpp"
#include "rules/any_rule.hpp"

namespace hthm {

/// Runs that are sheared, in arrays of whoever has them; velocities are relative to the flow.
struct Sheared {
  Vec* positions;          // (runs, n) in [0, box), changed
  Vec* velocities;         // (runs, n), changed
  double* offsets;         // (runs,) of the images, changed: ShearFlow
  const double* energies;  // (runs,) sums of the squares of the velocities, to which every step scales them; or null
  std::int64_t runs, n;
};

/// Sums over the steps of one run.
struct Momentum {
  std::array<double, 3> carried{};      // of v v after each step: xx, xy, yy
  std::array<double, 4> transferred{};  // of what i is given times its distance from j: xx, xy, yx, yy
  std::int64_t collisions = 0;
};

/// Take so many steps of length setup.dt of every run, whose sums go to momenta (runs,). The same bits for any number
/// of threads, however steps are split into calls, at every `level`, which the CPU must have. Throws
/// std::invalid_argument for a position outside the box, a velocity that is not finite, and a rule that changes more
/// than velocities; and Stopped, after which the arrays hold nothing of use.
void shear(const Sheared& sheared, const Setup& setup, const AnyRule& rule, double rate, std::int64_t steps,
           Momentum* momenta, int threads, StopRequest* stop, Simd level = simd_level());

}  // namespace hthm
