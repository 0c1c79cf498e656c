// The velocities at which phi enters the loss of a batch, by cell, and what the loss and its gradient need of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/stop_request.hpp"
#include "deepsets/kernel.hpp"
#include "deepsets/phi.hpp"

namespace hthm::deepsets {

/// Velocities, each with its cell and its use: twice the number of its pair, and one more in the first frame of it.
struct Velocities {
  /// The cell of a place that holds no velocity.
  static constexpr std::int32_t nowhere = -2;

  std::size_t size() const { return x.size(); }
  void resize(std::size_t count) {
    x.resize(count);
    y.resize(count);
    cells.resize(count);
    uses.resize(count);
  }

  std::vector<float> x, y;
  std::vector<std::int32_t> cells, uses;
};

/// With what weight each use enters the gradient, and through which pattern of active units of rho.
struct Uses {
  std::vector<double> weights;
  std::vector<std::int32_t> patterns;
};

/// Velocities sorted by cell. In a cell, z of each unit of phi's second layer is affine, and most units are active at
/// all of its velocities or at none: of those, sums over the velocities are all that is needed. Only the others, half a
/// dozen whatever the width, are looked at velocity by velocity.
class Terms {
 public:
  static constexpr std::int64_t most_functionals = 8;

  /// Within a cell, they stay in their order.
  void sort(const Velocities& from, std::int64_t cells, int threads);

  /// values[i][f] = sum over the units k of functionals[f][k] phi_k at velocity i of those sorted.
  void evaluate(const Phi& phi, const Kernel& kernel, Matrix<double> functionals, int threads, StopRequest* stop,
                double* values) const;

  /// Pieces of cells, each of which has gradients of its own.
  std::int64_t rows() const { return static_cast<std::int64_t>(rows_.size()); }
  std::int32_t cell_of_row(std::int64_t row) const { return rows_[static_cast<std::size_t>(row)].cell; }
  /// gradients (rows, 3, P) of tables; sums (patterns, P) += weight * phi. slopes (patterns, P): of h, for each
  /// pattern.
  void gradient(const Phi& phi, const Kernel& kernel, const Uses& uses, Matrix<double> slopes, int threads,
                StopRequest* stop, double* gradients, double* sums) const;

 private:
  struct Term {
    float x, y;
    std::int32_t use, source;  // source: its place before sorting
  };
  struct Row {
    std::int32_t cell;
    std::int64_t first, end;
  };
  /// Room for a row and what is known of it.
  struct Room;
  struct ByPattern;

  std::int64_t cut_into_rows(std::vector<std::vector<std::int64_t>>& counts, std::int64_t cells);
  void sort_by_pattern(const Row& row, const Uses& uses, ByPattern& sorted) const;
  void add_gradient(const Row& row, const Uses& uses, const ByPattern& sorted, const Kernel& kernel,
                    Matrix<double> slopes, Room& room, double* gradient, double* sums) const;
  void look_at(const Row& row, const Phi& phi, const Kernel& kernel, Room& room) const;

  std::vector<Term> terms_;
  std::vector<Row> rows_;
};

}  // namespace hthm::deepsets
