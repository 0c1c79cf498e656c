// The innermost loops of the training kernel, compiled once for every instruction set.
#pragma once

#include <cstdint>

#include "cpu_features.hpp"

namespace hthm::deepsets {

/// A velocity at which phi enters the gradient, with the weight of its pair (negative where the pair loses it) and the
/// activity pattern of rho through which it acts.
struct Term {
  float x, y;
  std::int32_t pattern;
  double weight;
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
};

/// The loops of a level, or of the best one below it that is compiled in. The CPU must have it.
const Kernel& kernel(Simd level);

extern const Kernel portable_kernel;
#if defined(__x86_64__)
extern const Kernel avx2_kernel, avx512_kernel;
#endif

}  // namespace hthm::deepsets
