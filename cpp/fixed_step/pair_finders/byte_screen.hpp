// Which disks may be near one another, told by positions that are rounded to a byte a coordinate: a register holds
// those of dozens of disks, and their differences wrap round as the periodic box does. Disks are numbered on a ring: a
// register is compared with the one a step further, two steps, and so on half the way round, and nothing is looked at
// twice.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/cpu_features.hpp"
#include "core/large_array.hpp"
#include "core/run.hpp"
#include "core/stop_request.hpp"

namespace hthm {

class ByteScreen {
 public:
  /// Disks that are looked at together, and how many steps round the ring at a time.
  static constexpr std::int64_t together = 64, steps = 128;

  /// As many of `n` disks' pairs may be found at once, with what is written behind them.
  static std::int64_t room(std::int64_t n) { return std::min(together, n) * std::min(steps, n / 2) + 4; }

  /// Disks i and k, i < n, k < i + n: where k is n or more it is disk k - n.
  struct Near {
    std::uint64_t both;  // i << 32 | k

    std::int64_t i() const { return static_cast<std::int64_t>(both >> 32); }
    std::int64_t k() const { return static_cast<std::int64_t>(both & 0xffffffffU); }
  };

  /// For pairs of `n` disks that are within the diameter of each other.
  ByteScreen(const Setup& setup, std::int64_t n, Simd level, Pace& pace);

  /// Round positions (n,) in [0, box).
  void round(const Vec* positions, Pace& pace);

  /// Write to `found`, which has `room`, pairs of a disk i in [first, first + together) and the one some steps
  /// later on the ring of all disks, where after the last comes the first: all that are within the diameter of each
  /// other, and others, for so many steps from `step` on. Returns the end of them. Steps from 1 to n / 2 have every
  /// pair once.
  Near* near(std::int64_t first, std::int64_t step, Near* found) const;

  /// Coordinates of disks round the ring; by how much those of a pair may differ, and how large their difference is
  /// then at most once that has been added to it: twice as much, or any byte.
  struct Bytes {
    const std::uint8_t *x, *y;
    std::uint8_t reach, most;
  };
  /// Disks [begin, end), `together` at most, and those that are a number of steps in [step, last) further.
  struct Stretch {
    std::int64_t begin, end, step, last;
  };

 private:
  using Round = void (*)(const Vec* positions, double per_length, std::int64_t first, std::int64_t last,
                         std::uint8_t* x, std::uint8_t* y);
  using Look = Near* (*)(const Bytes& bytes, const Stretch& stretch, Near* found);

  std::int64_t n_;
  double per_length_;  // 256 to the box
  std::uint8_t reach_, most_;
  Round round_;
  Look look_;
  LargeArray<std::uint8_t> x_, y_;  // (n,), the first n / 2 again, and a register more
};

}  // namespace hthm
