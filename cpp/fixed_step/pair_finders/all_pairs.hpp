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
      : overlap_{setup}, screen_{setup, n, level, pace}, near_(defaults<Pair>(std::max(room, n), pace)) {}

  void find(const Disks& disks, PairList& pairs, Pace& pace) {
    in_pieces(0, disks.n, pace,
              [&](std::int64_t first, std::int64_t last) { screen_.round(disks.positions, first, last); });
    // As many rows at a time as there is room for, whoever may be near.
    for (std::int64_t first = 0; first < disks.n;) {
      const std::int64_t rows = std::max<std::int64_t>(1, room / (disks.n - first));
      const std::int64_t last = std::min(first + rows, disks.n);
      test(disks.positions, screen_.near(first, last, disks.n, near_.data()), pairs);
      pace.did((last - first) * (disks.n - first));
      first = last;
    }
  }

 private:
  static constexpr std::int64_t room = 1 << 12;

  /// Append those of near_ before `end` that overlap.
  void test(const Vec* positions, const Pair* end, PairList& pairs) const {
    const std::size_t before = pairs.size();
    pairs.resize(before + static_cast<std::size_t>(end - near_.data()));
    Pair* found = pairs.data() + before;
    for (const Pair* pair = near_.data(); pair != end; ++pair) {
      *found = *pair;
      found += overlap_(positions[pair->i()], positions[pair->j()]);
    }
    pairs.resize(static_cast<std::size_t>(found - pairs.data()));
  }

  OverlapTest overlap_;
  ByteScreen screen_;
  LargeArray<Pair> near_;
};

}  // namespace hthm
