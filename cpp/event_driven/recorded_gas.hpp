// A gas with its clock, recorded at the end of every frame: the exact engine, by whatever rule, in whatever numbers.
#pragma once

#include <cstdint>
#include <utility>

#include "core/paced_array.hpp"
#include "core/prefetch.hpp"
#include "core/run.hpp"
#include "event_driven/carried.hpp"
#include "event_driven/gas.hpp"
#include "event_driven/long_real.hpp"
#include "event_driven/long_state.hpp"
#include "event_driven/progress.hpp"
#include "event_driven/units.hpp"
#include "rules/rule.hpp"

namespace hthm::event_driven {

/// Wrap one component into [0, box).
inline double wrapped(double x, double box) {
  if (x < 0) x += box;
  if (x >= box) x -= box;
  return x < 0 || x >= box ? 0.0 : x + 0.0;  // a rounding error outside is on the border; never -0.0
}

/// `Local`: a type of one file makes it a class of that file. With a `LongState`, or `NoLongState`.
template <CollisionRule Rule, class Local, class Truth = NoLongState>
class RecordedGas final : public Run {
 public:
  /// Positions and velocities (n,) inside the units, and the velocities as they were given; what disks carry besides.
  RecordedGas(const Rule& rule, const Units& units, const Vec* positions, const Vec* velocities, const Vec* given,
              std::int64_t n, Simd level, Pace& pace, Truth truth = {}, const CarriedStart& carried = {})
      : units_{units},
        progress_{units.setup(), carried.bounds ? carried.bounds : velocities, n, pace},
        gas_{rule, units.setup(), positions, velocities, n, level, pace, std::move(truth), carried},
        velocities_(copied(given, n, pace)),
        carried_{rule, carried.given, n, pace} {}

  void advance(std::int64_t frames, const FrameSink& sink) override {
    const std::int64_t n = gas_.size();
    const auto outside = [this](double time) { return units_.time_outside(time); };
    progress_.listen_to(sink.stop);
    Pace pace{sink.stop};
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      std::int64_t collisions = 0;
      const auto collided = [&](std::int32_t i, std::int32_t j, double time) {
        ++collisions;
        progress_.collided(gas_.epoch_start(), time, outside);
        const Vec v_i = units_.velocity_outside(gas_.velocity(i)), v_j = units_.velocity_outside(gas_.velocity(j));
        velocities_[static_cast<std::size_t>(i)] = v_i;
        velocities_[static_cast<std::size_t>(j)] = v_j;
        carried_.take(i, gas_.inner(i), units_);
        carried_.take(j, gas_.inner(j), units_);
        if (!sink.log) return;
        sink.log->add(i, j, v_i, v_j);
        carried_.add_to(*sink.log, i, j);
        sink.log->times.push_back(units_.time_outside(gas_.epoch_start() + time));
      };
      const auto turned = [&](double time) {
        if (progress_.turned()) progress_.look_up(gas_.epoch_start(), time, outside);
      };
      const auto shifted = [&](std::int64_t disks) {  // at the end of an epoch, which begins where it began until then
        if (progress_.worked(disks / 16)) progress_.look_up(gas_.epoch_start(), gas_.epoch_length(), outside);
      };
      const auto expected = [this](std::int32_t i, std::int32_t j) {
        prefetch(&velocities_[static_cast<std::size_t>(i)]);
        prefetch(&velocities_[static_cast<std::size_t>(j)]);
      };
      gas_.advance_frame(collided, turned, shifted, expected);
      sink.collisions[frame] = collisions;
      if (sink.velocities) write_velocities(sink.velocities + frame * n, pace);
      if (sink.positions) write_positions(sink.positions + frame * n, pace);
      if (sink.inner) carried_.write(sink.inner + frame * n * Rule::inner, pace);
      if (sink.stop && progress_.worked(1 + n / 16)) progress_.look_up(gas_.epoch_start(), gas_.frame_end(), outside);
    }
  }

  std::int64_t overtaken() const override {
    if constexpr (Truth::kept) return gas_.truth().overtaken();
    return 0;
  }

  bool write_rests(double* positions, double* velocities, Pace& pace) const override {
    if constexpr (Truth::kept) {
      const typename Truth::Number box{units_.setup().box};
      const auto end = gas_.long_frame_end();
      // What rounds to the box is 0 as a double, as it is written: the rest is negative then.
      const auto beside = [&box](const auto& x) { return static_cast<double>(x) < box ? x : x - box; };
      for (std::int64_t i = 0; i < gas_.size(); ++i) {
        const auto x = gas_.truth().position_at(static_cast<std::int32_t>(i), end);
        const auto& v = gas_.truth()[static_cast<std::int32_t>(i)].velocity;
        split(units_.long_length_outside(beside(x.x)), positions + 2 * i * rests);
        split(units_.long_length_outside(beside(x.y)), positions + (2 * i + 1) * rests);
        split(units_.long_speed_outside(v.x), velocities + 2 * i * rests);
        split(units_.long_speed_outside(v.y), velocities + (2 * i + 1) * rests);
        pace.did(64);  // so much as 64 disks are elsewhere
      }
    }
    return Truth::kept;
  }

  void write_state(Vec* positions, Vec* velocities, Pace& pace) const override {
    write_positions(positions, pace);
    write_velocities(velocities, pace);
  }

  void write_inner(double* inner, Pace& pace) const override { carried_.write(inner, pace); }

 private:
  void write_velocities(Vec* velocities, Pace& pace) const { copy(velocities_.data(), gas_.size(), velocities, pace); }

  /// At the end of the last frame.
  Vec position(std::int32_t i) const {
    if constexpr (Truth::kept) {
      const auto x = gas_.truth().position_at(i, gas_.long_frame_end());
      return {static_cast<double>(x.x), static_cast<double>(x.y)};
    } else {
      return gas_.position(i);
    }
  }

  void write_positions(Vec* positions, Pace& pace) const {
    const double box = units_.setup().box;
    in_pieces(0, gas_.size(), pace, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const Vec x = position(static_cast<std::int32_t>(i));
        positions[i] = {units_.length_outside(wrapped(x.x, box)), units_.length_outside(wrapped(x.y, box))};
      }
    });
  }

  Units units_;
  Progress progress_;
  Gas<double, Rule, Truth> gas_;
  LargeArray<Vec> velocities_;  // (n,) those of the gas, outside, side by side: a frame is one copy
  [[no_unique_address]] Carried<Rule> carried_;
};

}  // namespace hthm::event_driven
