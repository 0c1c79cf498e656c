#include "fixed_step/pair_finders/strip.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hthm {
namespace {

// With e = |a - b| for a component, min(e, box - e) is the minimum image of vec2.hpp but for its sign, which the square
// forgets: from half a box on box - e is exact, and up to there it is not the smaller one.

/// The square of the distance between `disk` and the disk at (x, y), as the rule rounds it.
inline double distance2(const OverlapTest& overlap, const Vec& disk, double x, double y) {
  const double across = std::abs(disk.x - x), up = std::abs(disk.y - y);
  const double dx = std::min(across, overlap.box - across), dy = std::min(up, overlap.box - up);
  return dx * dx + dy * dy;
}

std::int64_t test_portable(const OverlapTest& overlap, const Vec& disk, const Strip& strip, std::int64_t first,
                           std::int64_t last, std::int32_t* found) {
  constexpr std::int64_t block = 16;  // in vectors of whatever length the compiler knows
  std::int64_t count = 0;
  for (; first < last; first += block) {
    const std::int64_t end = std::min(first + block, last);
    std::int64_t signs = 0;  // negative if a distance is below the diameter
    const auto look = [&](std::int64_t disks) {
      for (std::int64_t k = first; k < first + disks; ++k) {
        signs |= std::bit_cast<std::int64_t>(distance2(overlap, disk, strip.x[k], strip.y[k]) - overlap.diameter2);
      }
    };
    end - first == block ? look(block) : look(end - first);
    if (signs >= 0) continue;
    for (std::int64_t k = first; k < end; ++k) {
      found[count] = static_cast<std::int32_t>(k);
      count += distance2(overlap, disk, strip.x[k], strip.y[k]) < overlap.diameter2;
    }
  }
  return count;
}

#if defined(__x86_64__)
#define HTHM_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))

__attribute__((target("avx2"))) inline __m256d shifted(__m256d d, __m256d box) {
  const __m256d e = _mm256_andnot_pd(_mm256_set1_pd(-0.0), d);
  return _mm256_min_pd(e, _mm256_sub_pd(box, e));
}

__attribute__((target("avx2"))) std::int64_t test_avx2(const OverlapTest& overlap, const Vec& disk, const Strip& strip,
                                                       std::int64_t first, std::int64_t last, std::int32_t* found) {
  const __m256d x = _mm256_set1_pd(disk.x), y = _mm256_set1_pd(disk.y), diameter2 = _mm256_set1_pd(overlap.diameter2);
  const __m256d box = _mm256_set1_pd(overlap.box);
  std::int64_t count = 0, k = first;
  for (; k + 4 <= last; k += 4) {
    const __m256d dx = shifted(_mm256_sub_pd(x, _mm256_loadu_pd(strip.x + k)), box);
    const __m256d dy = shifted(_mm256_sub_pd(y, _mm256_loadu_pd(strip.y + k)), box);
    const __m256d d2 = _mm256_add_pd(_mm256_mul_pd(dx, dx), _mm256_mul_pd(dy, dy));
    auto hits = static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(d2, diameter2, _CMP_LT_OQ)));
    for (; hits != 0; hits &= hits - 1) found[count++] = static_cast<std::int32_t>(k) + __builtin_ctz(hits);
  }
  return count + test_portable(overlap, disk, strip, k, last, found + count);
}

HTHM_AVX512 inline __m512d shifted(__m512d d, __m512d box) {
  const __m512d e = _mm512_andnot_pd(_mm512_set1_pd(-0.0), d);
  // With a mask: GCC 12 warns of its own header's undefined vector in the plain form.
  return _mm512_maskz_min_pd(0xff, e, _mm512_sub_pd(box, e));
}

HTHM_AVX512 std::int64_t test_avx512(const OverlapTest& overlap, const Vec& disk, const Strip& strip,
                                     std::int64_t first, std::int64_t last, std::int32_t* found) {
  const __m512d x = _mm512_set1_pd(disk.x), y = _mm512_set1_pd(disk.y), diameter2 = _mm512_set1_pd(overlap.diameter2);
  const __m512d box = _mm512_set1_pd(overlap.box);
  std::int64_t count = 0;
  for (std::int64_t k = first; k < last; k += 8) {
    const std::int64_t left = last - k;
    const auto lanes = static_cast<__mmask8>(left >= 8 ? 0xff : (1 << left) - 1);
    const __m512d dx = shifted(_mm512_sub_pd(x, _mm512_maskz_loadu_pd(lanes, strip.x + k)), box);
    const __m512d dy = shifted(_mm512_sub_pd(y, _mm512_maskz_loadu_pd(lanes, strip.y + k)), box);
    const __m512d d2 = _mm512_add_pd(_mm512_mul_pd(dx, dx), _mm512_mul_pd(dy, dy));
    unsigned hits = _mm512_mask_cmp_pd_mask(lanes, d2, diameter2, _CMP_LT_OQ);
    for (; hits != 0; hits &= hits - 1) found[count++] = static_cast<std::int32_t>(k) + __builtin_ctz(hits);
  }
  return count;
}

#endif

}  // namespace

StripTest strip_test(Simd level) {
#if defined(__x86_64__)
  if (level == Simd::avx512) return &test_avx512;
  if (level == Simd::avx2) return &test_avx2;
#else
  static_cast<void>(level);
#endif
  return &test_portable;
}

}  // namespace hthm
