#include "fixed_step/pair_finders/hot_cells.hpp"

#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hthm {
namespace {

/// Find the cells that see others, 64 a word in words [0, count). Writes the places of words that are not nought to
/// `places`, which has room for more of them, and returns the end of these.
std::int32_t* find_hot_portable(const CellRows& rows, std::int64_t count, std::uint64_t* hot, std::int32_t* places) {
  const std::uint64_t *seen = rows.seen, *above = seen + rows.words;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint64_t right = (seen[k] | above[k]) >> 1 | (seen[k + 1] | above[k + 1]) << 63;
    const std::uint64_t left = above[k] << 1 | above[k - 1] >> 63;
    hot[k] = seen[k] & rows.inside[k] & (right | above[k] | left);
    *places = static_cast<std::int32_t>(k);
    places += hot[k] != 0;
  }
  return places;
}

#if defined(__x86_64__)

#define HTHM_AVX2 __attribute__((target("avx2,popcnt")))
#define HTHM_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,popcnt")))

/// Where the bits of a number below 16 are, from the lowest on.
constexpr std::array<std::array<std::int32_t, 4>, 16> bits_of = [] {
  std::array<std::array<std::int32_t, 4>, 16> table{};
  for (std::size_t number = 0; number < table.size(); ++number) {
    std::size_t found = 0;
    for (std::int32_t bit = 0; bit < 4; ++bit) {
      if ((number >> bit & 1) != 0) table[number][found++] = bit;
    }
  }
  return table;
}();

HTHM_AVX2 inline __m256i load4(const std::uint64_t* words) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words));
}

/// The same, four words at a time: up to three more than there are.
HTHM_AVX2 std::int32_t* find_hot_avx2(const CellRows& rows, std::int64_t count, std::uint64_t* hot,
                                      std::int32_t* places) {
  const std::uint64_t *seen = rows.seen, *above = seen + rows.words;
  const std::int32_t* const begin = places;
  for (std::int64_t k = 0; k < count; k += 4) {
    const __m256i over = load4(above + k), own = load4(seen + k), here = _mm256_or_si256(own, over);
    const __m256i next = _mm256_or_si256(load4(seen + k + 1), load4(above + k + 1));
    const __m256i right = _mm256_or_si256(_mm256_srli_epi64(here, 1), _mm256_slli_epi64(next, 63));
    const __m256i left = _mm256_or_si256(_mm256_slli_epi64(over, 1), _mm256_srli_epi64(load4(above + k - 1), 63));
    const __m256i looking = _mm256_and_si256(own, load4(rows.inside + k));
    const __m256i met = _mm256_and_si256(looking, _mm256_or_si256(right, _mm256_or_si256(over, left)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(hot + k), met);
    const __m256i nought = _mm256_cmpeq_epi64(met, _mm256_setzero_si256());
    const unsigned words = static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(nought))) ^ 0xf;
    const __m128i found = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bits_of[words].data()));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(places),
                     _mm_add_epi32(found, _mm_set1_epi32(static_cast<std::int32_t>(k))));
    places += __builtin_popcount(words);
  }
  while (places != begin && places[-1] >= count) --places;
  return places;
}

HTHM_AVX512 inline __m512i load8(const std::uint64_t* words) { return _mm512_loadu_si512(words); }

/// The same, eight words at a time: up to seven more than there are.
HTHM_AVX512 std::int32_t* find_hot_avx512(const CellRows& rows, std::int64_t count, std::uint64_t* hot,
                                          std::int32_t* places) {
  const std::uint64_t *seen = rows.seen, *above = seen + rows.words;
  __m256i place = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  for (std::int64_t k = 0; k < count; k += 8) {
    // Forms with a mask throughout: GCC 12 warns of its own headers' undefined vectors in the plain ones.
    const __m512i over = load8(above + k), own = load8(seen + k), here = _mm512_or_si512(own, over);
    const __m512i next = _mm512_or_si512(load8(seen + k + 1), load8(above + k + 1));
    const __m512i right =
        _mm512_or_si512(_mm512_maskz_srli_epi64(0xff, here, 1), _mm512_maskz_slli_epi64(0xff, next, 63));
    const __m512i left = _mm512_or_si512(_mm512_maskz_slli_epi64(0xff, over, 1),
                                         _mm512_maskz_srli_epi64(0xff, load8(above + k - 1), 63));
    const __m512i looking = _mm512_and_si512(own, load8(rows.inside + k));
    const __m512i met = _mm512_and_si512(looking, _mm512_or_si512(right, _mm512_or_si512(over, left)));
    _mm512_storeu_si512(hot + k, met);
    __mmask8 words = _mm512_test_epi64_mask(met, met);
    if (count - k < 8) words &= static_cast<__mmask8>((1 << (count - k)) - 1);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(places), _mm256_maskz_compress_epi32(words, place));
    places += __builtin_popcount(words);
    place = _mm256_add_epi32(place, _mm256_set1_epi32(8));
  }
  return places;
}

#endif

}  // namespace

FindHot find_hot(Simd level) {
#if defined(__x86_64__)
  if (level == Simd::avx512) return &find_hot_avx512;
  if (level == Simd::avx2) return &find_hot_avx2;
#else
  static_cast<void>(level);
#endif
  return &find_hot_portable;
}

}  // namespace hthm
