// Numbers into smaller types: checked, and told by name where they do not fit.
#pragma once

#include <concepts>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace hthm {

template <std::integral To>
inline constexpr To largest = std::numeric_limits<To>::max();

/// `value` as a To. Throws std::length_error, "what: must be at most `most`, got `value`.", above `most` or below 0:
/// what is counted or numbered has no other bound. `most` is there to be lowered, by those that test who calls this.
template <std::integral To, std::integral From>
constexpr To narrow(From value, const char* what, To most = largest<To>) {
  if (std::cmp_less(value, 0) || std::cmp_greater(value, most)) {
    throw std::length_error(std::string{what} + ": must be at most " + std::to_string(most) + ", got " +
                            std::to_string(value) + '.');
  }
  return static_cast<To>(value);
}

}  // namespace hthm
