#include "fixed_step/pair_finders/byte_screen.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/paced_array.hpp"

namespace hthm {
namespace {

using Bytes = ByteScreen::Bytes;
using Near = ByteScreen::Near;
using Stretch = ByteScreen::Stretch;

constexpr std::int64_t widest = 64;  // bytes of a register

/// Disks that have another near them so many steps on: bit b is that of the pair `both` with each b places further.
struct Word {
  std::uint64_t bits, both;
};

/// Those that one look can have.
struct Words {
  std::array<Word, ByteScreen::steps * ByteScreen::together / 16 + 1> all;
  Word* end = all.data();

  /// No branch unless it is seldom that there is any: else that is not to be foreseen.
  template <bool seldom>
  void add(std::uint64_t bits, std::uint64_t both) {
    if constexpr (seldom) {
      if (bits == 0) [[likely]]
        return;
    }
    *end = {bits, both};
    end += bits != 0;
  }
};

constexpr std::uint64_t further = (std::uint64_t{1} << 32) + 1;  // both disks of a pair a place further

/// The pair of a disk and the one so many steps further.
std::uint64_t pair_of(std::int64_t i, std::int64_t step) {
  return static_cast<std::uint64_t>(i) * further + static_cast<std::uint64_t>(step);
}

/// Bits of the first disks of a word.
std::uint64_t first_bits(std::int64_t disks) {
  return disks < 64 ? (std::uint64_t{1} << disks) - 1 : ~std::uint64_t{0};
}

/// Inlined, for what the caller's instruction set counts bits with.
template <bool seldom>
[[gnu::always_inline]] inline Near* pairs_of(const Words& words, Near* found) {
  constexpr int turns = seldom ? 1 : 4;
  constexpr std::uint64_t highest = std::uint64_t{1} << 63;  // so that there is a lowest one
  for (const Word* word = words.all.data(); word != words.end; ++word) {
    std::uint64_t bits = word->bits;
    Near* at = found;
    found += std::popcount(bits);
    // Where there are many, four at a time, though there be fewer: how many is not to be foreseen either.
    do {
      for (int turn = 0; turn < turns; ++turn) {
        at[turn].both = word->both + static_cast<std::uint64_t>(std::countr_zero(bits | highest)) * further;
        bits &= bits - 1;
      }
      at += turns;
    } while (bits != 0);
  }
  return found;
}

/// The byte of a coordinate, its place being below 256 but for rounding; within 0 and 255 whatever it is.
inline std::uint8_t byte_of(double x, double per_length) {
  const double place = x * per_length, at_most = place < 255 ? place : 255;
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(at_most > 0 ? at_most : 0));
}

void round_portable(const Vec* positions, double per_length, std::int64_t first, std::int64_t last, std::uint8_t* x,
                    std::uint8_t* y) {
  for (std::int64_t k = first; k < last; ++k) {
    x[k] = byte_of(positions[k].x, per_length);
    y[k] = byte_of(positions[k].y, per_length);
  }
}

#if defined(__x86_64__)

inline __m128i load16(const std::uint8_t* bytes) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)); }

/// Sixteen disks at a time: every x86-64 can.
template <bool seldom>
Near* look_portable(const Bytes& bytes, const Stretch& stretch, Near* found) {
  const __m128i reach = _mm_set1_epi8(static_cast<char>(bytes.reach));
  const __m128i most = _mm_set1_epi8(static_cast<char>(bytes.most));
  Words words;
  for (std::int64_t i = stretch.begin; i < stretch.end; i += 16) {
    const __m128i right = _mm_add_epi8(load16(bytes.x + i), reach), above = _mm_add_epi8(load16(bytes.y + i), reach);
    const std::uint64_t there = first_bits(stretch.end - i);
    for (std::int64_t step = stretch.step; step < stretch.last; ++step) {
      const __m128i across = _mm_sub_epi8(right, load16(bytes.x + i + step));
      const __m128i up = _mm_sub_epi8(above, load16(bytes.y + i + step)), apart = _mm_max_epu8(across, up);
      const __m128i within = _mm_cmpeq_epi8(_mm_min_epu8(apart, most), apart);
      words.add<seldom>(static_cast<std::uint32_t>(_mm_movemask_epi8(within)) & there, pair_of(i, step));
    }
  }
  return pairs_of<seldom>(words, found);
}

#else

template <bool seldom>
Near* look_portable(const Bytes& bytes, const Stretch& stretch, Near* found) {
  constexpr std::int64_t block = 16;  // in vectors of whatever length the compiler knows
  Words words;
  for (std::int64_t i = stretch.begin; i < stretch.end; i += block) {
    const std::uint8_t *x = bytes.x + i, *y = bytes.y + i;
    for (std::int64_t step = stretch.step; step < stretch.last; ++step) {
      const auto apart = [&](std::int64_t k) {
        return std::max(static_cast<std::uint8_t>(x[k] + bytes.reach - x[k + step]),
                        static_cast<std::uint8_t>(y[k] + bytes.reach - y[k + step]));
      };
      std::uint8_t nearest = 255;
      for (std::int64_t k = 0; k < block; ++k) nearest = std::min(nearest, apart(k));
      if (nearest > bytes.most) continue;
      std::uint64_t near = 0;
      for (std::int64_t k = 0; k < block; ++k) near |= std::uint64_t{apart(k) <= bytes.most} << k;
      words.add<seldom>(near & first_bits(stretch.end - i), pair_of(i, step));
    }
  }
  return pairs_of<seldom>(words, found);
}

#endif

#if defined(__x86_64__)

#define HTHM_AVX2 __attribute__((target("avx2,popcnt")))
#define HTHM_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,popcnt")))

/// Four disks at a time.
HTHM_AVX2 void round_avx2(const Vec* positions, double per_length, std::int64_t first, std::int64_t last,
                          std::uint8_t* x, std::uint8_t* y) {
  if (last - first < 4) return round_portable(positions, per_length, first, last, x, y);
  const __m256d scale = _mm256_set1_pd(per_length);
  const __m128i most = _mm_set1_epi32(255);
  // Columns to the lower four bytes, rows to the next.
  const __m128i apart = _mm_setr_epi8(0, 4, 8, 12, 2, 6, 10, 14, -1, -1, -1, -1, -1, -1, -1, -1);
  for (std::int64_t next = first; next < last; next += 4) {
    const std::int64_t k = std::min(next, last - 4);  // some twice at the end
    const double* from = &positions[k].x;
    // As unsigned numbers what no number of a place converts to is the largest: 255, too.
    const __m128i low = _mm_min_epu32(_mm256_cvttpd_epi32(_mm256_mul_pd(_mm256_loadu_pd(from), scale)), most);
    const __m128i high = _mm_min_epu32(_mm256_cvttpd_epi32(_mm256_mul_pd(_mm256_loadu_pd(from + 4), scale)), most);
    const __m128i bytes = _mm_shuffle_epi8(_mm_packs_epi32(low, high), apart);
    _mm_storeu_si32(x + k, bytes);
    _mm_storeu_si32(y + k, _mm_srli_si128(bytes, 4));
  }
}

HTHM_AVX2 inline __m256i load32(const std::uint8_t* bytes) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
}

template <bool seldom>
HTHM_AVX2 Near* look_avx2(const Bytes& bytes, const Stretch& stretch, Near* found) {
  const __m256i reach = _mm256_set1_epi8(static_cast<char>(bytes.reach));
  const __m256i most = _mm256_set1_epi8(static_cast<char>(bytes.most));
  Words words;
  for (std::int64_t i = stretch.begin; i < stretch.end; i += 32) {
    const std::uint8_t *x = bytes.x + i, *y = bytes.y + i;
    const __m256i right = _mm256_add_epi8(load32(x), reach), above = _mm256_add_epi8(load32(y), reach);
    const std::uint64_t there = first_bits(stretch.end - i);
    for (std::int64_t step = stretch.step; step < stretch.last; ++step) {
      const __m256i across = _mm256_sub_epi8(right, load32(x + step)), up = _mm256_sub_epi8(above, load32(y + step));
      const __m256i apart = _mm256_max_epu8(across, up);
      const __m256i within = _mm256_cmpeq_epi8(_mm256_min_epu8(apart, most), apart);
      words.add<seldom>(static_cast<std::uint32_t>(_mm256_movemask_epi8(within)) & there, pair_of(i, step));
    }
  }
  return pairs_of<seldom>(words, found);
}

template <bool seldom>
HTHM_AVX512 Near* look_avx512(const Bytes& bytes, const Stretch& stretch, Near* found) {
  const std::uint8_t *x = bytes.x + stretch.begin, *y = bytes.y + stretch.begin;
  const __m512i reach = _mm512_set1_epi8(static_cast<char>(bytes.reach));
  const __m512i most = _mm512_set1_epi8(static_cast<char>(bytes.most));
  const __m512i right = _mm512_add_epi8(_mm512_loadu_si512(x), reach);
  const __m512i above = _mm512_add_epi8(_mm512_loadu_si512(y), reach);
  const std::uint64_t there = first_bits(stretch.end - stretch.begin);
  Words words;
  for (std::int64_t step = stretch.step; step < stretch.last; ++step) {
    const __m512i across = _mm512_sub_epi8(right, _mm512_loadu_si512(x + step));
    const __m512i up = _mm512_sub_epi8(above, _mm512_loadu_si512(y + step));
    const std::uint64_t near = _mm512_cmple_epu8_mask(_mm512_max_epu8(across, up), most);
    words.add<seldom>(near & there, pair_of(stretch.begin, step));
  }
  return pairs_of<seldom>(words, found);
}

#endif

}  // namespace

ByteScreen::ByteScreen(const Setup& setup, std::int64_t n, Simd level, Pace& pace)
    : n_{n},
      per_length_{256 / setup.box},
      round_{&round_portable},
      x_(defaults<std::uint8_t>(n + n / 2 + widest, pace)),
      y_(defaults<std::uint8_t>(n + n / 2 + widest, pace)) {
  constexpr double margin = 1 + 0x1p-20;  // for what rounding makes of places and distances
  const double reach = std::floor(setup.diameter / setup.box * 256 * margin) + 1;
  const bool tells = per_length_ < HUGE_VAL && reach < 128;  // pairs apart: or else all of them are found
  if (!(per_length_ < HUGE_VAL)) per_length_ = 0;
  reach_ = static_cast<std::uint8_t>(tells ? reach : 127);
  most_ = static_cast<std::uint8_t>(tells ? 2 * reach : 255);
  // Of two disks anywhere one in so many is near the other: for one look in twenty or fewer a branch is the cheaper.
  const bool seldom = most_ < 12;
  look_ = seldom ? &look_portable<true> : &look_portable<false>;
#if defined(__x86_64__)
  if (level != Simd::portable) round_ = &round_avx2;
  if (level == Simd::avx2) look_ = seldom ? &look_avx2<true> : &look_avx2<false>;
  if (level == Simd::avx512) look_ = seldom ? &look_avx512<true> : &look_avx512<false>;
#else
  static_cast<void>(level);
#endif
}

void ByteScreen::round(const Vec* positions, Pace& pace) {
  in_pieces(0, n_, pace, [&](std::int64_t first, std::int64_t last) {
    round_(positions, per_length_, first, last, x_.data(), y_.data());
  });
  std::copy_n(x_.data(), n_ / 2, x_.data() + n_);
  std::copy_n(y_.data(), n_ / 2, y_.data() + n_);
}

ByteScreen::Near* ByteScreen::near(std::int64_t first, std::int64_t step, Near* found) const {
  const Bytes bytes{x_.data(), y_.data(), reach_, most_};
  const std::int64_t end = std::min(first + together, n_), half = n_ / 2, all_round = (n_ + 1) / 2;
  found = look_(bytes, {first, end, step, std::min(step + steps, all_round)}, found);
  // Half the way round, for one of the two disks of a pair.
  if (2 * half == n_ && step <= half && half < step + steps && first < half) {
    found = look_(bytes, {first, std::min(end, half), half, half + 1}, found);
  }
  return found;
}

}  // namespace hthm
