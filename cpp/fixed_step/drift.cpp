#include "fixed_step/drift.hpp"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hthm {
namespace {

// Few coordinates leave the box in a step: each path stores all of them as moved, a block at a time, notices whether
// any is outside [0, box) and has these wrapped one by one.

void drift_portable(double* __restrict x, const double* __restrict v, std::int64_t count, double dt, double box) {
  constexpr std::int64_t block = 32;  // in vectors of whatever length the compiler knows
  const double inside = std::nextafter(box, 0);
  for (std::int64_t first = 0; first < count; first += block) {
    const std::int64_t last = std::min(first + block, count);
    std::int64_t signs = 0;  // negative if a coordinate or what it leaves of the box is
    for (std::int64_t k = first; k < last; ++k) {
      const double y = x[k] + v[k] * dt;
      x[k] = y + 0.0;
      signs |= std::bit_cast<std::int64_t>(y) | std::bit_cast<std::int64_t>(inside - y);
    }
    if (signs >= 0) continue;
    for (std::int64_t k = first; k < last; ++k) {
      if (x[k] < 0 || x[k] >= box) x[k] = wrapped(x[k], box);
    }
  }
}

#if defined(__x86_64__)

// A coordinate is outside if its sign bit is set (-0.0 included) or it is >= box. Positive doubles are ordered as the
// integers with their bits.

__attribute__((target("avx2"))) void drift_avx2(double* x, const double* v, std::int64_t count, double dt, double box) {
  constexpr std::int64_t block = 16;
  const __m256d step = _mm256_set1_pd(dt), end = _mm256_set1_pd(box);
  std::int64_t k = 0;
  for (; k + block <= count; k += block) {
    __m256d signs = _mm256_setzero_pd(), largest = _mm256_setzero_pd();
    for (std::int64_t j = k; j < k + block; j += 4) {
      const __m256d y = _mm256_add_pd(_mm256_loadu_pd(x + j), _mm256_mul_pd(_mm256_loadu_pd(v + j), step));
      _mm256_storeu_pd(x + j, y);
      signs = _mm256_or_pd(signs, y);
      largest = _mm256_max_pd(largest, y);
    }
    const __m256d outside = _mm256_or_pd(signs, _mm256_cmp_pd(largest, end, _CMP_NLT_UQ));
    if (_mm256_movemask_pd(outside) == 0) [[likely]]
      continue;
    for (std::int64_t j = k; j < k + block; ++j) {
      if (std::signbit(x[j]) || !(x[j] < box)) x[j] = wrapped(x[j], box);
    }
  }
  for (; k + 4 <= count; k += 4) {
    const __m256d y = _mm256_add_pd(_mm256_loadu_pd(x + k), _mm256_mul_pd(_mm256_loadu_pd(v + k), step));
    _mm256_storeu_pd(x + k, y);
    if (_mm256_movemask_pd(_mm256_or_pd(y, _mm256_cmp_pd(y, end, _CMP_NLT_UQ))) == 0) [[likely]]
      continue;
    for (std::int64_t j = k; j < k + 4; ++j) x[j] = wrapped(x[j], box);
  }
  for (; k < count; ++k) x[k] = wrapped(x[k] + v[k] * dt, box);
}

__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"))) void drift_avx512(double* x, const double* v,
                                                                                std::int64_t count, double dt,
                                                                                double box) {
  const __m512d step = _mm512_set1_pd(dt);
  const __m512i end = _mm512_castpd_si512(_mm512_set1_pd(box));
  std::int64_t k = 0;
  for (; k + 8 <= count; k += 8) {
    const __m512d y = _mm512_add_pd(_mm512_loadu_pd(x + k), _mm512_mul_pd(_mm512_loadu_pd(v + k), step));
    _mm512_storeu_pd(x + k, y);
    unsigned outside = _mm512_cmpge_epu64_mask(_mm512_castpd_si512(y), end);
    for (; outside != 0; outside &= outside - 1) {
      double& lane = x[k + __builtin_ctz(outside)];
      lane = wrapped(lane, box);
    }
  }
  drift_portable(x + k, v + k, count - k, dt, box);
}

#endif

}  // namespace

void drift(double* x, const double* v, std::int64_t count, double dt, double box, Simd level) {
#if defined(__x86_64__)
  if (level == Simd::avx512) return drift_avx512(x, v, count, dt, box);
  if (level == Simd::avx2) return drift_avx2(x, v, count, dt, box);
#else
  static_cast<void>(level);
#endif
  drift_portable(x, v, count, dt, box);
}

}  // namespace hthm
