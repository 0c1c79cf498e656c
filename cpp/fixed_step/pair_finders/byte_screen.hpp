// Which disks may be near one another, told by positions that are rounded to a byte a coordinate: a register holds
// those of dozens of disks, and their differences wrap round as the periodic box does.
#pragma once

#include <cstdint>

#include "core/cpu_features.hpp"
#include "core/large_array.hpp"
#include "core/run.hpp"
#include "core/stop_request.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"

namespace hthm {

class ByteScreen {
 public:
  /// For pairs of `n` disks that are within the diameter of each other.
  ByteScreen(const Setup& setup, std::int64_t n, Simd level, Pace& pace);

  /// Round positions (n,) in [0, box), those in [first, last).
  void round(const Vec* positions, std::int64_t first, std::int64_t last) {
    round_(positions, per_length_, first, last, x_.data(), y_.data());
  }

  /// Append to `found` pairs i < k, i in [first, last): in order, all that are within the diameter of each other and
  /// others. Returns where the next would go; there is room for (last - first) n.
  Pair* near(std::int64_t first, std::int64_t last, std::int64_t n, Pair* found) const {
    return near_({x_.data(), y_.data(), reach_, most_}, first, last, n, found);
  }

  /// Coordinates of disks, with a register's room behind them; by how much those of a pair may differ, and how large
  /// their difference is then at most once that has been added to it: twice as much, or any byte.
  struct Bytes {
    const std::uint8_t *x, *y;
    std::uint8_t reach, most;
  };

 private:
  using Round = void (*)(const Vec* positions, double per_length, std::int64_t first, std::int64_t last,
                         std::uint8_t* x, std::uint8_t* y);
  using Near = Pair* (*)(const Bytes& bytes, std::int64_t first, std::int64_t last, std::int64_t n, Pair* found);

  double per_length_;  // 256 to the box
  std::uint8_t reach_, most_;
  Round round_;
  Near near_;
  LargeArray<std::uint8_t> x_, y_;  // (n,) and a register more
};

}  // namespace hthm
