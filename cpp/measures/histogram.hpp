// Velocities into counts, by numpy's rule for explicit edges, and H of the counts.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/large_array.hpp"
#include "core/run.hpp"
#include "core/vec2.hpp"

namespace hthm {

/// How far from the edges of its bin a value is to be, in widths of a bin, so that rounding does not matter: an edge
/// and the place of a value among `bins` bins are each off by some rounding errors of the last edge.
struct Sure {
  double least;

  explicit Sure(std::int64_t bins) : least{static_cast<double>(bins) * 0x1p-48} {}

  bool holds(double into_bin) const { return into_bin > least && into_bin < 1 - least; }
};

/// Bins of speeds. Bin k holds edges[k] <= s < edges[k + 1]; the last bin holds its right edge too; speeds beyond the
/// edges are dropped. A speed is std::hypot(vx, vy) to the last bit: H hangs on the side of an edge it falls.
class SpeedBins {
 public:
  /// `edges` (bins + 1,) ascending from 0, equally spaced up to rounding.
  explicit SpeedBins(std::vector<double> edges);

  std::int64_t bins() const { return static_cast<std::int64_t>(edges_.size()) - 1; }
  double width() const { return edges_.back() / static_cast<double>(bins()); }

  // Each of these throws std::invalid_argument where a velocity is not finite.

  /// The bin of a velocity, or bins() where its speed is out of range.
  std::int64_t operator()(const Vec& v) const { return bin(v, place(v)); }

  /// The bins (n,) of velocities (n,). bins() fits 32 bits.
  void find(const Vec* velocities, std::int64_t n, std::int32_t* found) const;

  /// Add velocities (n,) to counts (bins() + 1,), the last of those out of range.
  void count(const Vec* velocities, std::int64_t n, std::int64_t* counts) const;

 private:
  /// Call found(k, bin) for every velocity.
  template <class Found>
  void for_each(const Vec* velocities, std::int64_t n, const Found& found) const;

  /// Roughly where the bin is: its number, and how far into it.
  double place(const Vec& v) const {
    const double place = std::sqrt(norm2(v)) * per_speed_, end = static_cast<double>(bins());
    return place < end ? place : end;  // nor NaN
  }

  std::int64_t bin(const Vec& v, double place) const {
    const auto guess = static_cast<std::int64_t>(place);
    return sure_.holds(place - static_cast<double>(guess)) ? guess : exact(v);
  }

  std::int64_t exact(const Vec& v) const;

  std::vector<double> edges_;
  double per_speed_;  // bins per unit speed
  Sure sure_;
};

/// H of a histogram: the sum of p ln p over its cells, p the density of the counts.
class CountEntropy {
 public:
  /// For counts from 0 to `most`: what a cell of c disks adds is looked up in `terms` (most + 1,), which replace c ln c
  /// where an estimator corrects its bias, or are c ln c where that is null. Throws Stopped.
  explicit CountEntropy(std::int64_t most, StopRequest* stop = nullptr, const double* terms = nullptr);

  /// H of counts (bins,), N in all, in cells of size `cell`: the sum of their terms / N - ln(N cell); NaN where all are
  /// zero.
  double operator()(const std::int64_t* counts, std::int64_t bins, double cell) const;

 private:
  LargeArray<double> terms_;  // (most + 1,)
};

/// Boltzmann's H of one frame at a time: the sum of f ln f dA over bins x bins cells of [-reach sqrt(T), reach
/// sqrt(T)]^2, f normalised over the disks in range.
class VelocityCells {
 public:
  VelocityCells(const CountEntropy& entropy, std::int64_t n, std::int64_t bins, double reach);

  /// H of velocities (n,); NaN with no disk in range, or with T = 0. T is `*temperature`, or where that is null the
  /// mean of v^2 / 2. Throws Stopped.
  double operator()(const Vec* velocities, const double* temperature, Pace& pace);

  /// Disks of the last frame that were out of range.
  std::int64_t beyond() const { return beyond_; }

 private:
  void count(const Vec* velocities, std::int64_t n, double step);

  /// H at a temperature whose squares and cells neither vanish nor overflow.
  double in_cells(const Vec* velocities, double t, Pace& pace);

  /// H at any other: of velocities times a power of two, which is exact, and the logarithm that this adds.
  double rescaled(const Vec* velocities, const double* temperature, Pace& pace);

  const CountEntropy& entropy_;  // for counts up to n
  std::int64_t n_, bins_;
  double reach_;
  std::int64_t beyond_ = 0;
  std::vector<std::int64_t> counts_;  // (bins * bins,)
  std::vector<double> edges_;         // (bins + 1,)
};

// Each of these throws std::invalid_argument where a velocity is not finite, and Stopped. `terms` (n + 1,), or null:
// see CountEntropy.

/// Counts (frames, bins) of the speeds of velocities (frames, n).
void speed_counts(const SpeedBins& bins, const Vec* velocities, std::int64_t frames, std::int64_t n, int threads,
                  std::int64_t* counts, StopRequest* stop = nullptr);

/// H (frames,) = sum of p ln p ds, eq. (5), of velocities (frames, n), and the disks (frames,) that are out of range;
/// NaN for a frame with no speed in range.
void speed_h(const SpeedBins& bins, const Vec* velocities, std::int64_t frames, std::int64_t n, int threads, double* h,
             std::int64_t* beyond, StopRequest* stop = nullptr, const double* terms = nullptr);

/// Boltzmann's H (frames,) of velocities (frames, n), and the disks (frames,) that are out of range. `temperature`
/// (frames,), or null: see VelocityCells.
void velocity_h(const Vec* velocities, std::int64_t frames, std::int64_t n, const double* temperature,
                std::int64_t bins, double reach, int threads, double* h, std::int64_t* beyond,
                StopRequest* stop = nullptr, const double* terms = nullptr);

}  // namespace hthm
