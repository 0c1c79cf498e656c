// The innermost loops of the training kernel, compiled once for every instruction set.
#pragma once

#include <cstdint>

#include "cpu_features.hpp"
#include "deepsets/network.hpp"
#include "deepsets/sketch.hpp"

namespace hthm::deepsets {

/// A velocity at which phi enters the gradient, with the weight of its pair (negative where the pair loses it) and the
/// activity pattern of rho through which it acts.
struct Term {
  float x, y;
  std::int32_t pattern;
  double weight;
};

/// A square of the coarse grid of sketches with its 5 x 5 nodes of the fine one, as `Bounds` has them.
struct SquareOfBounds {
  static constexpr int finer = 4;  // fine squares along a side

  const float *z, *f;  // at its lower corner; (P) a node, the next node in y follows, the next in x `row` later
  std::int64_t row, padded, units;
  const double* lines;                 // (D, 3): a, b, c of the first layer
  double x, y, width;                  // of the lower corner; of the fine squares
  const float *abs_second, *abs_last;  // (D, P): |w2| by unit of the first layer, |w3| transposed
};

/// In every cell the second layer's z is affine: z_k = T[0][k] vx + T[1][k] vy + T[2][k], a table T of shape (3, P)
/// with P the padded width. Lanes are units, so that no order of summation depends on the length of a vector; the
/// levels differ in which products are fused into sums, that is in the last bits.
struct Kernel {
  /// The table of a cell in double and in float: T[r] = sum over the active units j of columns[j] * lines[j][r], + bias
  /// in T[2]. columns (D, P), lines (D, 3), bias (P).
  void (*table)(const double* columns, const double* lines, const double* bias, const std::int32_t* active,
                std::int64_t count, std::int64_t padded, double* in_double, float* in_float);
  /// sums[k] += max(z_k, 0) over the velocities, in float, 32 velocities at a time.
  void (*sum)(const float* tables, std::int64_t padded, const std::int32_t* cells, const float* x, const float* y,
              std::int64_t count, double* sums);
  /// The same in double.
  void (*exact_sum)(const double* tables, std::int64_t padded, const std::int32_t* cells, const float* x,
                    const float* y, std::int64_t count, double* sums);
  /// gradient (3, P) of the table of a cell: sum over its terms of w = weight * slopes[pattern][k] where z_k > 0, times
  /// (vx, vy, 1).
  void (*gradient)(const double* table, std::int64_t padded, const Term* terms, std::int64_t count,
                   const double* slopes, double* gradient);
  /// out += sum over j of matrix[j] * vector[j]; matrix (rows, P).
  void (*multiply)(const double* matrix, const double* vector, std::int64_t rows, std::int64_t padded, double* out);
  /// out = sum of the chosen rows; rows (..., length).
  void (*sum_rows)(const double* rows, const std::int32_t* chosen, std::int64_t count, std::int64_t length,
                   double* out);
  /// out = sum over j of matrix[j] * max(z[j], 0); matrix (rows, P).
  void (*activate)(const float* matrix, const float* z, std::int64_t rows, std::int64_t padded, float* out);
  /// Bounds (P) on f minus the bilinear interpolant of its corners.
  void (*bound_square)(const SquareOfBounds& square, float* low, float* high);
  /// middle = unit * sum over the nodes of weight * values; lowest and highest = sum over the squares of count * low
  /// and count * high.
  void (*bound_sum)(const std::uint16_t* sketch, const float* values, const float* low, const float* high,
                    std::int64_t padded, float unit, float* middle, float* lowest, float* highest);
};

/// The loops of a level, or of the best one below it that is compiled in. The CPU must have it.
const Kernel& kernel(Simd level);

extern const Kernel portable_kernel;
#if defined(__x86_64__)
extern const Kernel avx2_kernel, avx512_kernel;
#endif

}  // namespace hthm::deepsets
