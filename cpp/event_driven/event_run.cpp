#include "event_driven/event_run.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

#include "event_driven/gas.hpp"
#include "fixed_step/pair_finders/cell_list.hpp"

namespace hthm {
namespace {

/// Wrap one component into [0, box).
inline double wrapped(double x, double box) {
  if (x < 0) x += box;
  if (x >= box) x -= box;
  return x < 0 || x >= box ? 0.0 : x + 0.0;  // a rounding error outside is on the border; never -0.0
}

/// Sees to it that time goes on. Disks without room collide again and again at one and the same time, and a frame would
/// never end.
class JamGuard {
 public:
  JamGuard(const Setup& setup, const Vec* velocities, std::int64_t n) : collisions_{64 * n}, left_{collisions_} {
    double energy = 0;
    for (std::int64_t i = 0; i < n; ++i) energy += norm2(velocities[i]);
    const double speed = std::sqrt(energy / static_cast<double>(n));
    shortest_ = 128 * least_gap * setup.diameter / speed;  // two disks a collision; infinite at rest, when none collide
  }

  /// A collision at `time` of the epoch that began at `epoch`. Throws Jammed.
  void collided(double epoch, double time) {
    if (--left_ > 0) return;
    const double elapsed = (epoch - epoch_) + (time - time_);
    if (elapsed < shortest_) throw Jammed{jammed_text(elapsed)};
    epoch_ = epoch;
    time_ = time;
    left_ = collisions_;
  }

 private:
  /// Between neighbours, in diameters, on the average: what is left of it after rounding has seven digits.
  static constexpr double least_gap = 1e-9;

  std::string jammed_text(double elapsed) const {
    std::ostringstream text;
    text << "the disks are jammed: " << collisions_ << " collisions took a time of " << elapsed
         << ", so the gaps between disks are below " << least_gap << " diameters";
    return text.str();
  }

  std::int64_t collisions_;      // between two looks at the clock
  std::int64_t left_;            // until the next
  double epoch_ = 0, time_ = 0;  // of the last
  double shortest_;              // time that so many collisions take
};

class EventRun final : public Run {
 public:
  EventRun(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n, Simd level)
      : box_{setup.box},
        gas_{setup, positions, velocities, n, level},
        jam_{setup, velocities, n},
        velocities_(velocities, velocities + n) {}

  void advance(std::int64_t frames, const FrameSink& sink) override {
    const std::int64_t n = gas_.size();
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      std::int64_t collisions = 0;
      gas_.advance_frame([&](std::int32_t i, std::int32_t j, double time) {
        ++collisions;
        jam_.collided(gas_.epoch_start(), time);
        if (sink.stop && (++checked_ & 0x1fff) == 0) sink.stop->check();
        velocities_[static_cast<std::size_t>(i)] = gas_.velocity(i);
        velocities_[static_cast<std::size_t>(j)] = gas_.velocity(j);
        if (!sink.log) return;
        sink.log->add(i, j, gas_.velocity(i), gas_.velocity(j));
        sink.log->times.push_back(gas_.epoch_start() + time);
      });
      sink.collisions[frame] = collisions;
      if (sink.velocities) write_velocities(sink.velocities + frame * n);
      if (sink.positions) write_positions(sink.positions + frame * n);
    }
  }

  void write_state(Vec* positions, Vec* velocities) const override {
    write_positions(positions);
    write_velocities(velocities);
  }

 private:
  void write_velocities(Vec* velocities) const { std::copy(velocities_.begin(), velocities_.end(), velocities); }

  void write_positions(Vec* positions) const {
    for (std::int32_t i = 0; i < gas_.size(); ++i) {
      const Vec x = gas_.position(i);
      positions[i] = {wrapped(x.x, box_), wrapped(x.y, box_)};
    }
  }

  double box_;
  event_driven::Gas<double> gas_;
  JamGuard jam_;
  std::uint32_t checked_ = 0;    // collisions, modulo 2^32
  std::vector<Vec> velocities_;  // (n,) those of the gas, side by side: a frame is one copy
};

std::string overlap_text(std::int64_t i, std::int64_t j, double distance) {
  std::ostringstream text;
  text << std::setprecision(17) << "disks " << i << " and " << j << " overlap, their centres are " << distance
       << " apart";
  return text.str();
}

/// Throw for the first pair of overlapping disks. What rounding may do to a pair in contact is no overlap.
void refuse_overlap(const Setup& setup, const Vec* positions, std::int64_t n) {
  const double touching = setup.diameter - std::max(1e-12 * setup.diameter, 0x1p-51 * setup.box);
  CellList finder{setup, n, simd_level()};
  PairList pairs;
  finder.find({positions, nullptr, n}, pairs);
  std::sort(pairs.begin(), pairs.end());
  for (const Pair& pair : pairs) {
    const Vec d = separation(positions[pair.i()], positions[pair.j()], setup.box, setup.box / 2);
    const double distance = std::hypot(d.x, d.y);
    if (distance < touching) throw OverlappingStart{pair.i(), pair.j(), distance};
  }
}

}  // namespace

OverlappingStart::OverlappingStart(std::int64_t first, std::int64_t second, double apart)
    : std::invalid_argument{overlap_text(first, second, apart)}, i{first}, j{second}, distance{apart} {}

std::unique_ptr<Run> make_event_run(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n,
                                    Simd level) {
  refuse_overlap(setup, positions, n);
  return std::make_unique<EventRun>(setup, positions, velocities, n, level);
}

}  // namespace hthm
