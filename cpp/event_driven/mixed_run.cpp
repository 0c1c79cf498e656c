#include <stdexcept>

#include "event_driven/recorded_gas.hpp"
#include "event_driven/rule_run.hpp"

namespace hthm::event_driven {
namespace {

/// Of this file only, see the one of rules between equal disks.
struct Here {};

}  // namespace

std::unique_ptr<Run> make_mixed_run(const AnyRule& any, const Units& units, const Vec* positions, const Vec* velocities,
                                    const Vec* given, std::int64_t n, Simd level, Pace& pace,
                                    const CarriedStart& carried) {
  const auto of_rule = [&]<class Rule>(const Rule& rule) -> std::unique_ptr<Run> {
    if constexpr (OfKinds<Rule>) {
      return std::make_unique<RecordedGas<Rule, Here>>(rule, units, positions, velocities, given, n, level, pace,
                                                       NoLongState{}, carried);
    } else {
      throw std::invalid_argument("rule: must be of a mixture");
    }
  };
  return std::visit(of_rule, any);
}

}  // namespace hthm::event_driven
