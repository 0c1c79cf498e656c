// Apart from the engines, whose loops the compiler would lay out otherwise with all of these rules beside them.
#include "event_driven/carried.hpp"

namespace hthm::event_driven {

LargeArray<Vec> bounds(const AnyRule& any, const Vec* velocities, const double* inner, std::int64_t n, Pace& pace) {
  const auto of_rule = [&]<class Rule>([[maybe_unused]] const Rule& rule) {
    LargeArray<Vec> all;
    if constexpr (has_bounds<Rule>) {
      all = copied(velocities, n, pace);
      in_pieces(0, n, pace, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) {
          Inner<double, Rule::inner> carried;
          set_inner(carried, inner, i);
          all[static_cast<std::size_t>(i)] = between(rule, i, i).bound(velocities[i], carried);
        }
      });
    }
    return all;
  };
  return std::visit(of_rule, any);
}

AnyRule scaled(const AnyRule& any, int power) {
  return std::visit([power](const auto& one) -> AnyRule { return one.scaled(power); }, any);
}

}  // namespace hthm::event_driven
