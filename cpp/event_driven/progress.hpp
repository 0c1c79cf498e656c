// Sees to it that the exact engine gets on, and stops when it is asked to.
#pragma once

#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>

#include "core/run.hpp"
#include "core/stop_request.hpp"
#include "event_driven/event_run.hpp"

namespace hthm::event_driven {

/// Disks without room collide again and again at one and the same time, and a frame would never end. Whatever else
/// might keep time from going on is caught by the same rule, with every turn of the loop in place of every collision.
class Progress {
 public:
  /// In the units of the gas.
  Progress(const Setup& setup, const Vec* velocities, std::int64_t n, Pace& pace)
      : collisions_{64 * n}, turns_{1024 * n} {
    double energy = 0;
    in_pieces(0, n, pace, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) energy += norm2(velocities[i]);
    });
    const double speed = std::sqrt(energy / static_cast<double>(n));
    shortest_ = 128 * least_gap * setup.diameter / speed;  // two disks a collision; infinite at rest, when none collide
  }

  /// Whom to ask from now on whether to stop; null: nobody.
  void listen_to(StopRequest* stop) { stop_ = stop; }

  /// A turn of the loop. Whether it is time to look up is all that most turns ask.
  bool turned() { return --left_ <= 0; }

  /// Other work, in units of a turn's.
  bool worked(std::int64_t turns) {
    other_ += turns;
    return (left_ -= turns) <= 0;
  }

  /// Look up, at `time` of the epoch that began at `epoch`, after `turned` or `worked` has said so. Throws Stopped, and
  /// Jammed where turns without number take no time.
  template <class Outside>
  void look_up(double epoch, double time, const Outside& outside) {
    const std::int64_t turns = between_ - left_ - other_;
    left_ = between_;
    other_ = 0;
    if (stop_) stop_->check();
    by_turns_.count(turns, turns_, epoch, time, shortest_, "events", outside);
  }

  /// A collision at `time` of the epoch that began at `epoch`; `outside` turns a time into that of the user. Throws
  /// Jammed.
  template <class Outside>
  void collided(double epoch, double time, const Outside& outside) {
    by_collisions_.count(1, collisions_, epoch, time, shortest_, "collisions", outside);
  }

 private:
  /// Between neighbours, in diameters, on the average: what is left of it after rounding has seven digits.
  static constexpr double least_gap = 1e-9;
  /// Turns between two looks: a few milliseconds.
  static constexpr std::int64_t between_ = 8192;

  /// How much happens in how little time.
  struct Watch {
    std::int64_t counted = 0;     // since the last look at the clock
    double epoch = 0, clock = 0;  // then

    template <class Outside>
    void count(std::int64_t more, std::int64_t enough, double epoch_now, double now, double shortest, const char* what,
               const Outside& outside) {
      if ((counted += more) < enough) return;
      const double elapsed = (epoch_now - epoch) + (now - clock);
      if (!(elapsed >= shortest)) throw Jammed{jammed_text(counted, what, outside(elapsed))};
      *this = {0, epoch_now, now};
    }
  };

  static std::string jammed_text(std::int64_t count, const char* what, double elapsed) {
    std::ostringstream text;
    text << "the disks are jammed: " << count << ' ' << what << " took a time of " << elapsed
         << ", so the gaps between disks are below " << least_gap << " diameters";
    return text.str();
  }

  std::int64_t collisions_, turns_;  // between two looks at the clock. A collision costs eight turns at most, and from
                                     // one collision to the next a disk crosses two borders in no time, at a corner
  double shortest_ = 0;              // time that so many collisions take
  std::int64_t left_ = between_;     // of the work until it is time to look up
  std::int64_t other_ = 0;           // work since that was no turn
  Watch by_collisions_, by_turns_;
  StopRequest* stop_ = nullptr;
};

}  // namespace hthm::event_driven
