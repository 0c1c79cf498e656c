#include "fixed_step/pair_finders/cell_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hthm {
namespace {

/// Find the cells that see others, 64 a word in words [0, count). Writes the places of words that are not nought to
/// `places`, which has room for more of them, and returns the end of these.
std::int32_t* find_hot_portable(const CellTable::Rows& rows, std::int64_t count, std::uint64_t* hot,
                                std::int32_t* places) {
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
HTHM_AVX2 std::int32_t* find_hot_avx2(const CellTable::Rows& rows, std::int64_t count, std::uint64_t* hot,
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
HTHM_AVX512 std::int32_t* find_hot_avx512(const CellTable::Rows& rows, std::int64_t count, std::uint64_t* hot,
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

CellTable::FindHot find_hot(Simd level) {
#if defined(__x86_64__)
  if (level == Simd::avx512) return &find_hot_avx512;
  if (level == Simd::avx2) return &find_hot_avx2;
#else
  static_cast<void>(level);
#endif
  return &find_hot_portable;
}

/// The number of a disk from its place in the table.
struct AsTheyCome {
  static constexpr bool scattered = false;
  std::uint32_t operator()(std::uint32_t place) const { return place; }
};

/// The same where only some of many disks are in the table, whose positions are anywhere in memory.
struct Listed {
  static constexpr bool scattered = true;
  const std::int32_t* disks;
  std::int32_t operator()(std::uint32_t place) const { return disks[place]; }
};

}  // namespace

CellTable::CellTable(std::int64_t columns, std::int64_t rows, Simd level)
    : find_hot_{find_hot(level)},
      columns_{columns},
      row_words_{(columns + 2 + 63) / 64},
      seen_(static_cast<std::size_t>((rows + 1) * row_words_ + 10)),
      inside_(seen_.size()),
      hot_(seen_.size()),
      hot_words_(seen_.size()),
      table_(64 * seen_.size()),
      candidates_(batch + 4 * 64 + 8),
      found_(candidates_.size()) {
  for (std::int64_t column = 0; column < columns; ++column) {
    inside_[static_cast<std::size_t>(column >> 6)] |= std::uint64_t{1} << (column & 63);
  }
  for (std::int64_t row = 1; row < rows; ++row) {
    std::copy_n(inside_.begin(), row_words_, inside_.begin() + row * row_words_);
  }
}

void CellTable::fill(const std::int32_t* cells, std::int64_t count) {
  if (static_cast<std::int64_t>(next_.size()) <= count) next_.resize(static_cast<std::size_t>(count) + 1);
  std::fill(seen_.begin(), seen_.end(), 0);
  crowded_.clear();
  std::uint16_t* table = table_.data();
  std::uint64_t* seen = seen_.data();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto cell = static_cast<std::uint32_t>(cells[i]);
    std::uint64_t& word = seen[cell >> 6];
    const std::uint64_t bit = std::uint64_t{1} << (cell & 63), before = word;
    word = before | bit;
    if ((before & bit) != 0) [[unlikely]] {
      crowded_.push_back({static_cast<std::int32_t>(i), table[cell], cells[i]});
      next_[static_cast<std::size_t>(i) + 1] = table[cell];
    }
    table[cell] = static_cast<std::uint16_t>(i + 1);
  }
}

/// Repeat the first and the last column beside one another, in rows [0, rows], and before that row 0 as row `rows`
/// where that is not filled. Nothing looks down to the left of row 0.
void CellTable::add_images(std::int64_t rows, bool of_row) {
  if (of_row) {
    std::copy_n(seen_.data(), row_words_, seen_.data() + rows * row_words_);
    std::copy_n(table_.data(), stride(), table_.data() + rows * stride());
  }
  const std::int64_t last = columns_ - 1, step = row_words_;
  const std::uint64_t in_last = std::uint64_t{1} << (last & 63), *of_last = seen_.data() + (last >> 6);
  const std::uint64_t* of_first = seen_.data();
  for (std::int64_t row = 0; row <= rows; ++row, of_first += step, of_last += step) {
    if (((*of_first & 1) | (*of_last & in_last)) == 0) continue;
    repeat(cell(row, 0), cell(row, columns_));
    if (row > 0) repeat(cell(row, last), cell(row, -1));
  }
}

/// Put into one cell what is in another.
void CellTable::repeat(std::int32_t from, std::int32_t to) {
  const std::uint64_t filled = seen_[static_cast<std::size_t>(from >> 6)] >> (from & 63) & 1;
  seen_[static_cast<std::size_t>(to >> 6)] |= filled << (to & 63);
  table_[static_cast<std::size_t>(to)] = table_[static_cast<std::size_t>(from)];
}

/// Append the disks that came last into the four cells that a disk looks at.
inline CellTable::Candidate* CellTable::look(std::int32_t cell, std::uint32_t place, Candidate* candidate) const {
  static_assert(std::endian::native == std::endian::little);  // bytes of words are in the order of their bits
  const auto* bytes = reinterpret_cast<const unsigned char*>(seen_.data());
  const auto bits_from = [bytes](std::int32_t at) {
    std::uint32_t four;
    std::memcpy(&four, bytes + (at >> 3), sizeof four);
    return four >> (at & 7);
  };
  const std::uint32_t right = bits_from(cell + 1), above = bits_from(cell + stride() - 1);
  const std::uint16_t* entry = table_.data() + cell;
  const std::uint16_t* entry_above = entry + stride();
  *candidate = {place << 16 | entry[1]};
  candidate += right & 1;
  *candidate = {place << 16 | entry_above[-1]};
  candidate += above & 1;
  *candidate = {place << 16 | entry_above[0]};
  candidate += above >> 1 & 1;
  *candidate = {place << 16 | entry_above[1]};
  return candidate + (above >> 2 & 1);
}

/// Append those of the candidates before `last` that overlap. Returns where the next candidates go.
template <class Number>
CellTable::Candidate* CellTable::test(const OverlapTest& overlap, const Vec* positions, const Number& number,
                                      Candidate* last, PairList& pairs, Pace& pace) {
  Candidate* candidates = candidates_.data();
  while (last != candidates) {
    pace.did(last - candidates);
    Candidate *found = found_.data(), *more = candidates;
    if constexpr (Number::scattered) {
      for (const Candidate* candidate = candidates; candidate != last; ++candidate) {
        __builtin_prefetch(positions + number(candidate->place()));
        __builtin_prefetch(positions + number(candidate->entry() - 1));
      }
    }
    for (const Candidate* candidate = candidates; candidate != last; ++candidate) {
      const std::uint32_t both = candidate->both, entry = candidate->entry();
      *found = *candidate;
      found += overlap(positions[number(candidate->place())], positions[number(entry - 1)]);
      // Where several disks share a cell, the others follow in the next round.
      const std::uint32_t next = next_[entry];
      *more = {(both & 0xffff0000) | next};
      more += next != 0;
    }
    for (const Candidate* pair = found_.data(); pair != found; ++pair) {
      pairs.emplace_back(number(pair->place()), number(pair->entry() - 1));
    }
    last = more;
  }
  return candidates;
}

template <class Number>
void CellTable::find_among(const OverlapTest& overlap, const Vec* positions, const Number& number, std::int64_t rows,
                           PairList& pairs, Pace& pace) {
  Candidate* candidate = candidates_.data();
  const Candidate* const enough = candidate + batch;
  for (const std::int32_t* k = hot_words_.data(); k != last_word_; ++k) {
    std::uint64_t left = hot_[static_cast<std::size_t>(*k)];
    do {
      const std::int32_t cell = 64 * *k + std::countr_zero(left);
      candidate = look(cell, table_[static_cast<std::size_t>(cell)] - 1U, candidate);
      left &= left - 1;
    } while (left != 0);
    if (candidate > enough) candidate = test(overlap, positions, number, candidate, pairs, pace);
  }
  const std::int32_t end = cell(rows, 0);
  for (const auto [place, before, cell] : crowded_) {
    if (cell >= end) continue;
    *candidate++ = {static_cast<std::uint32_t>(place) << 16 | before};
    candidate = look(cell, before - 1U, candidate);
    if (candidate > enough) candidate = test(overlap, positions, number, candidate, pairs, pace);
  }
  test(overlap, positions, number, candidate, pairs, pace);
}

void CellTable::find(const OverlapTest& overlap, const Vec* positions, const std::int32_t* disks,
                     const std::int32_t* cells, std::int64_t count, std::int64_t rows, PairList& pairs, Pace& pace) {
  fill(cells, count);
  pace.did(count);
  add_images(rows, disks == nullptr);
  last_word_ = find_hot_({seen_.data(), inside_.data(), row_words_}, rows * row_words_, hot_.data(), hot_words_.data());
  if (disks) {
    find_among(overlap, positions, Listed{disks}, rows, pairs, pace);
  } else {
    find_among(overlap, positions, AsTheyCome{}, rows, pairs, pace);
  }
  for (const Crowded& crowd : crowded_) next_[static_cast<std::size_t>(crowd.place) + 1] = 0;
}

}  // namespace hthm
