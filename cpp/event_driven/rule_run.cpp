#include "event_driven/rule_run.hpp"

#include <stdexcept>
#include <type_traits>

#include "event_driven/recorded_gas.hpp"

namespace hthm::event_driven {
namespace {

/// Of this file only, which makes the loop of each rule one function, as that of smooth disks is.
struct Here {};

}  // namespace

std::unique_ptr<Run> make_rule_run(const AnyRule& any, const Units& units, const Vec* positions, const Vec* velocities,
                                   const Vec* given, std::int64_t n, Simd level, Pace& pace,
                                   const CarriedStart& carried) {
  const auto of_rule = [&]<class Rule>(const Rule& rule) -> std::unique_ptr<Run> {
    if constexpr (std::is_same_v<Rule, SmoothDisks> || OfKinds<Rule>) {
      throw std::invalid_argument("rule: must not be that of smooth disks or of a mixture, which others serve");
    } else {
      return std::make_unique<RecordedGas<Rule, Here>>(rule, units, positions, velocities, given, n, level, pace,
                                                       NoLongState{}, carried);
    }
  };
  return std::visit(of_rule, any);
}

}  // namespace hthm::event_driven
