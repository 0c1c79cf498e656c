#include "strip.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hthm {
namespace {

std::int64_t test_portable(const OverlapTest& overlap, const Vec& disk, const Strip& strip, std::int64_t first,
                           std::int64_t last, std::int32_t* found) {
  std::int64_t count = 0;
  for (std::int64_t k = first; k < last; ++k) {
    found[count] = static_cast<std::int32_t>(k);
    count += overlap(disk, {strip.x[k], strip.y[k]});  // no branch: overlaps are not to be foreseen
  }
  return count;
}

#if defined(__x86_64__)
#define HTHM_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))

// Two shifts under a mask are the minimum image of vec2.hpp, lane by lane: after either, the other does not apply.

__attribute__((target("avx2"))) inline __m256d shifted(__m256d d, __m256d box, __m256d half) {
  const __m256d above = _mm256_cmp_pd(d, half, _CMP_GT_OQ);
  const __m256d below = _mm256_cmp_pd(d, _mm256_sub_pd(_mm256_setzero_pd(), half), _CMP_LT_OQ);
  // d - 0 and d + 0 are d but for the sign of a zero, which the square forgets.
  return _mm256_add_pd(_mm256_sub_pd(d, _mm256_and_pd(above, box)), _mm256_and_pd(below, box));
}

__attribute__((target("avx2"))) std::int64_t test_avx2(const OverlapTest& overlap, const Vec& disk, const Strip& strip,
                                                       std::int64_t first, std::int64_t last, std::int32_t* found) {
  const __m256d x = _mm256_set1_pd(disk.x), y = _mm256_set1_pd(disk.y), diameter2 = _mm256_set1_pd(overlap.diameter2);
  const __m256d box = _mm256_set1_pd(overlap.box), half = _mm256_set1_pd(overlap.half_box);
  std::int64_t count = 0, k = first;
  for (; k + 4 <= last; k += 4) {
    const __m256d dx = shifted(_mm256_sub_pd(x, _mm256_loadu_pd(strip.x + k)), box, half);
    const __m256d dy = shifted(_mm256_sub_pd(y, _mm256_loadu_pd(strip.y + k)), box, half);
    const __m256d d2 = _mm256_add_pd(_mm256_mul_pd(dx, dx), _mm256_mul_pd(dy, dy));
    auto hits = static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(d2, diameter2, _CMP_LT_OQ)));
    for (; hits != 0; hits &= hits - 1) found[count++] = static_cast<std::int32_t>(k) + __builtin_ctz(hits);
  }
  return count + test_portable(overlap, disk, strip, k, last, found + count);
}

HTHM_AVX512 inline __m512d shifted(__m512d d, __m512d box, __m512d half) {
  const __mmask8 above = _mm512_cmp_pd_mask(d, half, _CMP_GT_OQ);
  const __mmask8 below = _mm512_cmp_pd_mask(d, _mm512_sub_pd(_mm512_setzero_pd(), half), _CMP_LT_OQ);
  return _mm512_mask_add_pd(_mm512_mask_sub_pd(d, above, d, box), below, d, box);
}

HTHM_AVX512 std::int64_t test_avx512(const OverlapTest& overlap, const Vec& disk, const Strip& strip,
                                     std::int64_t first, std::int64_t last, std::int32_t* found) {
  const __m512d x = _mm512_set1_pd(disk.x), y = _mm512_set1_pd(disk.y), diameter2 = _mm512_set1_pd(overlap.diameter2);
  const __m512d box = _mm512_set1_pd(overlap.box), half = _mm512_set1_pd(overlap.half_box);
  std::int64_t count = 0;
  for (std::int64_t k = first; k < last; k += 8) {
    const std::int64_t left = last - k;
    const auto lanes = static_cast<__mmask8>(left >= 8 ? 0xff : (1 << left) - 1);
    const __m512d dx = shifted(_mm512_sub_pd(x, _mm512_maskz_loadu_pd(lanes, strip.x + k)), box, half);
    const __m512d dy = shifted(_mm512_sub_pd(y, _mm512_maskz_loadu_pd(lanes, strip.y + k)), box, half);
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
