#include "cell_table.hpp"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hthm {
namespace {

constexpr std::uint64_t three_cells = 0x0000'ffff'ffff'ffffU;

std::uint64_t load_row(const std::uint16_t* entries) {
  std::uint64_t row;
  std::memcpy(&row, entries, sizeof row);
  return row & three_cells;
}

/// List the disks met, without branches: most meetings are of one disk, in one of nine places.
std::int64_t list_portable(const CellTable::Meeting* meetings, std::int64_t count, CellTable::Candidate* candidates) {
  std::int64_t found = 0;
  for (const CellTable::Meeting* meeting = meetings; meeting != meetings + count; ++meeting) {
    const auto disk = static_cast<std::int32_t>(meeting->disk);
    for (const std::uint64_t row : meeting->rows) {
      for (int shift = 0; shift < 48; shift += 16) {
        const auto entry = static_cast<std::int32_t>((row >> shift) & 0xffffU);
        candidates[found] = {disk, entry};
        found += entry != 0;
      }
    }
  }
  return found;
}

#if defined(__x86_64__)

/// The same, a meeting an instruction: widen its entries, keep those that are not empty.
__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,popcnt"))) std::int64_t list_avx512(
    const CellTable::Meeting* meetings, std::int64_t count, CellTable::Candidate* candidates) {
  std::int64_t found = 0;
  for (const CellTable::Meeting* meeting = meetings; meeting != meetings + count; ++meeting) {
    // Forms with a mask throughout: GCC 12 warns of its own headers' undefined vectors in the plain ones.
    const __m512i entries =
        _mm512_maskz_cvtepu16_epi32(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(meeting)));
    const __mmask16 met = _mm512_mask_test_epi32_mask(0x0fff, entries, entries);
    const __m512i packed = _mm512_maskz_compress_epi32(met, entries);
    const auto disk = static_cast<std::int32_t>(meeting->disk);
    const __m512i low = _mm512_maskz_cvtepu32_epi64(0xff, _mm512_maskz_extracti64x4_epi64(0xf, packed, 0));
    // Eight candidates (disk, entry), little endian; a ninth comes by itself.
    _mm512_storeu_si512(candidates + found,
                        _mm512_or_si512(_mm512_maskz_slli_epi64(0xff, low, 32), _mm512_set1_epi64(disk)));
    const int number = __builtin_popcount(met);
    if (number > 8) candidates[found + 8] = {disk, static_cast<std::int32_t>(meeting->rows[2] >> 32)};
    found += number;
  }
  return found;
}

#endif

}  // namespace

CellTable::CellTable(std::int64_t columns, std::int64_t rows, Simd level)
    : level_{level},
      stride_{columns + 2},
      table_(static_cast<std::size_t>((rows + 3) * stride_ + 4)),
      meetings_(batch),
      candidates_(9 * batch + 8) {}

inline std::int64_t CellTable::look(const Visit& visit, std::int64_t meetings) {
  const std::uint16_t* centre = table_.data() + visit.cell - 1;
  Meeting& meeting = meetings_[static_cast<std::size_t>(meetings)];
  meeting = {{load_row(centre - stride_), load_row(centre), load_row(centre + stride_)},
             static_cast<std::uint64_t>(visit.disk)};
  return meetings + ((meeting.rows[0] | meeting.rows[1] | meeting.rows[2]) != 0);
}

void CellTable::find(const OverlapTest& overlap, const Vec* positions, const std::int32_t* cells, std::int64_t count,
                     const std::vector<Visit>& images, PairList& pairs) {
  if (static_cast<std::int64_t>(next_.size()) <= count) next_.resize(static_cast<std::size_t>(count) + 1);
  for (std::int64_t end = count; end > 0; end -= batch) {
    const std::int64_t begin = end > batch ? end - batch : 0;
    std::int64_t meetings = 0;
    for (std::int64_t i = end; i-- > begin;) {
      meetings = look({cells[i], static_cast<std::int32_t>(i)}, meetings);
      std::uint16_t& entry = table_[static_cast<std::size_t>(cells[i])];
      next_[static_cast<std::size_t>(i) + 1] = entry;
      entry = static_cast<std::uint16_t>(i + 1);
    }
    test(overlap, positions, meetings, pairs);
  }
  for (std::size_t begin = 0; begin < images.size(); begin += batch) {
    const std::size_t end = std::min(begin + batch, images.size());
    std::int64_t meetings = 0;
    for (std::size_t k = begin; k < end; ++k) meetings = look(images[k], meetings);
    test(overlap, positions, meetings, pairs);
  }
  // Emptied where it was filled: a table of 27 000 cells has a thousand disks.
  for (std::int64_t i = 0; i < count; ++i) table_[static_cast<std::size_t>(cells[i])] = 0;
}

void CellTable::test(const OverlapTest& overlap, const Vec* positions, std::int64_t meetings, PairList& pairs) {
  Candidate* candidates = candidates_.data();
#if defined(__x86_64__)
  std::int64_t count = level_ == Simd::avx512 ? list_avx512(meetings_.data(), meetings, candidates)
                                              : list_portable(meetings_.data(), meetings, candidates);
#else
  std::int64_t count = list_portable(meetings_.data(), meetings, candidates);
#endif
  while (count > 0) {
    const std::size_t before = pairs.size();
    pairs.resize(before + static_cast<std::size_t>(count));
    Pair* found = pairs.data() + before;
    std::int64_t more = 0;
    for (std::int64_t k = 0; k < count; ++k) {
      const auto [disk, entry] = candidates[k];
      *found = Pair{disk, entry - 1};
      found += overlap(positions[disk], positions[entry - 1]);
      // Where several disks share a cell, the others follow in the next round.
      const std::int32_t next = next_[static_cast<std::size_t>(entry)];
      candidates[more] = {disk, next};
      more += next != 0;
    }
    pairs.resize(static_cast<std::size_t>(found - pairs.data()));
    count = more;
  }
}

}  // namespace hthm
