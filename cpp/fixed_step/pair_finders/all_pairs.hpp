// Every pair is looked at: n(n-1)/2 tests a step. The reference for the others, and the fastest for a few dozen disks.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/paced_array.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"
#include "fixed_step/pair_finders/strip.hpp"

namespace hthm {

class AllPairs {
 public:
  AllPairs(const Setup& setup, std::int64_t n, Simd level, Pace& pace)
      : overlap_{setup},
        test_{strip_test(level)},
        x_(defaults<double>(n, pace)),
        y_(defaults<double>(n, pace)),
        found_(defaults<std::int32_t>(n + 8, pace)) {}

  void find(const Disks& disks, PairList& pairs, Pace& pace) {
    in_pieces(0, disks.n, pace, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        x_[static_cast<std::size_t>(i)] = disks.positions[i].x;
        y_[static_cast<std::size_t>(i)] = disks.positions[i].y;
      }
    });
    const Strip all{x_.data(), y_.data()};
    const std::int64_t rows = std::max<std::int64_t>(1, Pace::steps / std::max<std::int64_t>(1, disks.n));
    for (std::int64_t begin = 0; begin < disks.n; begin += rows) {
      const std::int64_t end = std::min(begin + rows, disks.n);
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t count = test_(overlap_, disks.positions[i], all, i + 1, disks.n, found_.data());
        for (std::int64_t k = 0; k < count; ++k) pairs.emplace_back(i, found_[static_cast<std::size_t>(k)]);
      }
      pace.did((end - begin) * (disks.n - begin));
    }
  }

 private:
  OverlapTest overlap_;
  StripTest test_;
  LargeArray<double> x_, y_;  // (n,)
  LargeArray<std::int32_t> found_;
};

}  // namespace hthm
