// The rules that a simulation can be asked for.
#pragma once

#include <variant>

#include "rules/chiral_disks.hpp"
#include "rules/smooth_disks.hpp"

namespace hthm {

using AnyRule = std::variant<SmoothDisks, ChiralDisks>;

/// The smallest distance to which two disks come, see `CollisionRule`.
inline double nearest(const AnyRule& rule, double diameter) {
  return std::visit([diameter](const auto& one) { return one.nearest(diameter); }, rule);
}

}  // namespace hthm
