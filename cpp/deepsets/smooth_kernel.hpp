// The innermost loops of networks with SiLU, compiled once for every instruction set: a part of kernel.hpp.
#pragma once

#include <cstdint>

namespace hthm::deepsets {

// Matrices have rows of P floats, P padded; what is added computes zeros. SiLU(z) = z / (1 + exp(-z)) has slopes other
// than 0 or 1, so that every layer is computed at every velocity: the loops are products of matrices, a tile of them in
// registers.

/// So many rows come at a time: whole tiles of every instruction set.
inline constexpr std::int64_t rows_of_tile = 12;
/// A count rounded up to whole tiles.
constexpr std::int64_t whole_tiles(std::int64_t count) {
  return (count + rows_of_tile - 1) / rows_of_tile * rows_of_tile;
}

/// As many steps come at a time at most.
inline constexpr std::int64_t most_steps_at_a_time = 96;

/// Floats between matrices of one piece of memory that are read and written together: were these a multiple of 4096 B
/// apart, loads of one would wait for stores to another.
inline constexpr std::int64_t gap = 336;
/// Rows of work that `backward` needs, of whatever width.
inline constexpr std::int64_t rows_of_work = 3 * most_steps_at_a_time + 2 * gap / 16;

/// The weights of phi.
struct SmoothPhi {
  const float* lines;    // (3, P): a, b, c of the first layer's z = a x + b y + c
  const float* forward;  // (D, P): of the second layer, by unit of the first
  const float* back;     // (D, P): of the second layer, by its own units
  const float* bias;     // (P): of the second layer
  std::int64_t width, padded;
};

/// Rows (whole tiles, 2): velocities in the network's units.
struct SmoothPoints {
  const float* values;
  std::int64_t count;
};

/// Of phi at velocities, each (count, P): the logistic function of the first layer's z, from which both that layer and
/// its slopes are soon found again; the second layer; and how steep SiLU was there.
struct SmoothLayers {
  float *first_logistic, *second, *second_slopes;
};

/// Gradient of the weights of phi, added to.
struct SmoothGradient {
  double* second;  // (P, P): by units of the second layer
  double* bias;    // (P)
  double* lines;   // (3, P)
};

/// Steps: which rows of phi come in place of which.
struct Exchanges {
  const std::int32_t *born, *died;
  const std::int64_t* offsets;  // (count + 1): of the first exchange of a step
  std::int64_t count;
};

/// The loss by phi of velocities, each of which lasts from a state to another: rows[birth] - rows[death].
struct LossByState {
  const float* rows;                  // (states, P)
  const std::int32_t *birth, *death;  // (count)
  std::int64_t count;
};

/// Steps as rho sees them: z of its units before, and by how much each step changes it.
struct StepsOfRho {
  const double* z;    // (P): before the first step
  const float* dz;    // (count, P)
  const float* last;  // (P): w4
  std::int64_t padded, count;
};

/// What steps do to the units of rho: to SiLU(z), to its slope, and the slope afterwards; each (count, P).
struct StepsDone {
  float *rises, *bends, *slopes;
};

/// Steps on the way back. g: the loss by Delta h of each step; turns: g less that of the next step.
struct StepsBack {
  const double *g, *turns;
  const float *slopes, *bends;  // (count, P): afterwards; bends of slopes times g
  const float* moved;           // (count, P): by how much the steps up to each change the pooled phi
  const double* later;          // (P): sum of the bends times g of all steps after these
  const double* moved_before;   // (P): by how much all steps before these change the pooled phi
  const float* factors;         // (P)
  std::int64_t padded, count;
};

struct SmoothKernel {
  /// Both layers at velocities. work (count, P).
  void (*forward)(SmoothPhi phi, SmoothPoints points, SmoothLayers out, float* work);
  /// Points beyond those of the loss fill up a tile. work (rows_of_work, P).
  void (*backward)(SmoothPhi phi, SmoothPoints points, SmoothLayers in, LossByState loss, float* work,
                   SmoothGradient gradient);
  /// moves (steps, P) = factor * sum of features[born] - features[died]; sums (P) += each, and moved (steps, P) = sums.
  void (*exchange)(const float* features, std::int64_t padded, Exchanges steps, float factor, float* sums, float* moves,
                   float* moved);
  /// out (count, P) = in (count, P) times matrix (depth, P); count in whole tiles.
  void (*product)(const float* in, const float* matrix, std::int64_t depth, std::int64_t padded, std::int64_t count,
                  float* out);
  /// sums (P, P) += sum over the rows of a[row] times b[row], for the first `width` of a.
  void (*add_outer)(const float* a, const float* b, std::int64_t count, std::int64_t width, std::int64_t padded,
                    double* sums);
  /// sums (P) += sum of the rows.
  void (*add_rows)(const float* rows, std::int64_t padded, std::int64_t count, double* sums);
  /// What steps do, and change (count) = sum over the units of last * rises. work (rows_of_work, P).
  void (*do_steps)(StepsOfRho steps, float* work, StepsDone out, double* change);
  /// bends *= g, and sums (P) of g * rises and of g * bends.
  void (*weigh_steps)(const double* g, std::int64_t padded, std::int64_t count, const float* rises, float* bends,
                      double* sum_of_rises, double* sum_of_bends);
  /// Each (count, P): the loss by what a step adds to z times factors, turns * slopes, and the moves so far.
  void (*undo_steps)(StepsBack steps, float* through, float* turned, float* moved);
};

}  // namespace hthm::deepsets
