#include "event_driven/long_run.hpp"

#include "event_driven/long_real.hpp"
#include "event_driven/long_state.hpp"
#include "event_driven/recorded_gas.hpp"
#include "rules/smooth_disks.hpp"

namespace hthm::event_driven {
namespace {

/// Of this file only.
struct Here {};

template <class Long>
LongState<Long> long_state(const Units& units, const LongStart& start, Pace& pace) {
  using Disk = typename LongState<Long>::Disk;
  const Long box{units.setup().box};
  const auto both = [](const Vec& first, const double* rest, std::int64_t i, int power) -> Vec2<Long> {
    return {joined<Long>(first.x, rest ? rest + 2 * i * rests : nullptr, power),
            joined<Long>(first.y, rest ? rest + (2 * i + 1) * rests : nullptr, power)};
  };
  LargeArray<Disk> disks;
  disks.reserve(static_cast<std::size_t>(start.n));
  for (std::int64_t i = 0; i < start.n; ++i) {
    const Vec2<Long> x = both(start.given_positions[i], start.given_rests.positions, i, units.length_power());
    const Vec2<Long> v = both(start.given_velocities[i], start.given_rests.velocities, i, units.speed_power());
    disks.push_back({{wrapped_into(x.x, box), wrapped_into(x.y, box)}, v});
    pace.did(64);  // so much as 64 disks are elsewhere
  }
  return {units.setup(), std::move(disks)};
}

template <class Long>
std::unique_ptr<Run> long_run(const Units& units, const LongStart& start, Simd level, Pace& pace) {
  return std::make_unique<RecordedGas<SmoothDisks, Here, LongState<Long>>>(
      SmoothDisks{}, units, start.positions, start.velocities, start.given_velocities, start.n, level, pace,
      long_state<Long>(units, start, pace));
}

}  // namespace

std::unique_ptr<Run> make_long_run(Precision precision, const Units& units, const LongStart& start, Simd level,
                                   Pace& pace) {
  return precision == Precision::quad ? long_run<LongReal<113>>(units, start, level, pace)
                                      : long_run<LongReal<237>>(units, start, level, pace);
}

}  // namespace hthm::event_driven
