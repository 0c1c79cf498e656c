// Rules of collision as Python names them.
#include <cmath>

#include "bindings/arrays.hpp"

using namespace hthm::bindings;

hthm::AnyRule hthm::bindings::rule_of(const NamedRule& rule, double diameter) {
  const auto& [name, numbers] = rule;
  const auto has = [&](std::size_t count) {
    require(numbers.size() == count, "rule: must come with the numbers that it is told");
    for (const double number : numbers) require(std::isfinite(number), "rule: must have finite numbers");
  };
  if (name == "smooth") return has(0), SmoothDisks{};
  if (name == "chiral") return has(1), ChiralDisks{numbers[0]};
  require(name == "rough", "rule: must be smooth, chiral or rough");
  has(3);
  require(numbers[0] > 0, "rule: must have inertia");
  return RoughDisks{diameter, numbers[0], numbers[1], numbers[2]};
}
