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

#if defined(__x86_64__)
#define HTHM_AVX2 __attribute__((target("avx2,popcnt")))
#endif

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

using Candidate = CellTable::Candidate;

/// Write to `found` those of the candidates [first, last) that overlap, in any order; returns the end of these.
template <class Number>
Candidate* overlapping(const OverlapTest& overlap, const Vec* positions, const Number& number, const Candidate* first,
                       const Candidate* last, Candidate* found) {
  for (; first != last; ++first) {
    *found = *first;
    found += overlap(positions[number(first->place())], positions[number(first->entry() - 1)]);
  }
  return found;
}

#if defined(__x86_64__)

/// How to gather those of four candidates that are named by the bits of a number, where bits 1 and 2 have changed
/// places.
constexpr std::array<std::array<std::uint8_t, 16>, 16> gathered = [] {
  std::array<std::array<std::uint8_t, 16>, 16> table{};
  constexpr std::size_t of_bit[] = {0, 2, 1, 3};
  for (std::size_t number = 0; number < table.size(); ++number) {
    std::size_t at = 0;
    for (std::size_t bit = 0; bit < 4; ++bit) {
      for (std::size_t byte = 0; byte < 4 && (number >> bit & 1) != 0; ++byte) {
        table[number][at++] = static_cast<std::uint8_t>(4 * of_bit[bit] + byte);
      }
    }
  }
  return table;
}();

HTHM_AVX2 inline __m256d both(const Vec& low, const Vec& high) {
  return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(&low.x)), _mm_loadu_pd(&high.x), 1);
}

/// The same, four candidates at a time; `found` has room for three more. In a dense gas, where a disk has one or two
/// candidates, a step takes 4 % less time.
template <class Number>
HTHM_AVX2 Candidate* overlapping_avx2(const OverlapTest& overlap, const Vec* positions, const Number& number,
                                      const Candidate* first, const Candidate* last, Candidate* found) {
  const __m256d box = _mm256_set1_pd(overlap.box), diameter2 = _mm256_set1_pd(overlap.diameter2);
  const __m256d sign = _mm256_set1_pd(-0.0);
  for (; last - first >= 4; first += 4) {
    __m256d d2[2];
    for (int half = 0; half < 2; ++half) {
      const Candidate a = first[2 * half], b = first[2 * half + 1];
      const __m256d d = _mm256_sub_pd(both(positions[number(a.place())], positions[number(b.place())]),
                                      both(positions[number(a.entry() - 1)], positions[number(b.entry() - 1)]));
      const __m256d e = _mm256_andnot_pd(sign, d), nearest = _mm256_min_pd(e, _mm256_sub_pd(box, e));
      d2[half] = _mm256_mul_pd(nearest, nearest);
    }
    const __m256d near = _mm256_cmp_pd(_mm256_hadd_pd(d2[0], d2[1]), diameter2, _CMP_LT_OQ);
    const auto which = static_cast<unsigned>(_mm256_movemask_pd(near));
    const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first));
    const __m128i order = _mm_loadu_si128(reinterpret_cast<const __m128i*>(gathered[which].data()));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(found), _mm_shuffle_epi8(four, order));
    found += __builtin_popcount(which);
  }
  return overlapping(overlap, positions, number, first, last, found);
}

#endif

}  // namespace

CellTable::CellTable(std::int64_t columns, std::int64_t rows, Simd level)
    : level_{level},
      find_hot_{find_hot(level)},
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
    const std::uint64_t bit = std::uint64_t{1} << (cell & 63), before = seen[cell >> 6];
    if ((before & bit) != 0) [[unlikely]]
      crowd(static_cast<std::int32_t>(i), cells[i]);
    seen[cell >> 6] = before | bit;
    table[cell] = static_cast<std::uint16_t>(i + 1);
  }
}

/// Have a disk followed by the one that came into its cell before it.
void CellTable::crowd(std::int32_t place, std::int32_t cell) {
  const std::uint16_t before = table_[static_cast<std::size_t>(cell)];
  crowded_.push_back({place, before, cell});
  next_[static_cast<std::size_t>(place) + 1] = before;
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
    if constexpr (Number::scattered) {
      for (const Candidate* candidate = candidates; candidate != last; ++candidate) {
        __builtin_prefetch(positions + number(candidate->place()));
        __builtin_prefetch(positions + number(candidate->entry() - 1));
      }
    }
#if defined(__x86_64__)
    const Candidate* const found = level_ == Simd::portable
                                       ? overlapping(overlap, positions, number, candidates, last, found_.data())
                                       : overlapping_avx2(overlap, positions, number, candidates, last, found_.data());
#else
    const Candidate* const found = overlapping(overlap, positions, number, candidates, last, found_.data());
#endif
    // Where several disks share a cell, the others follow in the next round.
    Candidate* more = candidates;
    for (const Candidate* candidate = candidates; candidate != last; ++candidate) {
      const std::uint32_t next = next_[candidate->entry()];
      *more = {(candidate->both & 0xffff0000) | next};
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
