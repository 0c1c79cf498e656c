// The gradient of the loss of a batch of frame pairs, once Delta h is known.
#include <algorithm>
#include <span>
#include <vector>

#include "core/narrow.hpp"
#include "core/stoppable_for.hpp"
#include "deepsets/pair_loss.hpp"

namespace hthm::deepsets {

/// With what weight, and through which units of rho, each velocity enters the gradient.
void PairLoss::differentiate(const double* slopes_of_loss, int threads) {
  uses_.weights.resize(2 * pairs_.size());
  uses_.patterns.resize(2 * pairs_.size());
  std::vector<std::size_t> switching;
  for (std::size_t p = 0; p < pairs_.size(); ++p) {
    const Pair& pair = pairs_[p];
    const double slope = slopes_of_loss[p];
    uses_.weights[2 * p] = slope;
    uses_.weights[2 * p + 1] = -slope;
    uses_.patterns[2 * p] = rho_.pattern(pair.active_after);
    uses_.patterns[2 * p + 1] = rho_.pattern(pair.active_before);
    if (pair.active_before == pair.active_after) continue;
    rho_.add_constant(uses_.patterns[2 * p], slope);
    rho_.add_constant(uses_.patterns[2 * p + 1], -slope);
    switching.push_back(p);
  }
  find_shared(switching, threads);
}

/// Where rho switches, the disks that do not change act through two patterns that differ.
void PairLoss::find_shared(const std::vector<std::size_t>& switching, int threads) {
  const auto n = static_cast<std::size_t>(frames_.n());
  narrow<std::int64_t>(switching.size() * 2 * n, "batch: velocities of pairs in which rho switches", most_velocities_);
  shared_.resize(switching.size() * 2 * n);
  stoppable_for(static_cast<std::int64_t>(switching.size()), threads, stop_, [&](std::int64_t s) {
    const std::size_t p = switching[static_cast<std::size_t>(s)];
    Frame frame;
    assemble(pairs_[p], frame);
    const std::span<const Change> changes = frames_.changes(pairs_[p].number, frame.changes);
    phi_.cells().locate(frame.x.data(), frame.y.data(), frames_.n(), frame.cells.data());
    auto change = changes.begin();
    std::size_t at = static_cast<std::size_t>(s) * 2 * n;
    for (std::size_t i = 0; i < n; ++i) {
      const bool is_shared = change == changes.end() || change->disk != static_cast<std::int32_t>(i);
      if (!is_shared) ++change;
      for (const std::size_t use : {2 * p, 2 * p + 1}) {
        const std::int32_t cell = is_shared ? frame.cells[i] : Velocities::nowhere;
        shared_.put(at++, frame.x[i], frame.y[i], cell, static_cast<std::int32_t>(use));
      }
    }
  });
  add_cells(shared_, 0, static_cast<std::int64_t>(shared_.size()));
  phi_.complete(threads);
  shared_terms_.sort(shared_, phi_.cells().count(), threads);
}

void PairLoss::backward(int threads, const Network<float>& gradient) {
  std::vector<std::int32_t> cells;  // by row
  for (const Terms* terms : {&changing_terms_, &shared_terms_}) {
    for (std::int64_t row = 0; row < terms->rows(); ++row) cells.push_back(terms->cell_of_row(row));
  }
  rows_.resize(cells.size() * static_cast<std::size_t>(phi_.table_size()));
  double* rows = rows_.data();
  for (const Terms* terms : {&changing_terms_, &shared_terms_}) {
    terms->gradient(phi_, *kernel_, uses_, rho_.slopes(), threads, stop_, rows, rho_.sums());
    rows += terms->rows() * phi_.table_size();
  }
  phi_.gradient(rows_.data(), cells, threads, gradient);
  rho_.gradient(gradient);
}

}  // namespace hthm::deepsets
