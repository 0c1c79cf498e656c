// Every pair is looked at: n(n-1)/2 tests a step, dozens at once by positions that are rounded to bytes. The reference
// for the others, and the fastest for a hundred disks.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/paced_array.hpp"
#include "fixed_step/pair_finders/byte_screen.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"

namespace hthm {

class AllPairs {
 public:
  AllPairs(const Setup& setup, std::int64_t n, Simd level, Pace& pace)
      : overlap_{setup}, screen_{setup, n, level, pace}, near_(defaults<ByteScreen::Near>(ByteScreen::room(n), pace)) {}

  void find(const Disks& disks, PairList& pairs, Pace& pace) {
    screen_.round(disks.positions, pace);
    for (std::int64_t first = 0; first < disks.n; first += ByteScreen::together) {
      for (std::int64_t step = 1; step <= disks.n / 2; step += ByteScreen::steps) {
        test(disks, screen_.near(first, step, near_.data()), pairs);
        pace.did(std::min(ByteScreen::together, disks.n - first) * std::min(ByteScreen::steps, disks.n / 2));
      }
    }
  }

 private:
  /// Append those of near_ before `end` that overlap.
  void test(const Disks& disks, const ByteScreen::Near* end, PairList& pairs) {
    ByteScreen::Near* found = near_.data();  // no longer needed there
    for (const ByteScreen::Near* near = near_.data(); near != end; ++near) {
      const std::int64_t i = near->i(), k = near->k() - (disks.n & -static_cast<std::int64_t>(near->k() >= disks.n));
      *found = {static_cast<std::uint64_t>(i) << 32 | static_cast<std::uint64_t>(k)};
      found += overlap_(disks.positions[i], disks.positions[k]);
    }
    for (const ByteScreen::Near* pair = near_.data(); pair != found; ++pair) pairs.emplace_back(pair->i(), pair->k());
  }

  OverlapTest overlap_;
  ByteScreen screen_;
  LargeArray<ByteScreen::Near> near_;
};

}  // namespace hthm
