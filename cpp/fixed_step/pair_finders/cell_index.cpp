#include "fixed_step/pair_finders/cell_index.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hthm {
namespace {

struct Cells {
  const CellGrid& grid;
  std::int32_t stride;
  const Vec* positions;
  std::int64_t begin, end;
  std::int32_t* cells;
};

// As CellGrid::place does, the paths for AVX let no index leave the grid: what a coordinate outside of the box is
// converted to is a very large number if it is taken as one without a sign, and the last index is smaller.

void find_portable(const Cells& of, std::int64_t begin) {
  constexpr std::int64_t block = 16;  // in vectors of whatever length the compiler knows
  const CellGrid grid = of.grid;
  const auto last_place = static_cast<double>(grid.side - 1);
  std::int32_t index[2 * block] = {};  // column, row, column, row ...
  for (std::int64_t first = begin; first < of.end; first += block) {
    const std::int64_t count = std::min(block, of.end - first);
    const double* x = &of.positions[first].x;
    const auto find_block = [&](std::int64_t disks) {
      for (std::int64_t k = 0; k < 2 * disks; ++k) {
        index[k] = static_cast<std::int32_t>(grid.place(x[k], last_place));
      }
      for (std::int64_t k = 0; k < disks; ++k) of.cells[first + k] = index[2 * k + 1] * of.stride + index[2 * k];
    };
    count == block ? find_block(block) : find_block(count);
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) void find_avx2(const Cells& of) {
  const __m256d per_length = _mm256_set1_pd(of.grid.per_length);
  const __m256i last = _mm256_set1_epi32(static_cast<int>(of.grid.side - 1)), stride = _mm256_set1_epi64x(of.stride);
  const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  std::int64_t i = of.begin;
  for (; i + 4 <= of.end; i += 4) {
    const double* x = &of.positions[i].x;
    const __m128i low = _mm256_cvttpd_epi32(_mm256_mul_pd(_mm256_loadu_pd(x), per_length));
    const __m128i high = _mm256_cvttpd_epi32(_mm256_mul_pd(_mm256_loadu_pd(x + 4), per_length));
    // Column, row, column, row ...
    const __m256i index = _mm256_min_epu32(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1), last);
    const __m256i rows = _mm256_mul_epu32(_mm256_srli_epi64(index, 32), stride);
    const __m256i cells = _mm256_permutevar8x32_epi32(_mm256_add_epi32(rows, index), even);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(of.cells + i), _mm256_castsi256_si128(cells));
  }
  find_portable(of, i);
}

__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw"))) void find_avx512(const Cells& of) {
  const __m512d per_length = _mm512_set1_pd(of.grid.per_length);
  const __m512i last = _mm512_set1_epi32(static_cast<int>(of.grid.side - 1)), stride = _mm512_set1_epi64(of.stride);
  std::int64_t i = of.begin;
  for (; i + 8 <= of.end; i += 8) {
    const double* x = &of.positions[i].x;
    // Forms with a mask throughout: GCC 12 warns of its own headers' undefined vectors in the plain ones.
    const __m256i low = _mm512_maskz_cvttpd_epi32(0xff, _mm512_mul_pd(_mm512_loadu_pd(x), per_length));
    const __m256i high = _mm512_maskz_cvttpd_epi32(0xff, _mm512_mul_pd(_mm512_loadu_pd(x + 8), per_length));
    const __m512i index =
        _mm512_maskz_min_epu32(0xffff, _mm512_maskz_inserti64x4(0xff, _mm512_castsi256_si512(low), high, 1), last);
    const __m512i rows = _mm512_maskz_mul_epu32(0xff, _mm512_maskz_srli_epi64(0xff, index, 32), stride);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(of.cells + i),
                        _mm512_maskz_cvtepi64_epi32(0xff, _mm512_add_epi32(rows, index)));
  }
  find_portable(of, i);
}

#endif

}  // namespace

void find_cells(const CellGrid& grid, std::int32_t stride, const Vec* positions, std::int64_t begin, std::int64_t end,
                Simd level, std::int32_t* cells) {
  const Cells of{grid, stride, positions, begin, end, cells};
#if defined(__x86_64__)
  if (level == Simd::avx512) return find_avx512(of);
  if (level == Simd::avx2) return find_avx2(of);
#else
  static_cast<void>(level);
#endif
  find_portable(of, begin);
}

}  // namespace hthm
