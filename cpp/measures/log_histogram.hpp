// Counts and H of frames that were recorded as a log: the bits that the dense frames give, from the collisions alone.
#pragma once

#include <cstdint>

#include "measures/histogram.hpp"
#include "recording/replay.hpp"

namespace hthm {

// Each of these throws std::invalid_argument where the log points outside of itself or a velocity is not finite, and
// Stopped. `terms` (n + 1,), or null: see CountEntropy.

/// Counts (runs, frames, bins) of the speeds. A collision moves two disks from one bin to another.
void speed_counts(const SpeedBins& bins, const LogView& log, int threads, std::int64_t* counts,
                  StopRequest* stop = nullptr);

/// H (runs, frames) of the speeds, and the disks (runs, frames) that are out of range; NaN for a frame with no speed in
/// range.
void speed_h(const SpeedBins& bins, const LogView& log, int threads, double* h, std::int64_t* beyond,
             StopRequest* stop = nullptr, const double* terms = nullptr);

/// Boltzmann's H (runs, frames), and the disks (runs, frames) that are out of range. `temperature` (runs, frames), or
/// null: see VelocityCells. The cells hang on T, which rounding changes from frame to frame: where anything collides
/// all disks are counted.
void velocity_h(const LogView& log, const double* temperature, std::int64_t bins, double reach, int threads, double* h,
                std::int64_t* beyond, StopRequest* stop = nullptr, const double* terms = nullptr);

}  // namespace hthm
