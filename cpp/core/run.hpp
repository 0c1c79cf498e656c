// One simulated run, whatever the engine, and where its frames go.
#pragma once

#include <cstdint>

#include "core/growing_array.hpp"
#include "core/stop_request.hpp"
#include "core/vec2.hpp"

namespace hthm {

using Vec = Vec2<double>;

/// The gas and the clock: one periodic box of equal disks, frames `dt` apart.
struct Setup {
  double box;       // side of the square box
  double diameter;  // of every disk, at most box / 2
  double dt;        // time between two frames
};

/// One row a collision, in the order in which they happen. A frame may have tens of millions: they grow in no time.
struct CollisionLog {
  GrowingArray<std::int32_t> pairs;  // (rows, 2), i < j
  GrowingArray<Vec> velocities;      // (rows, 2) of i and j just after the collision
  GrowingArray<double> inner;        // (rows, 2, inner of the rule) just after it: what a disk carries besides
  GrowingArray<double> times;        // (rows,) since the start of the run; exact engines only

  void add(std::int32_t i, std::int32_t j, const Vec& v_i, const Vec& v_j) {
    pairs.push_back(i);
    pairs.push_back(j);
    velocities.push_back(v_i);
    velocities.push_back(v_j);
  }

  /// What the two disks of the last row carry besides.
  template <class Values>
  void add_inner(const Values& of_i, const Values& of_j) {
    for (const double value : of_i) inner.push_back(value);
    for (const double value : of_j) inner.push_back(value);
  }
};

/// Digits, in bits, that an exact run carries. With more than a double's 53, events are predicted and put in order in
/// double all the same, from the state rounded, and every collision that happens is solved again to all digits.
enum class Precision : int { floating = 53, quad = 113, extended = 237 };

/// What doubles leave out of where a run starts: (n, 2, 4) each, or null.
struct Rests {
  const double* positions = nullptr;
  const double* velocities = nullptr;
};

/// Where the frames of one run go; a null pointer is not recorded.
struct FrameSink {
  Vec* velocities = nullptr;           // (frames, n) after each frame
  Vec* positions = nullptr;            // (frames, n) after each frame
  std::int64_t* collisions = nullptr;  // (frames,) collisions during each frame; never null
  CollisionLog* log = nullptr;         // rows are appended
  StopRequest* stop = nullptr;         // checked in frames that may take long
  int threads = 1;                     // that the run may share its work out among, if it can
  double* inner = nullptr;             // (frames, n, inner of the rule) after each frame
};

/// One run of one engine, advanced a stretch of frames at a time. How frames are split into calls changes no bit.
class Run {
 public:
  Run() = default;
  virtual ~Run() = default;
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Whether the threads of a sink are of use to this run.
  virtual bool shares_out() const { return false; }

  /// Advance by `frames` frames and record each. After Stopped or any other exception the run can only be destroyed.
  virtual void advance(std::int64_t frames, const FrameSink& sink) = 0;

  /// Copy the state after the last frame: positions (n,), velocities (n,). Throws Stopped.
  virtual void write_state(Vec* positions, Vec* velocities, Pace& pace) const = 0;

  /// Copy what the disks carry besides, (n, inner of the rule). Throws Stopped.
  virtual void write_inner(double* inner, Pace& pace) const = 0;

  /// Copy what the doubles of `write_state` leave out, positions (n, 2, 4) and velocities (n, 2, 4): the numbers that a
  /// run carries are the sums. False, and nothing is written, where it carries doubles. Throws Stopped.
  virtual bool write_rests(double*, double*, Pace&) const { return false; }

  /// Collisions that were carried out too late, as doubles could not tell which of two comes first; see `Precision`.
  virtual std::int64_t overtaken() const { return 0; }
};

}  // namespace hthm
