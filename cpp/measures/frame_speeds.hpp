// Speeds of frames that follow each other, counted from what changes between them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/large_array.hpp"
#include "core/stop_request.hpp"
#include "measures/histogram.hpp"

namespace hthm {

/// From one frame of a simulation to the next hardly a disk changes its velocity, and one that has the bits that it had
/// is in the bin that it was in: to compare two frames takes as long as to read them, a fifth of what their speeds
/// take. Where frames have nothing in common, all of each are counted.
class FrameSpeeds {
 public:
  /// Of frames of n disks. The bins must outlive this.
  FrameSpeeds(const SpeedBins& bins, std::int64_t n, Pace& pace);

  /// Counts (bins + 1,) of the speeds of a frame (n,), the last of those out of range. The velocities must stay as they
  /// are until the next frame has been counted. Throws std::invalid_argument where one is not finite, and Stopped.
  const std::vector<std::int64_t>& operator()(const Vec* frame);

 private:
  bool follow(const Vec* frame);
  void count_all(const Vec* frame);
  void look_at(std::int64_t disk, const Vec* frame);

  const SpeedBins& bins_;
  std::int64_t n_;
  Pace& pace_;
  std::vector<std::int64_t> counts_;  // (bins + 1,)
  LargeArray<std::int32_t> bin_of_;   // (n,) in the frame before
  const Vec* before_ = nullptr;       // the frame before, where its bins are known
  std::int64_t changed_ = 0;          // disks of the frame at hand
  int unlike_ = 0;                    // frames in a row that had little in common with the one before
};

}  // namespace hthm
