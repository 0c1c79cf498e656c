#include "event_driven/event_run.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <string>

#include "core/paced_array.hpp"
#include "event_driven/carried.hpp"
#include "event_driven/long_run.hpp"
#include "event_driven/recorded_gas.hpp"
#include "event_driven/rule_run.hpp"
#include "event_driven/units.hpp"
#include "fixed_step/pair_finders/sort_pairs.hpp"
#include "fixed_step/pair_finders/sorted_cells.hpp"

namespace hthm {
namespace {

using event_driven::Units;

/// Of this file only: all that is made with it is seen to be called from one place, and becomes one loop.
struct Here {};

std::string overlap_text(std::int64_t i, std::int64_t j, double distance) {
  std::ostringstream text;
  text << std::setprecision(17) << "disks " << i << " and " << j << " overlap, their centres are " << distance
       << " apart";
  return text.str();
}

/// Throw for the first pair of disks nearer than their rule lets them come. What rounding may do to a pair in contact
/// is no overlap.
void refuse_overlap(const Units& units, const AnyRule& rule, const Vec* positions, std::int64_t n, Simd level,
                    Pace& pace) {
  const Setup& setup = units.setup();
  const double rounding = std::max(1e-12 * setup.diameter, 0x1p-51 * setup.box), least = nearest(rule, setup.diameter);
  const bool mixture = of_kinds(rule);
  SortedCells finder{{setup.box, least, setup.dt}, n, level, pace};
  PairList pairs;
  finder.find({positions, nullptr, n}, pairs, pace);
  sort_pairs(pairs, n, pace);
  for (const Pair& pair : pairs) {
    pace.did(1);
    const Vec d = separation(positions[pair.i()], positions[pair.j()], setup.box, setup.box / 2);
    const double distance = std::hypot(d.x, d.y);
    const double touching = (mixture ? nearest(rule, setup.diameter, pair.i(), pair.j()) : least) - rounding;
    if (distance < touching) throw OverlappingStart{pair.i(), pair.j(), units.length_outside(distance)};
  }
}

}  // namespace

OverlappingStart::OverlappingStart(std::int64_t first, std::int64_t second, double apart)
    : std::invalid_argument{overlap_text(first, second, apart)}, i{first}, j{second}, distance{apart} {}

std::unique_ptr<Run> make_event_run(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n,
                                    Simd level, StopRequest* stop, const AnyRule& outside, Precision precision,
                                    const Rests& given, const double* inner) {
  Pace pace{stop};
  const LargeArray<Vec> bounds = event_driven::bounds(outside, velocities, inner, n, pace);
  const Units units{setup, bounds.empty() ? velocities : bounds.data(), n, pace};
  const LargeArray<Vec> x = units.positions_inside(positions, n, pace),
                        v = units.velocities_inside(velocities, n, pace);
  const AnyRule rule = event_driven::scaled(outside, units.length_power());
  refuse_overlap(units, rule, x.data(), n, level, pace);
  if (precision != Precision::floating) {
    if (!std::holds_alternative<SmoothDisks>(rule)) {
      throw std::invalid_argument("precision: must be that of double for disks that are not smooth");
    }
    return event_driven::make_long_run(precision, units, {x.data(), v.data(), positions, velocities, given, n}, level,
                                       pace);
  }
  if (!std::holds_alternative<SmoothDisks>(rule)) {
    const std::int64_t count = inner ? n * inner_of(rule) : 0;
    const LargeArray<double> carried = units.rates_inside(inner, count, pace);
    const LargeArray<Vec> fastest = units.velocities_inside(bounds.data(), bounds.empty() ? 0 : n, pace);
    const auto make = of_kinds(rule) ? &event_driven::make_mixed_run : &event_driven::make_rule_run;
    return make(rule, units, x.data(), v.data(), velocities, n, level, pace,
                {inner, inner ? carried.data() : nullptr, bounds.empty() ? nullptr : fastest.data()});
  }
  return std::make_unique<event_driven::RecordedGas<SmoothDisks, Here>>(SmoothDisks{}, units, x.data(), v.data(),
                                                                        velocities, n, level, pace);
}

}  // namespace hthm
