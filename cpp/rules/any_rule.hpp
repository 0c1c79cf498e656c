// The rules that a simulation can be asked for.
#pragma once

#include <variant>

#include "rules/chiral_disks.hpp"
#include "rules/mixed.hpp"
#include "rules/rough_disks.hpp"
#include "rules/smooth_disks.hpp"

namespace hthm {

using AnyRule =
    std::variant<SmoothDisks, ChiralDisks, RoughDisks, Mixed<SmoothDisks>, Mixed<ChiralDisks>, Mixed<RoughDisks>>;

static_assert(CollisionRule<Mixed<SmoothDisks>> && CollisionRule<Mixed<ChiralDisks>> &&
              CollisionRule<Mixed<RoughDisks>>);

/// Whether disks are of several kinds.
inline bool of_kinds(const AnyRule& rule) {
  return std::visit([]<class Rule>(const Rule&) { return OfKinds<Rule>; }, rule);
}

/// The smallest distance to which two disks come, of a mixture the largest ones, see `CollisionRule`.
inline double nearest(const AnyRule& rule, double diameter) {
  return std::visit([diameter](const auto& one) { return one.nearest(diameter); }, rule);
}

/// The smallest distance to which disks i and j come.
inline double nearest(const AnyRule& rule, double diameter, std::int64_t i, std::int64_t j) {
  return std::visit([=](const auto& one) { return between(one, i, j).nearest(diameter); }, rule);
}

/// How many numbers a disk carries beside position and velocity.
inline int inner_of(const AnyRule& rule) {
  return std::visit([]<class Rule>(const Rule&) { return Rule::inner; }, rule);
}

/// Whether collisions lose energy.
inline bool loses_energy(const AnyRule& rule) {
  if (const auto* rough = std::get_if<RoughDisks>(&rule)) return rough->loses_energy;
  const auto* mixed = std::get_if<Mixed<RoughDisks>>(&rule);
  return mixed && mixed->between(0, 0).rule.loses_energy;
}

}  // namespace hthm
