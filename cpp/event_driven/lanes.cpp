#include "event_driven/lanes.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hthm::event_driven {
namespace {

/// Put the bits of block k with those of the others.
inline void add(Possible& possible, int k, unsigned block) {
  (k < 8 ? possible.eight : possible.ninth) |= std::uint64_t{block} << (8 * (k & 7));
}

#if defined(__x86_64__)

/// Four lanes with what every x86-64 has.
inline unsigned possible_of_four(const float* x, const float* y, const float* vx, const float* vy, const Sight& sight,
                                 const Look& look) {
  const __m128 time = _mm_set1_ps(sight.time);
  const __m128 v_x = _mm_load_ps(vx), v_y = _mm_load_ps(vy);
  const __m128 d_x = _mm_add_ps(_mm_add_ps(_mm_load_ps(x), _mm_mul_ps(v_x, time)), _mm_set1_ps(look.x));
  const __m128 d_y = _mm_add_ps(_mm_add_ps(_mm_load_ps(y), _mm_mul_ps(v_y, time)), _mm_set1_ps(look.y));
  const __m128 u_x = _mm_sub_ps(v_x, _mm_set1_ps(sight.vx)), u_y = _mm_sub_ps(v_y, _mm_set1_ps(sight.vy));
  const __m128 cross = _mm_sub_ps(_mm_mul_ps(d_x, u_y), _mm_mul_ps(d_y, u_x));
  const __m128 b = _mm_add_ps(_mm_mul_ps(d_x, u_x), _mm_mul_ps(d_y, u_y));
  const __m128 u2 = _mm_add_ps(_mm_mul_ps(u_x, u_x), _mm_mul_ps(u_y, u_y));
  const __m128 aimed = _mm_cmple_ps(_mm_mul_ps(cross, cross),
                                    _mm_add_ps(_mm_mul_ps(u2, _mm_set1_ps(sight.reach2)), _mm_set1_ps(sight.slack2)));
  const __m128 d2 = _mm_add_ps(_mm_mul_ps(d_x, d_x), _mm_mul_ps(d_y, d_y));
  const __m128 soon = _mm_cmple_ps(_mm_add_ps(_mm_mul_ps(b, _mm_set1_ps(sight.horizon)), d2),
                                   _mm_add_ps(_mm_mul_ps(u2, _mm_set1_ps(sight.near1)), _mm_set1_ps(sight.near0)));
  return static_cast<unsigned>(_mm_movemask_ps(_mm_and_ps(aimed, soon)));
}

inline unsigned possible_portable(const Lanes& l, const Sight& sight, const Look& look) {
  return possible_of_four(l.x, l.y, l.vx, l.vy, sight, look) |
         possible_of_four(l.x + 4, l.y + 4, l.vx + 4, l.vy + 4, sight, look) << 4;
}

#else

inline unsigned possible_portable(const Lanes& l, const Sight& sight, const Look& look) {
  unsigned possible = 0;
  for (unsigned k = 0; k < Lanes::count; ++k) {
    const float d_x = l.x[k] + l.vx[k] * sight.time + look.x, d_y = l.y[k] + l.vy[k] * sight.time + look.y;
    const float u_x = l.vx[k] - sight.vx, u_y = l.vy[k] - sight.vy;
    const float cross = d_x * u_y - d_y * u_x, b = d_x * u_x + d_y * u_y, u2 = u_x * u_x + u_y * u_y;
    const bool aimed = cross * cross <= u2 * sight.reach2 + sight.slack2;
    const bool soon = b * sight.horizon + (d_x * d_x + d_y * d_y) <= u2 * sight.near1 + sight.near0;
    possible |= static_cast<unsigned>(aimed && soon) << k;
  }
  return possible;
}

#endif

template <int count>
Possible filter_portable(const Lanes* lanes, const Sight& sight, const Look* looks) {
  Possible possible{};
#pragma GCC unroll 9
  for (int k = 0; k < count; ++k) add(possible, k, possible_portable(lanes[looks[k].block], sight, looks[k]));
  return possible;
}

#if defined(__x86_64__)

template <int count>
__attribute__((target("avx2"))) Possible filter_avx2(const Lanes* lanes, const Sight& sight, const Look* looks) {
  const __m256 time = _mm256_set1_ps(sight.time), vx = _mm256_set1_ps(sight.vx), vy = _mm256_set1_ps(sight.vy);
  const __m256 reach2 = _mm256_set1_ps(sight.reach2), slack2 = _mm256_set1_ps(sight.slack2);
  const __m256 horizon = _mm256_set1_ps(sight.horizon);
  const __m256 near1 = _mm256_set1_ps(sight.near1), near0 = _mm256_set1_ps(sight.near0);
  Possible possible{};
#pragma GCC unroll 9
  for (int k = 0; k < count; ++k) {
    const Lanes& l = lanes[looks[k].block];
    const __m256 v_x = _mm256_load_ps(l.vx), v_y = _mm256_load_ps(l.vy);
    const __m256 d_x =
        _mm256_add_ps(_mm256_add_ps(_mm256_load_ps(l.x), _mm256_mul_ps(v_x, time)), _mm256_set1_ps(looks[k].x));
    const __m256 d_y =
        _mm256_add_ps(_mm256_add_ps(_mm256_load_ps(l.y), _mm256_mul_ps(v_y, time)), _mm256_set1_ps(looks[k].y));
    const __m256 u_x = _mm256_sub_ps(v_x, vx), u_y = _mm256_sub_ps(v_y, vy);
    const __m256 cross = _mm256_sub_ps(_mm256_mul_ps(d_x, u_y), _mm256_mul_ps(d_y, u_x));
    const __m256 b = _mm256_add_ps(_mm256_mul_ps(d_x, u_x), _mm256_mul_ps(d_y, u_y));
    const __m256 u2 = _mm256_add_ps(_mm256_mul_ps(u_x, u_x), _mm256_mul_ps(u_y, u_y));
    const __m256 d2 = _mm256_add_ps(_mm256_mul_ps(d_x, d_x), _mm256_mul_ps(d_y, d_y));
    const __m256 aimed =
        _mm256_cmp_ps(_mm256_mul_ps(cross, cross), _mm256_add_ps(_mm256_mul_ps(u2, reach2), slack2), _CMP_LE_OQ);
    const __m256 soon = _mm256_cmp_ps(_mm256_add_ps(_mm256_mul_ps(b, horizon), d2),
                                      _mm256_add_ps(_mm256_mul_ps(u2, near1), near0), _CMP_LE_OQ);
    add(possible, k, static_cast<unsigned>(_mm256_movemask_ps(_mm256_and_ps(aimed, soon))));
  }
  return possible;
}

template <int count>
__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"))) Possible filter_avx512(const Lanes* lanes,
                                                                                         const Sight& sight,
                                                                                         const Look* looks) {
  const __m256 time = _mm256_set1_ps(sight.time), vx = _mm256_set1_ps(sight.vx), vy = _mm256_set1_ps(sight.vy);
  const __m256 reach2 = _mm256_set1_ps(sight.reach2), slack2 = _mm256_set1_ps(sight.slack2);
  const __m256 horizon = _mm256_set1_ps(sight.horizon);
  const __m256 near1 = _mm256_set1_ps(sight.near1), near0 = _mm256_set1_ps(sight.near0);
  Possible possible{};
#pragma GCC unroll 9
  for (int k = 0; k < count; ++k) {
    const Lanes& l = lanes[looks[k].block];
    const __m256 v_x = _mm256_load_ps(l.vx), v_y = _mm256_load_ps(l.vy);
    const __m256 d_x = _mm256_add_ps(_mm256_fmadd_ps(v_x, time, _mm256_load_ps(l.x)), _mm256_set1_ps(looks[k].x));
    const __m256 d_y = _mm256_add_ps(_mm256_fmadd_ps(v_y, time, _mm256_load_ps(l.y)), _mm256_set1_ps(looks[k].y));
    const __m256 u_x = _mm256_sub_ps(v_x, vx), u_y = _mm256_sub_ps(v_y, vy);
    const __m256 cross = _mm256_fmsub_ps(d_x, u_y, _mm256_mul_ps(d_y, u_x));
    const __m256 b = _mm256_fmadd_ps(d_x, u_x, _mm256_mul_ps(d_y, u_y));
    const __m256 u2 = _mm256_fmadd_ps(u_x, u_x, _mm256_mul_ps(u_y, u_y));
    const __m256 d2 = _mm256_fmadd_ps(d_x, d_x, _mm256_mul_ps(d_y, d_y));
    const __mmask8 aimed =
        _mm256_cmp_ps_mask(_mm256_mul_ps(cross, cross), _mm256_fmadd_ps(u2, reach2, slack2), _CMP_LE_OQ);
    const __mmask8 both =
        _mm256_mask_cmp_ps_mask(aimed, _mm256_fmadd_ps(b, horizon, d2), _mm256_fmadd_ps(u2, near1, near0), _CMP_LE_OQ);
    add(possible, k, both);
  }
  return possible;
}

#endif

}  // namespace

LaneFilters lane_filters(Simd level) {
#if defined(__x86_64__)
  if (level == Simd::avx512) return {filter_avx512<9>, filter_avx512<3>, filter_avx512<1>};
  if (level == Simd::avx2) return {filter_avx2<9>, filter_avx2<3>, filter_avx2<1>};
#else
  static_cast<void>(level);
#endif
  return {filter_portable<9>, filter_portable<3>, filter_portable<1>};
}

}  // namespace hthm::event_driven
