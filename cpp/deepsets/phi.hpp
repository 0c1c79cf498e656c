// phi, the network of a disk, as one affine table a cell of the velocity plane, and the gradient back from the tables.
#pragma once

#include <vector>

#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"
#include "deepsets/plane_cells.hpp"

namespace hthm::deepsets {

/// How the tables of cells are made: each by itself, or from that of the cell before where that is less work; the last
/// bits then depend on which cells there are.
enum class TablesMade { alone, in_turn };

/// phi_k(v) = max(z_k, 0) with z affine in each cell.
class Phi {
 public:
  /// Cells and tables for these weights, which must be finite, and velocities within reach.
  void build(const Network<const float>& network, float reach, const Kernel& kernel, int threads,
             TablesMade made = TablesMade::alone);
  /// Tables for the cells that were added since.
  void complete(int threads);

  PlaneCells& cells() { return cells_; }
  const PlaneCells& cells() const { return cells_; }
  std::int64_t table_size() const { return 3 * padded_; }
  const double* table(std::int64_t cell) const { return &exact_[static_cast<std::size_t>(cell * table_size())]; }

  /// sums (P) = the sum of phi over velocities; off by at most `error_of_sum`, unless `exact`. `found` is room for
  /// `count` cells; velocities of unknown cells move to the end.
  void sum(float* x, float* y, std::int64_t count, std::int32_t* found, bool exact, double* sums) const;
  double error_of_sum(std::int64_t count, const double* sums) const;
  /// sums += phi over velocities whose cells are known, in double.
  void add(PointsInCells points, double* sums) const;

  /// z (count, P) of the second layer at velocities, in float; returns the largest of unknown cells, if positive.
  float second_layer(const float* x, const float* y, std::size_t count, float* z) const;
  /// Bound on |z| of the second layer in known cells within reach, even were its parts to have the same sign.
  double largest_z() const { return largest_z_; }

  /// gradient.w1, b1, w2 and b2 from those of tables, (rows, 3, P), which change; row k belongs to the table of
  /// cells[k].
  void gradient(double* rows, const std::vector<std::int32_t>& cells, int threads,
                const Network<float>& gradient) const;

 private:
  double find_table(std::int64_t cell, std::int64_t previous);
  /// z (D) of the second layer, unit by unit.
  void second_layer_of_unknown(float x, float y, double* z) const;

  PlaneCells cells_;
  const Kernel* kernel_ = nullptr;
  TablesMade made_ = TablesMade::alone;
  int width_ = 0, padded_ = 0;
  float reach_ = 0;
  double largest_z_ = 0;         // bound on |z| within reach, over all tables
  std::vector<double> columns_;  // (D, P): the weights of the second layer, by unit of the first
  std::vector<double> lines_;    // (D, 3): a, b, c of the first layer
  std::vector<double> none_;     // (3, P): the table where no unit is active, of which the last row is the bias
  std::vector<double> exact_;    // (cells, 3, P)
  std::vector<float> rounded_;   // likewise
};

}  // namespace hthm::deepsets
