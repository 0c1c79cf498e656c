// The collisions of many runs, one run after another, in arrays that grow while the runs are simulated.
#pragma once

#include <cstdint>
#include <vector>

#include "core/growing_array.hpp"
#include "core/run.hpp"

namespace hthm {

/// Rows of all runs so far: those of a run stand together, in the order in which its disks collided.
struct LogRows {
  bool timed = false;                // whether there are times: exact engines only
  GrowingArray<std::int32_t> pairs;  // (rows, 2), i < j
  GrowingArray<Vec> velocities;      // (rows, 2) of i and j just after the collision
  GrowingArray<double> times;        // (rows,) since the start of the run, or none
  int carried = 0;                   // how many numbers a disk carries besides
  GrowingArray<double> inner{};      // (rows, 2, carried) of i and j just after the collision

  std::int64_t rows() const { return pairs.size() / 2; }

  /// Append the rows of runs, each in pieces that follow each other; what has been moved is freed as it goes.
  /// Throws std::bad_alloc, and nothing has changed, or Stopped, and rows and runs can only be destroyed.
  void append(std::vector<std::vector<CollisionLog>>& runs, int threads, StopRequest* stop = nullptr);
};

}  // namespace hthm
