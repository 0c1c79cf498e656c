#include "dsmc/dsmc_run.hpp"

#include <stdexcept>

#include "core/paced_array.hpp"
#include "dsmc/gas.hpp"
#include "event_driven/carried.hpp"
#include "event_driven/units.hpp"

namespace hthm {
namespace {

using event_driven::Units;

template <class Rule>
class DsmcRun final : public Run {
 public:
  /// Velocities (n,), and what disks carry besides, inside the units; all of it as it was given.
  DsmcRun(const Rule& rule, const Units& units, const Vec* inside, const Vec* positions, const Vec* velocities,
          const event_driven::CarriedStart& carried, std::int64_t n, const dsmc::Generator::State& state, Pace& pace)
      : units_{units},
        gas_{rule, units.setup(), inside, n, state, pace, carried.inside},
        positions_(copied(positions, n, pace)),
        velocities_(copied(velocities, n, pace)),
        carried_{rule, carried.given, n, pace} {}

  void advance(std::int64_t frames, const FrameSink& sink) override {
    if (sink.positions) throw std::invalid_argument("positions: must be null for dsmc, which has none");
    const std::int64_t n = gas_.size();
    Pace pace{sink.stop};
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      std::int64_t collisions = 0;
      const auto collided = [&](std::int32_t i, std::int32_t j, double time) {
        ++collisions;
        const Vec v_i = units_.velocity_outside(gas_.velocity(i)), v_j = units_.velocity_outside(gas_.velocity(j));
        velocities_[static_cast<std::size_t>(i)] = v_i;
        velocities_[static_cast<std::size_t>(j)] = v_j;
        carried_.take(i, gas_.inner(i), units_);
        carried_.take(j, gas_.inner(j), units_);
        if (!sink.log) return;
        sink.log->add(i, j, v_i, v_j);
        carried_.add_to(*sink.log, i, j);
        sink.log->times.push_back(units_.time_outside(time));
      };
      gas_.advance_to(static_cast<double>(++frames_) * units_.setup().dt, collided, pace);
      sink.collisions[frame] = collisions;
      if (sink.velocities) copy(velocities_.data(), n, sink.velocities + frame * n, pace);
      if (sink.inner) carried_.write(sink.inner + frame * n * Rule::inner, pace);
      pace.did(1);
    }
  }

  void write_state(Vec* positions, Vec* velocities, Pace& pace) const override {
    copy(positions_.data(), gas_.size(), positions, pace);
    copy(velocities_.data(), gas_.size(), velocities, pace);
  }

  void write_inner(double* inner, Pace& pace) const override { carried_.write(inner, pace); }

 private:
  Units units_;
  dsmc::Gas<Rule> gas_;
  std::int64_t frames_ = 0;     // so far
  LargeArray<Vec> positions_;   // (n,) as they were given
  LargeArray<Vec> velocities_;  // (n,) those of the gas, outside, side by side: a frame is one copy
  [[no_unique_address]] event_driven::Carried<Rule> carried_;
};

}  // namespace

std::unique_ptr<Run> make_dsmc_run(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n,
                                   const dsmc::Generator::State& state, StopRequest* stop, const AnyRule& any,
                                   const double* inner) {
  Pace pace{stop};
  const LargeArray<Vec> bounds = event_driven::bounds(any, velocities, inner, n, pace);
  const Units units{setup, bounds.empty() ? velocities : bounds.data(), n, pace};
  const LargeArray<double> carried = units.rates_inside(inner, inner ? n * inner_of(any) : 0, pace);
  const LargeArray<Vec> inside = units.velocities_inside(velocities, n, pace);
  const auto of_rule = [&]<class Rule>(const Rule& rule) -> std::unique_ptr<Run> {
    return std::make_unique<DsmcRun<Rule>>(
        rule.scaled(units.length_power()), units, inside.data(), positions, velocities,
        event_driven::CarriedStart{inner, inner ? carried.data() : nullptr}, n, state, pace);
  };
  return std::visit(of_rule, any);
}

}  // namespace hthm
