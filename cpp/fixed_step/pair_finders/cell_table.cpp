#include "fixed_step/pair_finders/cell_table.hpp"

#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hthm {
namespace {

/// Find the cells that are filled and see others, 64 a word in words [0, count), the row above `row` words on. Writes
/// the places of words that are not nought to `places` and returns the end of these.
std::int32_t* find_hot_portable(const std::uint64_t* filled, const std::uint64_t* seen, std::int64_t row,
                                std::int64_t count, std::uint64_t* hot, std::int32_t* places) {
  const std::uint64_t* above = seen + row;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint64_t right = (seen[k] | above[k]) >> 1 | (seen[k + 1] | above[k + 1]) << 63;
    const std::uint64_t left = above[k] << 1 | above[k - 1] >> 63;
    hot[k] = filled[k] & (right | above[k] | left);
    *places = static_cast<std::int32_t>(k);
    places += hot[k] != 0;
  }
  return places;
}

#if defined(__x86_64__)

#define HTHM_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,popcnt")))

HTHM_AVX512 inline __m512i load(const std::uint64_t* words) { return _mm512_loadu_si512(words); }

/// The same, eight words at a time: up to seven more than there are.
HTHM_AVX512 std::int32_t* find_hot_avx512(const std::uint64_t* filled, const std::uint64_t* seen, std::int64_t row,
                                          std::int64_t count, std::uint64_t* hot, std::int32_t* places) {
  const std::uint64_t* above = seen + row;
  __m256i place = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  for (std::int64_t k = 0; k < count; k += 8) {
    // Forms with a mask throughout: GCC 12 warns of its own headers' undefined vectors in the plain ones.
    const __m512i over = load(above + k), here = _mm512_or_si512(load(seen + k), over);
    const __m512i next = _mm512_or_si512(load(seen + k + 1), load(above + k + 1));
    const __m512i right =
        _mm512_or_si512(_mm512_maskz_srli_epi64(0xff, here, 1), _mm512_maskz_slli_epi64(0xff, next, 63));
    const __m512i left =
        _mm512_or_si512(_mm512_maskz_slli_epi64(0xff, over, 1), _mm512_maskz_srli_epi64(0xff, load(above + k - 1), 63));
    const __m512i met = _mm512_and_si512(load(filled + k), _mm512_or_si512(right, _mm512_or_si512(over, left)));
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
#else
  static_cast<void>(level);
#endif
  return &find_hot_portable;
}

/// The number of a disk from its place in the table.
struct AsTheyCome {
  static constexpr bool scattered = false;
  std::int32_t operator()(std::int32_t place) const { return place; }
};

/// The same where only some of many disks are in the table, whose positions are anywhere in memory.
struct Listed {
  static constexpr bool scattered = true;
  const std::int32_t* disks;
  std::int32_t operator()(std::int32_t place) const { return disks[place]; }
};

}  // namespace

CellTable::CellTable(std::int64_t columns, std::int64_t rows, Simd level)
    : find_hot_{find_hot(level)},
      row_words_{(columns + 2 + 63) / 64},
      filled_(static_cast<std::size_t>((rows + 1) * row_words_ + 10)),
      seen_(filled_.size()),
      hot_(filled_.size()),
      hot_words_(filled_.size()),
      table_(64 * filled_.size()),
      candidates_(batch + 4 * 64 + 8) {}

void CellTable::fill(const std::int32_t* cells, std::int64_t count) {
  if (static_cast<std::int64_t>(next_.size()) <= count) next_.resize(static_cast<std::size_t>(count) + 1);
  std::fill(filled_.begin(), filled_.end(), 0);
  crowded_.clear();
  std::uint16_t* table = table_.data();
  std::uint64_t* filled = filled_.data();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t cell = cells[i];
    std::uint64_t& word = filled[cell >> 6];
    const std::uint64_t bit = std::uint64_t{1} << (cell & 63), before = word;
    word = before | bit;
    if ((before & bit) != 0) {
      crowded_.push_back({static_cast<std::int32_t>(i), table[cell], cell});
      next_[static_cast<std::size_t>(i) + 1] = table[cell];
    }
    table[cell] = static_cast<std::uint16_t>(i + 1);
  }
}

/// Append the disks that came last into the four cells that a disk looks at.
inline CellTable::Candidate* CellTable::look(std::int32_t cell, std::int32_t place, Candidate* candidate) const {
  const std::uint64_t* seen = seen_.data();
  const std::int32_t right = cell + 1, left = cell + stride() - 1;
  const std::uint64_t* word = seen + (left >> 6);
  const int shift = left & 63;
  const std::uint64_t above = word[0] >> shift | word[1] << 1 << (63 - shift);
  const std::uint16_t* entry = table_.data() + cell;
  const std::uint16_t* entry_above = entry + stride();
  *candidate = {place, entry[1]};
  candidate += seen[right >> 6] >> (right & 63) & 1;
  *candidate = {place, entry_above[-1]};
  candidate += above & 1;
  *candidate = {place, entry_above[0]};
  candidate += above >> 1 & 1;
  *candidate = {place, entry_above[1]};
  return candidate + (above >> 2 & 1);
}

/// Append those of the candidates before `last` that overlap. Returns where the next candidates go.
template <class Number>
CellTable::Candidate* CellTable::test(const OverlapTest& overlap, const Vec* positions, const Number& number,
                                      Candidate* last, PairList& pairs, Pace& pace) {
  Candidate* candidates = candidates_.data();
  while (last != candidates) {
    pace.did(last - candidates);
    const std::size_t before = pairs.size();
    pairs.resize(before + static_cast<std::size_t>(last - candidates));
    Pair* found = pairs.data() + before;
    Candidate* more = candidates;
    if constexpr (Number::scattered) {
      for (const Candidate* candidate = candidates; candidate != last; ++candidate) {
        __builtin_prefetch(positions + number(candidate->place));
        __builtin_prefetch(positions + number(candidate->entry - 1));
      }
    }
    for (const Candidate* candidate = candidates; candidate != last; ++candidate) {
      const auto [place, entry] = *candidate;
      const std::int32_t a = number(place), b = number(entry - 1);
      *found = Pair{a, b};
      found += overlap(positions[a], positions[b]);
      // Where several disks share a cell, the others follow in the next round.
      const std::int32_t next = next_[static_cast<std::size_t>(entry)];
      *more = {place, next};
      more += next != 0;
    }
    pairs.resize(static_cast<std::size_t>(found - pairs.data()));
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
      candidate = look(cell, table_[static_cast<std::size_t>(cell)] - 1, candidate);
      left &= left - 1;
    } while (left != 0);
    if (candidate > enough) candidate = test(overlap, positions, number, candidate, pairs, pace);
  }
  const std::int32_t end = cell(rows, 0);
  for (const auto [place, before, cell] : crowded_) {
    if (cell >= end) continue;
    *candidate++ = {place, before};
    candidate = look(cell, before - 1, candidate);
    if (candidate > enough) candidate = test(overlap, positions, number, candidate, pairs, pace);
  }
  test(overlap, positions, number, candidate, pairs, pace);
}

void CellTable::find(const OverlapTest& overlap, const Vec* positions, const std::int32_t* disks,
                     const std::int32_t* cells, std::int64_t count, std::int64_t rows, const std::vector<Image>& images,
                     PairList& pairs, Pace& pace) {
  fill(cells, count);
  pace.did(count);
  std::copy(filled_.begin(), filled_.end(), seen_.begin());
  for (const auto [cell, original] : images) {
    seen_[static_cast<std::size_t>(cell >> 6)] |= std::uint64_t{1} << (cell & 63);
    table_[static_cast<std::size_t>(cell)] = table_[static_cast<std::size_t>(original)];
  }
  last_word_ = find_hot_(filled_.data(), seen_.data(), row_words_, rows * row_words_, hot_.data(), hot_words_.data());
  if (disks) {
    find_among(overlap, positions, Listed{disks}, rows, pairs, pace);
  } else {
    find_among(overlap, positions, AsTheyCome{}, rows, pairs, pace);
  }
  for (const Crowded& crowd : crowded_) next_[static_cast<std::size_t>(crowd.place) + 1] = 0;
}

}  // namespace hthm
