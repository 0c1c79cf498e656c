#include "deepsets/envelope.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "parallel.hpp"

namespace hthm::deepsets {
namespace {

constexpr std::size_t side = SketchGrid::side, nodes = SketchGrid::nodes;

}  // namespace

void Envelope::build(const Network<const float>& network, std::vector<std::int32_t> units, int finer, const Phi& phi,
                     double reach, std::int64_t n, double sketch_unit, const Kernel& kernel, int threads) {
  kernel_ = &kernel;
  units_ = std::move(units);
  width_ = network.width;
  padded_ = padded(width_);
  chosen_ = padded(static_cast<int>(units_.size()));
  disks_ = static_cast<double>(n);
  finer_ = static_cast<std::size_t>(finer);
  fine_side_ = side * finer_;
  fine_nodes_ = fine_side_ + 1;
  const auto width = static_cast<std::size_t>(width_), stride = static_cast<std::size_t>(padded_),
             chosen = static_cast<std::size_t>(chosen_);
  abs_second_.assign(width * stride, 0);
  for (std::size_t k = 0; k < width; ++k) {
    for (std::size_t j = 0; j < width; ++j) abs_second_[j * stride + k] = std::fabs(network.w2[k * width + j]);
  }
  last_.assign(width * chosen, 0);
  abs_last_.assign(width * chosen, 0);
  bias_.assign(chosen, 0);
  for (std::size_t u = 0; u < units_.size(); ++u) {
    const auto k = static_cast<std::size_t>(units_[u]);
    bias_[u] = network.b3[k];
    for (std::size_t j = 0; j < width; ++j) {
      last_[j * chosen + u] = network.w3[k * width + j];
      abs_last_[j * chosen + u] = std::fabs(network.w3[k * width + j]);
    }
  }
  find_values(phi, reach, threads);
  find_functions(phi, reach, threads);
  find_slack(n, sketch_unit);
}

/// f, and what it is made of, at the fine nodes.
void Envelope::find_values(const Phi& phi, double reach, int threads) {
  const auto stride = static_cast<std::size_t>(padded_), chosen = static_cast<std::size_t>(chosen_);
  const double width = 2 * reach / static_cast<double>(fine_side_);
  z_.resize(fine_nodes_ * fine_nodes_ * stride);
  f_.resize(fine_nodes_ * fine_nodes_ * chosen);
  std::vector<float> largest(fine_nodes_);
  parallel_for(static_cast<std::int64_t>(fine_nodes_), threads, [&](std::int64_t row) {
    std::vector<float> x(fine_nodes_), y(fine_nodes_);
    for (std::size_t k = 0; k < fine_nodes_; ++k) {
      x[k] = static_cast<float>(-reach + static_cast<double>(row) * width);
      y[k] = static_cast<float>(-reach + static_cast<double>(k) * width);
    }
    const std::size_t first = static_cast<std::size_t>(row) * fine_nodes_;
    float* z = &z_[first * stride];
    largest[static_cast<std::size_t>(row)] = phi.second_layer(x.data(), y.data(), fine_nodes_, z);
    kernel_->activate({last_.data(), width_, chosen_}, z, padded_, static_cast<std::int64_t>(fine_nodes_),
                      &f_[first * chosen]);
  });
  largest_z_ = std::max(phi.largest_z(), static_cast<double>(*std::max_element(largest.begin(), largest.end())));
}

/// What f lies between.
void Envelope::find_functions(const Phi& phi, double reach, int threads) {
  const auto stride = static_cast<std::size_t>(padded_), chosen = static_cast<std::size_t>(chosen_);
  const double width = 2 * reach / static_cast<double>(fine_side_);
  const auto row_of_z = static_cast<std::int64_t>(fine_nodes_ * stride);
  below_.resize(side * side * chosen);
  above_.resize(below_.size());
  errors_.resize(fine_side_ * fine_side_ * stride);
  parallel_for(side, threads, [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    std::vector<float> second(side * stride), error(side * chosen);
    for (std::size_t j = 0; j < side; ++j) {
      const std::size_t a = i * finer_, b = j * finer_;
      kernel_->bound_second(
          {&z_[(a * fine_nodes_ + b) * stride], static_cast<int>(finer_), row_of_z, padded_, width_, phi.lines(),
           -reach + static_cast<double>(a) * width, -reach + static_cast<double>(b) * width, width, abs_second_.data()},
          &errors_[(a * fine_side_ + b) * stride], static_cast<std::int64_t>(fine_side_) * padded_,
          &second[j * stride]);
    }
    kernel_->activate({abs_last_.data(), width_, chosen_}, second.data(), padded_, side, error.data());
    for (std::size_t j = 0; j < side; ++j) {
      const std::size_t at = (i * side + j) * chosen;
      kernel_->bound_square(&f_[(i * fine_nodes_ + j) * finer_ * chosen], static_cast<int>(finer_),
                            static_cast<std::int64_t>(fine_nodes_ * chosen), chosen_, &error[j * chosen], &below_[at],
                            &above_[at]);
    }
  });
  low_.resize(nodes * chosen);
  high_.resize(low_.size());
  const auto before = [](std::size_t k) { return k == 0 ? 0 : k - 1; };
  const auto after = [](std::size_t k) { return std::min(k, side - 1); };
  parallel_for(side + 1, threads, [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    for (std::size_t j = 0; j <= side; ++j) {
      const std::size_t squares[4] = {before(i) * side + before(j), before(i) * side + after(j),
                                      after(i) * side + before(j), after(i) * side + after(j)};
      const std::size_t at = (i * (side + 1) + j) * chosen;
      kernel_->bound_node(&f_[(i * fine_nodes_ + j) * finer_ * chosen], below_.data(), above_.data(), squares, chosen_,
                          &low_[at], &high_[at]);
    }
  });
}

/// Sketches are rounded to half a unit a node. Rounding in float32: 160 sums or fewer in `Bounds::of`, each of 2^-24 of
/// the sum of all magnitudes, and about two for every product that makes f, of what passes through W3.
void Envelope::find_slack(std::int64_t n, double sketch_unit) {
  const auto chosen = static_cast<std::size_t>(chosen_);
  std::vector<float> largest(chosen, 0), sum(chosen, 0);
  for (std::size_t at = 0; at < low_.size(); at += chosen) {
    for (std::size_t k = 0; k < chosen; ++k) {
      const float f = std::max(-low_[at + k], high_[at + k]);
      largest[k] = std::max(largest[k], f);
      sum[k] += f;
    }
  }
  slack_.assign(chosen, 0);
  for (std::size_t k = 0; k < units_.size(); ++k) {
    double through = 0;
    for (std::size_t j = 0; j < static_cast<std::size_t>(width_); ++j) through += abs_last_[j * chosen + k];
    through *= largest_z_;
    const double of_sums = 200 * static_cast<double>(largest[k]) + (2.0 * width_ + 32) * through;
    slack_[k] = 0.51 * sketch_unit * static_cast<double>(sum[k]) +
                0x1p-24 * (static_cast<double>(n) * of_sums + std::fabs(bias_[k]));
  }
}

/// With w = mean + d, |sum of d L| <= radius * |spread L|; the sum of d is 0, so that a constant may be taken from L.
void Envelope::bound(const SketchRange& range, double* low, double* high) const {
  const auto chosen = static_cast<std::size_t>(chosen_);
  std::vector<double> off_low(chosen), off_high(chosen);
  kernel_->mean_and_spread(range.mean.data(), range.spread.data(), low_.data(), nodes, chosen_, disks_, low,
                           off_low.data());
  kernel_->mean_and_spread(range.mean.data(), range.spread.data(), high_.data(), nodes, chosen_, disks_, high,
                           off_high.data());
  const double radius = range.radius * (1 + 1e-6);
  for (std::size_t k = 0; k < units_.size(); ++k) {
    low[k] += bias_[k] - radius * std::sqrt(off_low[k]) - slack_[k];
    high[k] += bias_[k] + radius * std::sqrt(off_high[k]) + slack_[k];
  }
}

void Envelope::copy(std::size_t unit, float* low, float* high, float* f, float* errors) const {
  const auto chosen = static_cast<std::size_t>(chosen_);
  for (std::size_t g = 0; g < nodes; ++g) {
    low[g] = low_[g * chosen + unit];
    high[g] = high_[g * chosen + unit];
  }
  std::fill(low + nodes, low + padded(nodes), 0.0f);
  std::fill(high + nodes, high + padded(nodes), 0.0f);
  for (std::size_t g = 0; g < fine_nodes_ * fine_nodes_; ++g) f[g] = f_[g * chosen + unit];
  float through[most_width] = {};
  for (std::size_t j = 0; j < static_cast<std::size_t>(width_); ++j) through[j] = abs_last_[j * chosen + unit];
  kernel_->dot_rows(errors_.data(), through, static_cast<std::int64_t>(fine_side_ * fine_side_), padded_, errors);
}

}  // namespace hthm::deepsets
