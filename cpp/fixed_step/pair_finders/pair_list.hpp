// What every pair finder is given and gives back.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "core/run.hpp"
#include "core/stop_request.hpp"

namespace hthm {

/// Disks at one instant: what a finder may look at.
struct Disks {
  const Vec* positions;   // (n,), coordinates in [0, box)
  const Vec* velocities;  // (n,)
  std::int64_t n;
};

/// Two overlapping disks, i < j, packed so that ascending keys are ascending (i, j).
struct Pair {
  std::uint64_t key = 0;

  Pair() = default;
  Pair(std::int64_t a, std::int64_t b) {
    const std::int64_t exchange = (a ^ b) & -static_cast<std::int64_t>(a > b);  // no branch: not to be foreseen
    key = static_cast<std::uint64_t>(a ^ exchange) << 32 | static_cast<std::uint64_t>(b ^ exchange);
  }
  std::int32_t i() const { return static_cast<std::int32_t>(key >> 32); }
  std::int32_t j() const { return static_cast<std::int32_t>(key & 0xffffffffU); }
  bool operator<(const Pair& other) const { return key < other.key; }
};

using PairList = std::vector<Pair>;

/// Step 2 of the rule: two disks overlap if the square of their minimum-image distance is below that of the diameter.
struct OverlapTest {
  double box, half_box, diameter2;

  explicit OverlapTest(const Setup& setup)
      : box{setup.box}, half_box{setup.box / 2}, diameter2{setup.diameter * setup.diameter} {}
  bool operator()(const Vec& a, const Vec& b) const {
    // With e = |a - b| for a component, min(e, box - e) is the minimum image of vec2.hpp but for its sign, which the
    // square forgets: from half a box on box - e is exact, and up to there it is not the smaller one.
#if defined(__x86_64__)
    const __m128d e = _mm_andnot_pd(_mm_set1_pd(-0.0), _mm_sub_pd(_mm_loadu_pd(&a.x), _mm_loadu_pd(&b.x)));
    const __m128d d = _mm_min_pd(e, _mm_sub_pd(_mm_set1_pd(box), e)), d2 = _mm_mul_pd(d, d);
    return _mm_cvtsd_f64(_mm_add_sd(d2, _mm_unpackhi_pd(d2, d2))) < diameter2;
#else
    const double across = std::abs(a.x - b.x), up = std::abs(a.y - b.y);
    return norm2(Vec{std::min(across, box - across), std::min(up, box - up)}) < diameter2;
#endif
  }
};

// A pair finder is a class with
//   Finder(const Setup& setup, std::int64_t n, Simd level, Pace& pace);
//   void find(const Disks& disks, PairList& pairs, Pace& pace);
// `n` fits 32 bits. `find` appends every overlapping pair once, in any order. It decides which pairs to look at and
// nothing else; what it keeps between calls (cell order, neighbour lists) may change its speed but never its answer. It
// tells `pace` of every disk and pair it looks at; where that throws Stopped the finder can only be destroyed. Between
// two calls every disk has drifted by its velocity times dt and been wrapped into the box, and some velocities have
// changed. A finder that shares its work out among the threads of `pace` says from how many disks on:
//   static constexpr std::int64_t fewest_to_share;

}  // namespace hthm
