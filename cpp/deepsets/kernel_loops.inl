// The loops of kernel.hpp, for the file that includes this: it says how long a vector is, and its compiler flags say
// which instructions there are. Nothing here has external linkage, and nothing of the standard library is used: the
// linker could keep an inline function compiled for AVX for everyone.
#if !defined(HTHM_VECTOR_BYTES)
#error "HTHM_VECTOR_BYTES: must be the length of a vector"
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "deepsets/kernel.hpp"

namespace hthm::deepsets {
namespace {

template <class Real>
struct Lanes {
  static constexpr std::int64_t count = HTHM_VECTOR_BYTES / sizeof(Real);
  typedef Real Vector __attribute__((vector_size(HTHM_VECTOR_BYTES)));
  typedef Real Unaligned __attribute__((vector_size(HTHM_VECTOR_BYTES), aligned(alignof(Real)), may_alias));

  static Vector load(const Real* p) { return *reinterpret_cast<const Unaligned*>(p); }
  static void store(Real* p, Vector v) { *reinterpret_cast<Unaligned*>(p) = v; }
};

using Floats = Lanes<float>::Vector;
using Doubles = Lanes<double>::Vector;

/// As many floats as a vector has doubles.
inline Doubles widened(const float* p) {
  typedef float Half __attribute__((vector_size(HTHM_VECTOR_BYTES / 2), aligned(alignof(float)), may_alias));
  return __builtin_convertvector(*reinterpret_cast<const Half*>(p), Doubles);
}

// The masked forms with a full mask: GCC takes the plain ones, which compile to the same, for uses of what is not set.
#if HTHM_VECTOR_BYTES == 64
inline Floats positive(Floats z) { return _mm512_maskz_max_ps(0xffff, z, _mm512_setzero_ps()); }
inline Doubles positive(Doubles z) { return _mm512_maskz_max_pd(0xff, z, _mm512_setzero_pd()); }
inline Doubles where_positive(Doubles z, Doubles v) {
  return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(z, _mm512_setzero_pd(), _CMP_GT_OQ), v);
}
inline std::uint64_t positive_lanes(Floats z) { return _mm512_cmp_ps_mask(z, _mm512_setzero_ps(), _CMP_GT_OQ); }
inline std::uint64_t positive_lanes(Doubles z) { return _mm512_cmp_pd_mask(z, _mm512_setzero_pd(), _CMP_GT_OQ); }
#elif HTHM_VECTOR_BYTES == 32
inline Floats positive(Floats z) { return _mm256_max_ps(z, _mm256_setzero_ps()); }
inline Doubles positive(Doubles z) { return _mm256_max_pd(z, _mm256_setzero_pd()); }
inline Doubles where_positive(Doubles z, Doubles v) {
  return _mm256_and_pd(_mm256_cmp_pd(z, _mm256_setzero_pd(), _CMP_GT_OQ), v);
}
inline std::uint64_t positive_lanes(Floats z) {
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(z, _mm256_setzero_ps(), _CMP_GT_OQ)));
}
inline std::uint64_t positive_lanes(Doubles z) {
  return static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_cmp_pd(z, _mm256_setzero_pd(), _CMP_GT_OQ)));
}
#else
inline Floats positive(Floats z) { return z > 0 ? z : Floats{}; }
inline Doubles positive(Doubles z) { return z > 0 ? z : Doubles{}; }
inline Doubles where_positive(Doubles z, Doubles v) { return z > 0 ? v : Doubles{}; }
template <class Vector>
inline std::uint64_t positive_lanes(Vector z) {
  std::uint64_t lanes = 0;
  for (std::size_t lane = 0; lane < sizeof(z) / sizeof(z[0]); ++lane) lanes |= std::uint64_t{z[lane] > 0} << lane;
  return lanes;
}
#endif

/// Of Floats, or of Doubles.
template <class Vector>
inline double sum_of_lanes(Vector v) {
  double sum = 0;
  for (std::size_t lane = 0; lane < sizeof(v) / sizeof(v[0]); ++lane) sum += static_cast<double>(v[lane]);
  return sum;
}

inline Doubles magnitude(Doubles v) { return v < 0 ? -v : v; }

/// A number of vectors, as a type.
template <int count>
struct Vectors {
  static constexpr int vectors = count;
};

/// Call body with the first unit of each piece of at most `most` vectors, and with how many those are as a constant.
template <class Real, int most, class Body>
inline void for_pieces(std::int64_t padded, const Body& body) {
  std::int64_t unit = 0;
  for (; unit + most * Lanes<Real>::count <= padded; unit += most * Lanes<Real>::count) body(unit, Vectors<most>{});
  if constexpr (most > 1) {
    for_pieces<Real, most / 2>(padded - unit, [&](std::int64_t k, auto piece) { body(unit + k, piece); });
  }
}

double table(UnitsOfPhi phi, TableNearby from, double reach, TableOfCell out) {
  using L = Lanes<double>;
  const std::int64_t padded = phi.padded;
  Doubles largest = {};
  for_pieces<double, 2>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Doubles rows[3][vectors];
    for (int r = 0; r < 3; ++r) {
      for (int v = 0; v < vectors; ++v) rows[r][v] = L::load(from.values + r * padded + unit + v * L::count);
    }
    const auto add = [&](std::int64_t j, double sign) {
      for (int v = 0; v < vectors; ++v) {
        const Doubles column = L::load(phi.columns + j * padded + unit + v * L::count) * sign;
        for (int r = 0; r < 3; ++r) rows[r][v] += column * phi.lines[3 * j + r];
      }
    };
    for (std::int64_t c = 0; c < from.added.count; ++c) add(from.added.numbers[c], 1);
    for (std::int64_t c = 0; c < from.removed.count; ++c) add(from.removed.numbers[c], -1);
    for (int v = 0; v < vectors; ++v) {
      const Doubles bound = (magnitude(rows[0][v]) + magnitude(rows[1][v])) * reach + magnitude(rows[2][v]);
      largest = bound > largest ? bound : largest;
    }
    for (int r = 0; r < 3; ++r) {
      for (int v = 0; v < vectors; ++v) L::store(out.exact + r * padded + unit + v * L::count, rows[r][v]);
    }
  });
  for (std::int64_t k = 0; k < 3 * padded; ++k) out.rounded[k] = static_cast<float>(out.exact[k]);
  double of_lanes = 0;
  for (std::int64_t lane = 0; lane < L::count; ++lane) of_lanes = largest[lane] > of_lanes ? largest[lane] : of_lanes;
  return of_lanes;
}

/// The sum of phi over the velocities, for `vectors` vectors of units; two sums in turn, that additions overlap.
template <class Real, int vectors>
inline void sum_block(Tables<Real> tables, PointsInCells points, double* sums) {
  using L = Lanes<Real>;
  const std::int64_t padded = tables.padded;
  typename L::Vector total[2][vectors] = {};
  const auto add = [&](std::int64_t i, int which) {
    const Real* t = tables.values + points.cells[i] * 3 * padded;
    const Real vx = points.x[i], vy = points.y[i];
    for (int v = 0; v < vectors; ++v) {
      const std::int64_t k = v * L::count;
      total[which][v] += positive(L::load(t + k) * vx + (L::load(t + padded + k) * vy + L::load(t + 2 * padded + k)));
    }
  };
  std::int64_t i = 0;
  for (; i + 2 <= points.count; i += 2) {
    add(i, 0);
    add(i + 1, 1);
  }
  if (i < points.count) add(i, 0);
  for (int v = 0; v < vectors; ++v) {
    total[0][v] += total[1][v];
    for (std::int64_t k = 0; k < L::count; ++k) sums[v * L::count + k] += static_cast<double>(total[0][v][k]);
  }
}

template <class Real, std::int64_t block>
inline void sum_of(Tables<Real> tables, PointsInCells points, double* sums) {
  for (std::int64_t first = 0; first < points.count; first += block) {
    const std::int64_t size = points.count - first < block ? points.count - first : block;
    const PointsInCells piece_of_points{points.cells + first, points.x + first, points.y + first, size};
    for_pieces<Real, 4>(tables.padded, [&](std::int64_t unit, auto piece) {
      sum_block<Real, decltype(piece)::vectors>({tables.values + unit, tables.padded}, piece_of_points, sums + unit);
    });
  }
}

void sum(Tables<float> tables, PointsInCells points, double* sums) { sum_of<float, 32>(tables, points, sums); }

void exact_sum(Tables<double> tables, PointsInCells points, double* sums) { sum_of<double, 256>(tables, points, sums); }

void multiply(Matrix<double> matrix, const double* vector, double* out) {
  using L = Lanes<double>;
  for_pieces<double, 4>(matrix.padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Doubles total[vectors];
    for (int v = 0; v < vectors; ++v) total[v] = L::load(out + unit + v * L::count);
    for (std::int64_t j = 0; j < matrix.rows; ++j) {
      const double* row = matrix.values + j * matrix.padded + unit;
      for (int v = 0; v < vectors; ++v) total[v] += L::load(row + v * L::count) * vector[j];
    }
    for (int v = 0; v < vectors; ++v) L::store(out + unit + v * L::count, total[v]);
  });
}

/// Of `count` rows of activities; the sums stay in registers, the matrix is read once for all of them.
template <int count, int vectors>
inline void multiply_block(Matrix<float> matrix, const float (*rows)[most_width], std::int64_t unit, float* out) {
  using L = Lanes<float>;
  Floats total[count][vectors] = {};
  for (std::int64_t j = 0; j < matrix.rows; ++j) {
    Floats column[vectors];
    for (int v = 0; v < vectors; ++v) column[v] = L::load(matrix.values + j * matrix.padded + unit + v * L::count);
    for (int c = 0; c < count; ++c) {
      for (int v = 0; v < vectors; ++v) total[c][v] += column[v] * rows[c][j];
    }
  }
  for (int c = 0; c < count; ++c) {
    for (int v = 0; v < vectors; ++v) L::store(out + c * matrix.padded + unit + v * L::count, total[c][v]);
  }
}

template <int count, bool are_active>
inline void activate_rows(Matrix<float> matrix, Matrix<float> z, std::int64_t first, float* out) {
  using L = Lanes<float>;
  float rows[count][most_width];
  for (int c = 0; c < count; ++c) {
    const float* row = z.values + (first + c) * z.padded;
    for (std::int64_t j = 0; j < z.padded; j += L::count) {
      L::store(rows[c] + j, are_active ? positive(L::load(row + j)) : L::load(row + j));
    }
  }
  for_pieces<float, 2>(matrix.padded, [&](std::int64_t unit, auto piece) {
    multiply_block<count, decltype(piece)::vectors>(matrix, rows, unit, out + first * matrix.padded);
  });
}

template <bool are_active>
inline void multiply_all(Matrix<float> matrix, Matrix<float> z, float* out) {
  std::int64_t first = 0;
  for (; first + 6 <= z.rows; first += 6) activate_rows<6, are_active>(matrix, z, first, out);
  for (; first + 3 <= z.rows; first += 3) activate_rows<3, are_active>(matrix, z, first, out);
  for (; first < z.rows; ++first) activate_rows<1, are_active>(matrix, z, first, out);
}

void activate(Matrix<float> matrix, Matrix<float> z, float* out) { multiply_all<true>(matrix, z, out); }

void multiply_rows(Matrix<float> matrix, Matrix<float> z, float* out) { multiply_all<false>(matrix, z, out); }

double dot(const double* a, const double* b, std::int64_t padded) {
  using L = Lanes<double>;
  Doubles total = {};
  for (std::int64_t k = 0; k < padded; k += L::count) total += L::load(a + k) * L::load(b + k);
  return sum_of_lanes(total);
}

void sum_rows(Matrix<double> rows, Chosen added, Chosen removed, double* out) {
  using L = Lanes<double>;
  for_pieces<double, 4>(rows.padded, [&](std::int64_t first, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Doubles total[vectors] = {};
    const auto row = [&](std::int64_t r, int v) {
      return L::load(rows.values + r * rows.padded + first + v * L::count);
    };
    for (std::int64_t c = 0; c < added.count; ++c) {
      for (int v = 0; v < vectors; ++v) total[v] += row(added.numbers[c], v);
    }
    for (std::int64_t c = 0; c < removed.count; ++c) {
      for (int v = 0; v < vectors; ++v) total[v] -= row(removed.numbers[c], v);
    }
    for (int v = 0; v < vectors; ++v) L::store(out + first + v * L::count, total[v]);
  });
}

#include "deepsets/adam_loops.inl"
#include "deepsets/bounds_loops.inl"
#include "deepsets/smooth_loops.inl"
#include "deepsets/terms_loops.inl"

constexpr Kernel loops{.table = table,
                       .sum = sum,
                       .exact_sum = exact_sum,
                       .find_mixed = find_mixed,
                       .evaluate = evaluate,
                       .gradient = gradient,
                       .multiply = multiply,
                       .dot = dot,
                       .sum_rows = sum_rows,
                       .affine = affine,
                       .activate = activate,
                       .multiply_rows = multiply_rows,
                       .find_active = find_active,
                       .bound_square = bound_square,
                       .bound_node = bound_node,
                       .mean_and_spread = mean_and_spread,
                       .bound_sums = bound_sums,
                       .interpolate = interpolate,
                       .adam = adam,
                       .smooth = smooth_loops};

}  // namespace
}  // namespace hthm::deepsets
