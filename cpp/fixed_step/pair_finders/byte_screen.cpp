#include "fixed_step/pair_finders/byte_screen.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/paced_array.hpp"

namespace hthm {
namespace {

using Bytes = ByteScreen::Bytes;

constexpr std::int64_t widest = 64;  // bytes of a register

Pair ordered(std::int64_t i, std::int64_t k) {
  Pair pair;
  pair.key = static_cast<std::uint64_t>(i) << 32 | static_cast<std::uint64_t>(k);
  return pair;
}

/// The byte of a coordinate, its place being below 256 but for rounding; within 0 and 255 whatever it is.
inline std::uint8_t byte_of(double x, double per_length) {
  const double place = x * per_length, at_most = place < 255 ? place : 255;
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(at_most > 0 ? at_most : 0));
}

inline std::uint8_t difference(std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(a - b); }

void round_portable(const Vec* positions, double per_length, std::int64_t first, std::int64_t last, std::uint8_t* x,
                    std::uint8_t* y) {
  for (std::int64_t k = first; k < last; ++k) {
    x[k] = byte_of(positions[k].x, per_length);
    y[k] = byte_of(positions[k].y, per_length);
  }
}

Pair* near_portable(const Bytes& bytes, std::int64_t begin, std::int64_t end, std::int64_t n, Pair* found) {
  constexpr std::int64_t block = 16;  // in vectors of whatever length the compiler knows
  const std::uint8_t *x = bytes.x, *y = bytes.y, reach = bytes.reach, most = bytes.most;
  for (std::int64_t i = begin; i < end; ++i) {
    const std::uint8_t left = difference(x[i], reach), below = difference(y[i], reach);
    const auto apart = [&](std::int64_t k) { return std::max(difference(x[k], left), difference(y[k], below)); };
    for (std::int64_t first = i + 1; first < n; first += block) {
      std::uint8_t nearest = 255;
      for (std::int64_t k = first; k < first + block; ++k) nearest = std::min(nearest, apart(k));
      if (nearest > most) continue;
      const std::int64_t last = std::min(first + block, n);
      for (std::int64_t k = first; k < last; ++k) {
        if (apart(k) <= most) *found++ = ordered(i, k);
      }
    }
  }
  return found;
}

#if defined(__x86_64__)

#define HTHM_AVX2 __attribute__((target("avx2")))
#define HTHM_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))

/// Four disks at a time.
HTHM_AVX2 void round_avx2(const Vec* positions, double per_length, std::int64_t first, std::int64_t last,
                          std::uint8_t* x, std::uint8_t* y) {
  const __m256d scale = _mm256_set1_pd(per_length);
  const __m128i most = _mm_set1_epi32(255);
  // Columns to the lower four bytes, rows to the next.
  const __m128i apart = _mm_setr_epi8(0, 4, 8, 12, 2, 6, 10, 14, -1, -1, -1, -1, -1, -1, -1, -1);
  std::int64_t k = first;
  for (; k + 4 <= last; k += 4) {
    const double* from = &positions[k].x;
    // As unsigned numbers what no number of a place converts to is the largest: 255, too.
    const __m128i low = _mm_min_epu32(_mm256_cvttpd_epi32(_mm256_mul_pd(_mm256_loadu_pd(from), scale)), most);
    const __m128i high = _mm_min_epu32(_mm256_cvttpd_epi32(_mm256_mul_pd(_mm256_loadu_pd(from + 4), scale)), most);
    const __m128i bytes = _mm_shuffle_epi8(_mm_packs_epi32(low, high), apart);
    _mm_storeu_si32(x + k, bytes);
    _mm_storeu_si32(y + k, _mm_srli_si128(bytes, 4));
  }
  round_portable(positions, per_length, k, last, x, y);
}

HTHM_AVX2 Pair* near_avx2(const Bytes& bytes, std::int64_t begin, std::int64_t end, std::int64_t n, Pair* found) {
  const std::uint8_t *x = bytes.x, *y = bytes.y;
  const __m256i reach = _mm256_set1_epi8(static_cast<char>(bytes.reach));
  const __m256i most = _mm256_set1_epi8(static_cast<char>(bytes.most));
  for (std::int64_t i = begin; i < end; ++i) {
    const __m256i left = _mm256_sub_epi8(_mm256_set1_epi8(static_cast<char>(x[i])), reach);
    const __m256i below = _mm256_sub_epi8(_mm256_set1_epi8(static_cast<char>(y[i])), reach);
    for (std::int64_t k = i + 1; k < n; k += 32) {
      const __m256i across = _mm256_sub_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + k)), left);
      const __m256i up = _mm256_sub_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(y + k)), below);
      const __m256i apart = _mm256_max_epu8(across, up);
      const __m256i within = _mm256_cmpeq_epi8(_mm256_min_epu8(apart, most), apart);
      auto near = static_cast<std::uint32_t>(_mm256_movemask_epi8(within));
      if (near == 0) continue;
      if (n - k < 32) near &= (std::uint32_t{1} << (n - k)) - 1;
      for (; near != 0; near &= near - 1) *found++ = ordered(i, k + std::countr_zero(near));
    }
  }
  return found;
}

HTHM_AVX512 Pair* near_avx512(const Bytes& bytes, std::int64_t begin, std::int64_t end, std::int64_t n, Pair* found) {
  const std::uint8_t *x = bytes.x, *y = bytes.y;
  const __m512i reach = _mm512_set1_epi8(static_cast<char>(bytes.reach));
  const __m512i most = _mm512_set1_epi8(static_cast<char>(bytes.most));
  for (std::int64_t i = begin; i < end; ++i) {
    const __m512i left = _mm512_sub_epi8(_mm512_set1_epi8(static_cast<char>(x[i])), reach);
    const __m512i below = _mm512_sub_epi8(_mm512_set1_epi8(static_cast<char>(y[i])), reach);
    for (std::int64_t k = i + 1; k < n; k += 64) {
      const __m512i across = _mm512_sub_epi8(_mm512_loadu_si512(x + k), left);
      const __m512i up = _mm512_sub_epi8(_mm512_loadu_si512(y + k), below);
      std::uint64_t near = _mm512_cmple_epu8_mask(_mm512_max_epu8(across, up), most);
      if (n - k < 64) near &= (std::uint64_t{1} << (n - k)) - 1;
      for (; near != 0; near &= near - 1) *found++ = ordered(i, k + std::countr_zero(near));
    }
  }
  return found;
}

#endif

}  // namespace

ByteScreen::ByteScreen(const Setup& setup, std::int64_t n, Simd level, Pace& pace)
    : per_length_{256 / setup.box},
      round_{&round_portable},
      near_{&near_portable},
      x_(defaults<std::uint8_t>(n + widest, pace)),
      y_(defaults<std::uint8_t>(n + widest, pace)) {
  constexpr double margin = 1 + 0x1p-20;  // for what rounding makes of places and distances
  const double reach = std::floor(setup.diameter / setup.box * 256 * margin) + 1;
  const bool tells = per_length_ < HUGE_VAL && reach < 128;  // pairs apart: or else all of them are found
  if (!(per_length_ < HUGE_VAL)) per_length_ = 0;
  reach_ = static_cast<std::uint8_t>(tells ? reach : 127);
  most_ = static_cast<std::uint8_t>(tells ? 2 * reach : 255);
#if defined(__x86_64__)
  if (level != Simd::portable) round_ = &round_avx2;
  if (level == Simd::avx2) near_ = &near_avx2;
  if (level == Simd::avx512) near_ = &near_avx512;
#else
  static_cast<void>(level);
#endif
}

}  // namespace hthm
