// The rules that a simulation can be asked for.
#pragma once

#include <variant>

#include "rules/chiral_disks.hpp"
#include "rules/rough_disks.hpp"
#include "rules/smooth_disks.hpp"

namespace hthm {

using AnyRule = std::variant<SmoothDisks, ChiralDisks, RoughDisks>;

/// The smallest distance to which two disks come, see `CollisionRule`.
inline double nearest(const AnyRule& rule, double diameter) {
  return std::visit([diameter](const auto& one) { return one.nearest(diameter); }, rule);
}

/// How many numbers a disk carries beside position and velocity.
inline int inner_of(const AnyRule& rule) {
  return std::visit([]<class Rule>(const Rule&) { return Rule::inner; }, rule);
}

/// Whether collisions lose energy.
inline bool loses_energy(const AnyRule& rule) {
  const auto* rough = std::get_if<RoughDisks>(&rule);
  return rough && rough->loses_energy;
}

}  // namespace hthm
