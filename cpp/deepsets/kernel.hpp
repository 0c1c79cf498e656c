// The innermost loops of the training kernel, compiled once for every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu_features.hpp"
#include "deepsets/network.hpp"
#include "deepsets/sketch.hpp"

namespace hthm::deepsets {

/// Terms, velocities of one cell at which phi enters the loss, and what is known of phi there.
struct TermsOfCell {
  const double* table;  // (3, P)
  std::int64_t padded;
  const double* lows;         // (P): what z is at least; a unit is active at all terms where that is positive
  const std::int32_t* mixed;  // units that are active at some terms, but not at all
  std::int64_t mixed_units;
  const double *x, *y;  // whole vectors
  std::int64_t count;
};

/// A matrix (rows, Q), of a padded length Q.
struct RowsOfFloats {
  const float* values;
  std::int64_t rows, padded;
};

/// A square of the coarse grid of sketches with its nodes of the fine one, as `Envelope` has them.
struct SquareOfBounds {
  const float* z;  // at its lower corner; (P) a node, the next node in y follows, the next in x `row` later
  int finer;       // fine squares along a side
  std::int64_t row, padded, units;
  const double* lines;      // (D, 3): a, b, c of the first layer
  double x, y, width;       // of the lower corner; of the fine squares
  const float* abs_second;  // (D, P): |w2| by unit of the first layer
};

/// In every cell the second layer's z is affine: z_k = T[0][k] vx + T[1][k] vy + T[2][k], a table T of shape (3, P)
/// with P the padded width. The levels differ in which products are fused into sums, and in the order of some sums: in
/// the last bits.
struct Kernel {
  /// The table of a cell in double and in float: T[r] = sum over the active units j of columns[j] * lines[j][r], + bias
  /// in T[2]. columns (D, P), lines (D, 3), bias (P). Returns the largest of (|T[0]| + |T[1]|) * reach + |T[2]|.
  double (*table)(const double* columns, const double* lines, const double* bias, const std::int32_t* active,
                  std::int64_t count, std::int64_t padded, double reach, double* in_double, float* in_float);
  /// sums[k] += max(z_k, 0) over the velocities, in float, 32 velocities at a time.
  void (*sum)(const float* tables, std::int64_t padded, const std::int32_t* cells, const float* x, const float* y,
              std::int64_t count, double* sums);
  /// The same in double.
  void (*exact_sum)(const double* tables, std::int64_t padded, const std::int32_t* cells, const float* x,
                    const float* y, std::int64_t count, double* sums);
  /// lows (P) and the units in `mixed`, whose number is returned, for terms of which only table and velocities are set.
  std::int64_t (*find_mixed)(const TermsOfCell& terms, double* lows, std::int32_t* mixed);
  /// out[f] (count), the next `stride` later, = sum over k of functionals[f][k] phi_k at the terms; whole vectors.
  void (*evaluate)(const TermsOfCell& terms, const double* functionals, std::int64_t count, double* out,
                   std::int64_t stride);
  /// gradient (3, P) of the table += sum over the terms of w = weight * slopes[k] where z_k > 0, times (vx, vy, 1), and
  /// sums (P) += sum of weight * phi_k.
  void (*gradient)(const TermsOfCell& terms, const double* weights, const double* slopes, double* gradient,
                   double* sums);
  /// out += sum over j of matrix[j] * vector[j]; matrix (rows, P).
  void (*multiply)(const double* matrix, const double* vector, std::int64_t rows, std::int64_t padded, double* out);
  double (*dot)(const double* a, const double* b, std::int64_t padded);
  /// out = sum of the chosen rows; rows (..., length).
  void (*sum_rows)(const double* rows, const std::int32_t* chosen, std::int64_t count, std::int64_t length,
                   double* out);
  /// z (P) of the second layer at a velocity, from the table of its cell.
  void (*affine)(const float* table, float x, float y, std::int64_t padded, float* z);
  /// out (count, Q) = sum over j of matrix[j] * max(z[., j], 0); z (count, P).
  void (*activate)(const RowsOfFloats& matrix, const float* z, std::int64_t padded, std::int64_t count, float* out);
  /// Bounds (P) on how far phi is from its interpolant in each of the fine squares of a square (the next in x `row`
  /// later), and the largest of them.
  void (*bound_second)(const SquareOfBounds& square, float* errors, std::int64_t row, float* largest);
  /// Bounds (P) on f minus the bilinear interpolant of the corners of a square, from f at its fine nodes (the next in x
  /// `row` later) and the error (P) between them.
  void (*bound_square)(const float* f, int finer, std::int64_t row, std::int64_t padded, const float* error,
                       float* below, float* above);
  /// low, high (P) = f plus the least of below, and the largest of above, in 4 squares around a node.
  void (*bound_node)(const float* f, const float* below, const float* above, const std::size_t* squares,
                     std::int64_t padded, float* low, float* high);
  /// sum (P) = sum over the nodes of mean * values, square (P) = that of (spread * (values - sum / total))^2; values
  /// (nodes, P), mean and spread (nodes).
  void (*mean_and_spread)(const double* mean, const double* spread, const float* values, std::int64_t nodes,
                          std::int64_t padded, double total, double* sum, double* square);
  /// low, high (count) = sum over the nodes of a sketch times rows of lows and highs (..., nodes padded with zeros).
  void (*bound_sums)(const std::uint16_t* sketch, const float* lows, const float* highs, const std::int32_t* rows,
                     std::int64_t count, double* low, double* high);
  /// out (count) = rows (count, length) times a vector; whole vectors of every instruction set.
  void (*dot_rows)(const float* rows, const float* vector, std::int64_t count, std::int64_t length, float* out);
  /// Adds to sum a function bilinear in each square of a grid of side x side squares over [-reach, reach]^2, at `count`
  /// velocities, and to error what the squares have of `errors`. squares (side, side, 4): c in
  /// c0 + c1 b + c2 a + c3 a b, where a and b go from 0 to 1 along x and along y.
  void (*interpolate)(const float* x, const float* y, std::int64_t count, float reach, std::int64_t side,
                      const float* squares, const float* errors, double& sum, double& error);
};

/// The loops of a level, or of the best one below it that is compiled in. The CPU must have it.
const Kernel& kernel(Simd level);

extern const Kernel portable_kernel;
#if defined(__x86_64__)
extern const Kernel avx2_kernel, avx512_kernel;
#endif

}  // namespace hthm::deepsets
