// Rules of collision and kinds of disk as Python names them.
#include <cmath>

#include "bindings/arrays.hpp"

using namespace hthm::bindings;

namespace {

/// The rule between disks that all have this diameter, or those of each kind.
template <class RuleOf>
hthm::AnyRule of_disks(double diameter, const std::optional<hthm::Kinds>& kinds, const RuleOf& rule_of) {
  using Rule = decltype(rule_of(diameter));
  if (kinds) return hthm::Mixed<Rule>{*kinds, rule_of};
  return rule_of(diameter);
}

}  // namespace

std::optional<hthm::Kinds> hthm::bindings::kinds_of(const NamedKinds& named, std::int64_t n, double diameter) {
  if (named.empty()) return std::nullopt;
  require(named.size() <= 64, "kinds: must be at most 64");
  std::vector<Kind> all;
  std::int64_t left = n;
  for (const auto& [count, wide, mass] : named) {
    require(count >= 1 && count <= left, "kinds: must have all disks between them");
    require(wide > 0 && wide <= diameter && mass > 0 && std::isfinite(mass), "kinds: must have numbers in range");
    left -= count;
    all.push_back({count, wide, mass});
  }
  Kinds kinds{std::move(all)};
  require(left == 0, "kinds: must have all disks between them");
  require(kinds.largest_diameter() == diameter, "diameter: must be that of the largest kind");
  return kinds;
}

hthm::AnyRule hthm::bindings::rule_of(const NamedRule& rule, double diameter, const std::optional<Kinds>& kinds) {
  const auto& [name, numbers] = rule;
  const auto has = [&](std::size_t count) {
    require(numbers.size() == count, "rule: must come with the numbers that it is told");
    for (const double number : numbers) require(std::isfinite(number), "rule: must have finite numbers");
  };
  if (name == "smooth") {
    has(0);
    return of_disks(diameter, kinds, [](double) { return SmoothDisks{}; });
  }
  if (name == "chiral") {
    has(1);
    return of_disks(diameter, kinds, [&](double) { return ChiralDisks{numbers[0]}; });
  }
  require(name == "rough", "rule: must be smooth, chiral or rough");
  has(3);
  require(numbers[0] > 0, "rule: must have inertia");
  return of_disks(diameter, kinds, [&](double wide) { return RoughDisks{wide, numbers[0], numbers[1], numbers[2]}; });
}
