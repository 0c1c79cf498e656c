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
  void put(std::size_t at, float vx, float vy, std::int32_t cell, std::int32_t use) {
    x[at] = vx;
    y[at] = vy;
    cells[at] = cell;
    uses[at] = use;
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

  /// changes (pairs, functionals) = by how much the sum over the disks of each functional, which is the sum over the
  /// units k of functionals[f][k] phi_k, changes from the first frame of a pair to the second.
  void compare(const Phi& phi, const Kernel& kernel, Matrix<double> functionals, std::int64_t pairs, int threads,
               StopRequest* stop, double* changes) const;

  /// Pieces of cells, each of which has gradients of its own.
  std::int64_t rows() const { return static_cast<std::int64_t>(rows_.size()); }
  std::int32_t cell_of_row(std::int64_t row) const { return rows_[static_cast<std::size_t>(row)].cell; }
  /// gradients (rows, 3, P) of tables; sums (patterns, P) += weight * phi. slopes (patterns, P): of h, for each
  /// pattern.
  void gradient(const Phi& phi, const Kernel& kernel, const Uses& uses, Matrix<double> slopes, int threads,
                StopRequest* stop, double* gradients, double* sums) const;

 private:
  /// Some velocities of a cell, from `first` on; whole vectors, the last one repeated.
  struct Row {
    std::int32_t cell;
    std::int64_t first, count;
  };
  /// What is known of a row, and room for what is made of it.
  struct Room;
  struct ByPattern;

  std::int64_t cut_into_rows(std::vector<std::vector<std::int64_t>>& counts, std::int64_t cells);
  TermsOfCell look_at(const Row& row, const Phi& phi, const Kernel& kernel, Room& room) const;
  void sort_by_pattern(const Row& row, const Uses& uses, ByPattern& sorted) const;
  void add_gradient(const Row& row, const Uses& uses, const ByPattern& sorted, const Kernel& kernel,
                    Matrix<double> slopes, TermsOfCell terms, Room& room, double* gradient, double* sums) const;

  std::vector<float> x_, y_;
  std::vector<std::int32_t> uses_;
  std::vector<Row> rows_;
};

}  // namespace hthm::deepsets
