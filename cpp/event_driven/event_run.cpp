#include "event_driven/event_run.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <string>

#include "core/paced_array.hpp"
#include "event_driven/gas.hpp"
#include "event_driven/progress.hpp"
#include "event_driven/units.hpp"
#include "fixed_step/pair_finders/sort_pairs.hpp"
#include "fixed_step/pair_finders/sorted_cells.hpp"
#include "rules/smooth_disks.hpp"

namespace hthm {
namespace {

using event_driven::Progress;
using event_driven::Units;

/// Wrap one component into [0, box).
inline double wrapped(double x, double box) {
  if (x < 0) x += box;
  if (x >= box) x -= box;
  return x < 0 || x >= box ? 0.0 : x + 0.0;  // a rounding error outside is on the border; never -0.0
}

class EventRun final : public Run {
 public:
  /// Positions and velocities (n,) inside the units, and the velocities as they were given.
  EventRun(const Units& units, const Vec* positions, const Vec* velocities, const Vec* given, std::int64_t n,
           Simd level, Pace& pace)
      : units_{units},
        progress_{units.setup(), velocities, n, pace},
        gas_{SmoothDisks{}, units.setup(), positions, velocities, n, level, pace},
        velocities_(copied(given, n, pace)) {}

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
        if (!sink.log) return;
        sink.log->add(i, j, v_i, v_j);
        sink.log->times.push_back(units_.time_outside(gas_.epoch_start() + time));
      };
      const auto turned = [&](double time) {
        if (progress_.turned()) progress_.look_up(gas_.epoch_start(), time, outside);
      };
      const auto shifted = [&](std::int64_t disks) {  // at the end of an epoch, which begins where it began until then
        if (progress_.worked(disks / 16)) progress_.look_up(gas_.epoch_start(), gas_.epoch_length(), outside);
      };
      gas_.advance_frame(collided, turned, shifted);
      sink.collisions[frame] = collisions;
      if (sink.velocities) write_velocities(sink.velocities + frame * n, pace);
      if (sink.positions) write_positions(sink.positions + frame * n, pace);
      if (sink.stop && progress_.worked(1 + n / 16)) progress_.look_up(gas_.epoch_start(), gas_.frame_end(), outside);
    }
  }

  void write_state(Vec* positions, Vec* velocities, Pace& pace) const override {
    write_positions(positions, pace);
    write_velocities(velocities, pace);
  }

 private:
  void write_velocities(Vec* velocities, Pace& pace) const { copy(velocities_.data(), gas_.size(), velocities, pace); }

  void write_positions(Vec* positions, Pace& pace) const {
    const double box = units_.setup().box;
    in_pieces(0, gas_.size(), pace, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const Vec x = gas_.position(static_cast<std::int32_t>(i));
        positions[i] = {units_.length_outside(wrapped(x.x, box)), units_.length_outside(wrapped(x.y, box))};
      }
    });
  }

  Units units_;
  Progress progress_;
  event_driven::Gas<double, SmoothDisks> gas_;
  LargeArray<Vec> velocities_;  // (n,) those of the gas, outside, side by side: a frame is one copy
};

std::string overlap_text(std::int64_t i, std::int64_t j, double distance) {
  std::ostringstream text;
  text << std::setprecision(17) << "disks " << i << " and " << j << " overlap, their centres are " << distance
       << " apart";
  return text.str();
}

/// Throw for the first pair of overlapping disks. What rounding may do to a pair in contact is no overlap.
void refuse_overlap(const Units& units, const Vec* positions, std::int64_t n, Simd level, Pace& pace) {
  const Setup& setup = units.setup();
  const double touching = setup.diameter - std::max(1e-12 * setup.diameter, 0x1p-51 * setup.box);
  SortedCells finder{setup, n, level, pace};
  PairList pairs;
  finder.find({positions, nullptr, n}, pairs, pace);
  sort_pairs(pairs, n, pace);
  for (const Pair& pair : pairs) {
    pace.did(1);
    const Vec d = separation(positions[pair.i()], positions[pair.j()], setup.box, setup.box / 2);
    const double distance = std::hypot(d.x, d.y);
    if (distance < touching) throw OverlappingStart{pair.i(), pair.j(), units.length_outside(distance)};
  }
}

}  // namespace

OverlappingStart::OverlappingStart(std::int64_t first, std::int64_t second, double apart)
    : std::invalid_argument{overlap_text(first, second, apart)}, i{first}, j{second}, distance{apart} {}

std::unique_ptr<Run> make_event_run(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n,
                                    Simd level, StopRequest* stop) {
  Pace pace{stop};
  const Units units{setup, velocities, n, pace};
  const LargeArray<Vec> x = units.positions_inside(positions, n, pace),
                        v = units.velocities_inside(velocities, n, pace);
  refuse_overlap(units, x.data(), n, level, pace);
  return std::make_unique<EventRun>(units, x.data(), v.data(), velocities, n, level, pace);
}

}  // namespace hthm
