// What disks carry beside position and velocity, such as spins: on the way into the units of the exact engine, and
// there and back. Of rules whose disks carry nothing it is empty, and costs nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/paced_array.hpp"
#include "core/run.hpp"
#include "event_driven/units.hpp"
#include "rules/any_rule.hpp"

namespace hthm::event_driven {

/// Velocities (n,), each as long as the disk's would be if it had all of its energy in it, in a mixture as the lightest
/// disk's would be; empty where they are the velocities that disks have. `inner` (n, inner of the rule), or null: 0.
LargeArray<Vec> bounds(const AnyRule& any, const Vec* velocities, const double* inner, std::int64_t n, Pace& pace);

/// The rule with lengths multiplied by 2^power.
AnyRule scaled(const AnyRule& any, int power);

/// What disks carry at the start of a run: (n, inner of the rule) each, or null: 0.
struct CarriedStart {
  const double* given = nullptr;   // as their user has it
  const double* inside = nullptr;  // in the units
  const Vec* bounds = nullptr;     // (n,) inside, see above; null: the velocities
};

/// What the disks of a run carry, outside the units.
template <CollisionRule Rule>
class Carried {
 public:
  Carried(const Rule& rule, const double* given, std::int64_t n, Pace& pace) : changes_{rule_changes(rule)} {
    if constexpr (Rule::inner > 0) {
      values_ = given ? copied(given, n * Rule::inner, pace) : filled(n * Rule::inner, 0.0, pace);
    }
  }

  /// A disk has collided, and carries this inside. What no collision changes stays as it was given.
  void take(std::int32_t i, const Inner<double, Rule::inner>& inside, const Units& units) {
    if constexpr (Rule::inner > 0) {
      if (!changes_) return;
      double* to = of(i);
      for (const double value : inside.values) *to++ = units.rate_outside(value);
    }
  }

  /// Of the two disks of the last row.
  void add_to(CollisionLog& log, std::int32_t i, std::int32_t j) const {
    if constexpr (Rule::inner > 0) {
      for (const std::int32_t k : {i, j}) {
        for (int value = 0; value < Rule::inner; ++value) log.inner.push_back(of(k)[value]);
      }
    }
  }

  void write(double* to, Pace& pace) const {
    if constexpr (Rule::inner > 0) copy(values_.data(), static_cast<std::int64_t>(values_.size()), to, pace);
  }

 private:
  static bool rule_changes([[maybe_unused]] const Rule& rule) {
    if constexpr (Rule::inner > 0) return rule.turns();
    return false;
  }

  auto of(std::int32_t i) { return values_.data() + static_cast<std::size_t>(i) * Rule::inner; }
  auto of(std::int32_t i) const { return values_.data() + static_cast<std::size_t>(i) * Rule::inner; }

  [[no_unique_address]] std::conditional_t<(Rule::inner > 0), LargeArray<double>, std::monostate> values_{};
  bool changes_;
};

}  // namespace hthm::event_driven
