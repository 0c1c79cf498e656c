// The innermost loops of the training kernel, compiled once for every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu_features.hpp"
#include "deepsets/network.hpp"
#include "deepsets/sketch.hpp"
#include "deepsets/smooth_kernel.hpp"

namespace hthm::deepsets {

// What the loops are given. All of it is handed over by value: the compiler then knows that what a loop writes does not
// change it. Plain structs, none of the standard library's: see kernel_loops.inl.

/// A matrix (rows, P), P padded.
template <class Real>
struct Matrix {
  const Real* values;
  std::int64_t rows, padded;
};

/// Tables of cells, (cells, 3, P).
template <class Real>
struct Tables {
  const Real* values;
  std::int64_t padded;
};

/// Rows, or units, by number.
struct Chosen {
  const std::int32_t* numbers;
  std::int64_t count;
};

/// Velocities.
struct Points {
  const float *x, *y;
  std::int64_t count;
};

/// Velocities and the cell of each.
struct PointsInCells {
  const std::int32_t* cells;
  const float *x, *y;
  std::int64_t count;
};

/// The weights of phi by unit j of the first layer, of which there are D.
struct UnitsOfPhi {
  const double* columns;  // (D, P): of the second layer
  const double* lines;    // (D, 3): a, b, c of the first layer's z = a x + b y + c
  std::int64_t padded;
};

/// A table (3, P) and the units of the first layer that are active in another cell but not in its own, and vice versa.
struct TableNearby {
  const double* values;
  Chosen added, removed;
};

/// Where the table of a cell goes, (3, P).
struct TableOfCell {
  double* exact;
  float* rounded;
};

/// Terms, velocities of one cell at which phi enters the loss, and what is known of phi there.
struct TermsOfCell {
  const double* table;  // (3, P)
  std::int64_t padded;
  const double* lows;  // (P): what z is at least; a unit is active at all terms where that is positive
  Chosen mixed;        // units that are active at some terms, but not at all
  const float *x, *y;  // whole vectors of floats, the last of them repeated
  std::int64_t count;
};

/// Rows that are written, the next `stride` later.
template <class Real>
struct RowsToWrite {
  Real* values;
  std::int64_t stride;
};

/// A square of the coarse grid of sketches with its nodes of the fine one, as `Envelope` has them. At its lower corner:
/// z (P) of phi's second layer, the units of it that are active, and f (Q); those of the next node in y follow, those
/// of the next in x come `nodes` later.
struct SquareOfBounds {
  const float *z, *f;
  const std::uint64_t* active;
  int finer;           // fine squares along a side
  std::int64_t nodes;  // fine nodes along a side of the plane
  std::int64_t units, padded;
  const double* lines;  // (3, P): a, b, c of the first layer
  double x, y, width;   // of the lower corner; of the fine squares
  /// (2 D, 2, Q): how far f may be below its interpolant, and above, where a unit of the second layer, and then of the
  /// first, is below its own by 1.
  Matrix<float> through;
};

/// How far a function may be off from its interpolant in squares, and the four squares around a node.
struct SquaresAroundNode {
  const float *below, *above;  // (squares, P)
  std::size_t squares[4];
  std::int64_t padded;
};

/// Words of the active units of a layer, a bit each.
constexpr std::int64_t words_of(std::int64_t padded) { return (padded + 63) / 64; }

/// Numbers a node of a sketch, by which the sums of many frames are bounded.
struct NodesOfRange {
  const double *mean, *spread;  // (nodes)
};

/// Two functions at the nodes of a sketch, a row a unit, with zeros up to whole vectors.
struct Envelopes {
  const float *lows, *highs;
};

/// A function bilinear in each square of a grid of side x side squares over [-reach, reach]^2, and how far it may be
/// off: c in c0 + c1 b + c2 a + c3 a b, where a and b go from 0 to 1 along x and along y.
struct BilinearSquares {
  float reach;
  std::int64_t side;
  const float* coefficients;  // (side, side, 4)
  const float* errors;        // (side, side)
};

/// The numbers of a step of Adam: shares that the new gradient, its square and the old mean square have in the means,
/// the learning rate over the bias of the mean, the root of the bias of the square, and what keeps from dividing by 0.
struct AdamStep {
  float new_share, new_share_of_square, old_share_of_square, rate, root, epsilon;
};

/// A sum over velocities, and how far it may be off.
struct SumAndError {
  double sum, error;
};

/// In every cell the second layer's z is affine: z_k = T[0][k] vx + T[1][k] vy + T[2][k], a table T of shape (3, P)
/// with P the padded width. The levels differ in which products are fused into sums, and in the order of some sums: in
/// the last bits.
struct Kernel {
  /// The table of a cell in double and in float: T[r] = that of another + sum over the units j added, - that over those
  /// removed, of columns[j] * lines[j][r]. Returns the largest of (|T[0]| + |T[1]|) * reach + |T[2]|.
  double (*table)(UnitsOfPhi phi, TableNearby from, double reach, TableOfCell out);
  /// sums[k] += max(z_k, 0) over the velocities, in float, 32 velocities at a time.
  void (*sum)(Tables<float> tables, PointsInCells points, double* sums);
  /// The same in double.
  void (*exact_sum)(Tables<double> tables, PointsInCells points, double* sums);
  /// lows (P) and the units in `mixed` (P), whose number is returned, for terms of which only table and velocities are
  /// set.
  std::int64_t (*find_mixed)(const TermsOfCell& terms, double* lows, std::int32_t* mixed);
  /// out[f] (count of the terms, in whole vectors) = sum over k of functionals[f][k] phi_k at the terms.
  void (*evaluate)(const TermsOfCell& terms, Matrix<double> functionals, RowsToWrite<double> out);
  /// gradient (3, P) of the table, of which nothing is read the first time, += sum over the terms of
  /// w = weight * slopes[k] where z_k > 0, times (vx, vy, 1), and sums (P) += sum of weight * phi_k. weights: one a
  /// term, in whole vectors.
  void (*gradient)(const TermsOfCell& terms, const double* weights, const double* slopes, bool is_first,
                   double* gradient, double* sums);
  /// out (P) += sum over j of matrix[j] * vector[j].
  void (*multiply)(Matrix<double> matrix, const double* vector, double* out);
  double (*dot)(const double* a, const double* b, std::int64_t padded);
  /// out (P) = sum of some rows - sum of others.
  void (*sum_rows)(Matrix<double> rows, Chosen added, Chosen removed, double* out);
  /// z (P) of the second layer at a velocity, from the table of its cell.
  void (*affine)(Tables<float> table, float x, float y, float* z);
  /// out (rows of z, P of the matrix) = sum over j of matrix[j] * max(z[., j], 0).
  void (*activate)(Matrix<float> matrix, Matrix<float> z, float* out);
  /// Likewise without the maximum.
  void (*multiply_rows)(Matrix<float> matrix, Matrix<float> z, float* out);
  /// active (rows, words) = which units (P) are positive.
  void (*find_active)(Matrix<float> z, std::uint64_t* active);
  /// Bounds (2, Q) on how far f is below and above its interpolant in each of the fine squares of a square (the next in
  /// x `stride` later), and on f minus the bilinear interpolant of the square's corners.
  void (*bound_square)(const SquareOfBounds& square, RowsToWrite<float> errors, float* below, float* above);
  /// low, high (P) = f (P) plus the least of below, and the largest of above, in 4 squares around a node.
  void (*bound_node)(const float* f, const SquaresAroundNode& around, float* low, float* high);
  /// sum (P) = sum over the nodes of mean * values, square (P) = that of (spread * (values - sum / total))^2.
  void (*mean_and_spread)(NodesOfRange nodes, Matrix<float> values, double total, double* sum, double* square);
  /// low, high (one a chosen row) = sum over the nodes of a sketch times the chosen rows of lows and highs.
  void (*bound_sums)(const std::uint16_t* sketch, Envelopes envelopes, Chosen rows, double* low, double* high);
  /// The sum of a function over velocities.
  SumAndError (*interpolate)(BilinearSquares function, Points points);
  /// A step of Adam for `count` weights, means of the gradient and of its square. The same bits at every level.
  void (*adam)(AdamStep step, const float* gradient, std::int64_t count, float* weights, float* means, float* squares);
  /// Of networks with SiLU.
  SmoothKernel smooth;
};

/// The loops of a level, or of the best one below it that is compiled in. The CPU must have it.
const Kernel& kernel(Simd level);

extern const Kernel portable_kernel;
#if defined(__x86_64__)
extern const Kernel avx2_kernel, avx512_kernel;
#endif

}  // namespace hthm::deepsets
