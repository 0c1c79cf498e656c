#include "deepsets/bounds.hpp"

#include <algorithm>
#include <cmath>

#include "parallel.hpp"

namespace hthm::deepsets {
namespace {

constexpr std::size_t side = SketchGrid::side, nodes = SketchGrid::nodes;
constexpr auto padded_nodes = static_cast<std::size_t>(padded(SketchGrid::nodes));
constexpr std::size_t fine_nodes = side * Bounds::finer + 1;  // along a side

}  // namespace

void Bounds::build(const Network<const float>& network, const Phi& phi, double reach, std::int64_t n,
                   const std::vector<SketchRange>& ranges, const Kernel& kernel, int threads) {
  kernel_ = &kernel;
  width_ = network.width;
  padded_ = padded(width_);
  reach_ = reach;
  unit_ = static_cast<float>(ranges.front().unit);
  const auto width = static_cast<std::size_t>(width_), stride = static_cast<std::size_t>(padded_);
  last_.assign(width * stride, 0);
  abs_second_.assign(width * stride, 0);
  abs_last_.assign(width * stride, 0);
  bias_.assign(stride, 0);
  for (std::size_t k = 0; k < width; ++k) {
    bias_[k] = network.b3[k];
    for (std::size_t j = 0; j < width; ++j) {
      last_[j * stride + k] = network.w3[k * width + j];
      abs_last_[j * stride + k] = std::fabs(network.w3[k * width + j]);
      abs_second_[j * stride + k] = std::fabs(network.w2[k * width + j]);
    }
  }
  find_values(phi, reach, threads);
  find_envelopes(phi, reach, threads);
  find_slack(network, n);
  known_.resize(ranges.size());
  parallel_for(static_cast<std::int64_t>(ranges.size()), threads, [&](std::int64_t range) {
    known_[static_cast<std::size_t>(range)] = know(ranges[static_cast<std::size_t>(range)], n);
  });
  select_units();
  find_rows(threads);
}

/// f, and what it is made of, at the fine nodes.
void Bounds::find_values(const Phi& phi, double reach, int threads) {
  const auto stride = static_cast<std::size_t>(padded_);
  const double width = 2 * reach / fine_side;
  z_.resize(fine_nodes * fine_nodes * stride);
  f_.resize(z_.size());
  std::vector<float> largest(fine_nodes);
  parallel_for(fine_nodes, threads, [&](std::int64_t row) {
    float x[fine_nodes], y[fine_nodes];
    for (std::size_t k = 0; k < fine_nodes; ++k) {
      x[k] = static_cast<float>(-reach + static_cast<double>(row) * width);
      y[k] = static_cast<float>(-reach + static_cast<double>(k) * width);
    }
    const std::size_t at = static_cast<std::size_t>(row) * fine_nodes * stride;
    largest[static_cast<std::size_t>(row)] = phi.second_layer(x, y, fine_nodes, &z_[at]);
    kernel_->activate(last_.data(), &z_[at], fine_nodes, width_, padded_, &f_[at]);
  });
  largest_z_ = std::max(phi.largest_z(), static_cast<double>(*std::max_element(largest.begin(), largest.end())));
}

/// What f lies between.
void Bounds::find_envelopes(const Phi& phi, double reach, int threads) {
  const auto stride = static_cast<std::size_t>(padded_);
  const double width = 2 * reach / fine_side;
  below_.resize(side * side * stride);
  above_.resize(below_.size());
  errors_.resize(fine_side * fine_side * stride);
  parallel_for(side, threads, [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    std::vector<float> second(side * stride), error(side * stride);
    for (std::size_t j = 0; j < side; ++j) {
      const std::size_t corner = (i * finer * fine_nodes + j * finer) * stride;
      kernel_->bound_second({&z_[corner], static_cast<std::int64_t>(fine_nodes * stride), padded_, width_, phi.lines(),
                             -reach + static_cast<double>(i * finer) * width,
                             -reach + static_cast<double>(j * finer) * width, width, abs_second_.data()},
                            &errors_[(i * finer * fine_side + j * finer) * stride], fine_side * padded_,
                            &second[j * stride]);
    }
    kernel_->activate(abs_last_.data(), second.data(), side, width_, padded_, error.data());
    for (std::size_t j = 0; j < side; ++j) {
      const std::size_t corner = (i * finer * fine_nodes + j * finer) * stride, at = (i * side + j) * stride;
      kernel_->bound_square(&f_[corner], fine_nodes * stride, padded_, &error[j * stride], &below_[at], &above_[at]);
    }
  });
  low_.resize(nodes * stride);
  high_.resize(low_.size());
  const auto before = [](std::size_t k) { return k == 0 ? 0 : k - 1; };
  const auto after = [](std::size_t k) { return std::min(k, side - 1); };
  parallel_for(side + 1, threads, [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    for (std::size_t j = 0; j <= side; ++j) {
      const std::size_t squares[4] = {before(i) * side + before(j), before(i) * side + after(j),
                                      after(i) * side + before(j), after(i) * side + after(j)};
      const std::size_t at = (i * (side + 1) + j) * stride;
      kernel_->bound_node(&f_[(i * fine_nodes + j) * finer * stride], below_.data(), above_.data(), squares, padded_,
                          &low_[at], &high_[at]);
    }
  });
}

/// Sketches are rounded to half a unit a node. Rounding in float32: 160 sums or fewer in `of`, each of 2^-24 of the sum
/// of all magnitudes, and about two for every product that makes f, of what passes through W3.
void Bounds::find_slack(const Network<const float>& network, std::int64_t n) {
  const auto width = static_cast<std::size_t>(width_), stride = static_cast<std::size_t>(padded_);
  std::vector<float> largest(stride, 0), sum(stride, 0);
  for (std::size_t at = 0; at < low_.size(); at += stride) {
    for (std::size_t k = 0; k < stride; ++k) {
      const float f = std::max(-low_[at + k], high_[at + k]);
      largest[k] = std::max(largest[k], f);
      sum[k] += f;
    }
  }
  slack_.assign(stride, 0);
  for (std::size_t k = 0; k < width; ++k) {
    double through = 0;
    for (std::size_t j = 0; j < width; ++j) through += std::fabs(network.w3[k * width + j]);
    through *= largest_z_;
    const double of_sums = 200 * static_cast<double>(largest[k]) + (2.0 * width_ + 32) * through;
    slack_[k] = 0.51 * static_cast<double>(unit_) * static_cast<double>(sum[k]) +
                0x1p-24 * (static_cast<double>(n) * of_sums + std::fabs(bias_[k]));
  }
}

/// With w = mean + d, |sum of d L| <= radius * |spread L|; the sum of d is 0, so that a constant may be taken from L.
Bounds::Known Bounds::know(const SketchRange& range, std::int64_t n) const {
  const auto stride = static_cast<std::size_t>(padded_);
  std::vector<double> of_low(stride), of_high(stride), off_low(stride), off_high(stride);
  const auto disks = static_cast<double>(n);
  kernel_->mean_and_spread(range.mean.data(), range.spread.data(), low_.data(), nodes, padded_, disks, of_low.data(),
                           off_low.data());
  kernel_->mean_and_spread(range.mean.data(), range.spread.data(), high_.data(), nodes, padded_, disks, of_high.data(),
                           off_high.data());
  const double radius = range.radius * (1 + 1e-6);
  Known known{};
  for (std::size_t k = 0; k < static_cast<std::size_t>(width_); ++k) {
    const double low = of_low[k] + bias_[k] - radius * std::sqrt(off_low[k]) - slack_[k];
    const double high = of_high[k] + bias_[k] + radius * std::sqrt(off_high[k]) + slack_[k];
    if (low > 0) activate(known.always_active, k);
    if (high <= 0) activate(known.never_active, k);
    if (low <= 0 && high > 0) known.uncertain.push_back(static_cast<std::int32_t>(k));
  }
  return known;
}

/// The units that are uncertain in any range.
void Bounds::select_units() {
  std::vector<std::int32_t> row_of(static_cast<std::size_t>(padded_), -1);
  units_.clear();
  rows_.assign(known_.size(), {});
  for (std::size_t range = 0; range < known_.size(); ++range) {
    for (const std::int32_t unit : known_[range].uncertain) {
      std::int32_t& row = row_of[static_cast<std::size_t>(unit)];
      if (row < 0) {
        row = static_cast<std::int32_t>(units_.size());
        units_.push_back(unit);
      }
      rows_[range].push_back(row);
    }
  }
}

/// Of those, transposed: low and high, f at the fine nodes, and by how much it may be off between them.
void Bounds::find_rows(int threads) {
  const auto stride = static_cast<std::size_t>(padded_);
  constexpr std::size_t squares = fine_side * fine_side, all = fine_nodes * fine_nodes;
  lows_.resize(units_.size() * padded_nodes);
  highs_.resize(lows_.size());
  fine_f_.resize(units_.size() * all);
  fine_errors_.resize(units_.size() * squares);
  parallel_for(static_cast<std::int64_t>(units_.size()), threads, [&](std::int64_t row) {
    const auto u = static_cast<std::size_t>(row), k = static_cast<std::size_t>(units_[u]);
    for (std::size_t g = 0; g < padded_nodes; ++g) {
      lows_[u * padded_nodes + g] = g < nodes ? low_[g * stride + k] : 0;
      highs_[u * padded_nodes + g] = g < nodes ? high_[g * stride + k] : 0;
    }
    for (std::size_t g = 0; g < all; ++g) fine_f_[u * all + g] = f_[g * stride + k];
    float through[most_width] = {};
    for (std::size_t j = 0; j < static_cast<std::size_t>(width_); ++j) through[j] = abs_last_[j * stride + k];
    kernel_->dot_rows(errors_.data(), through, squares, padded_, &fine_errors_[u * squares]);
  });
}

void Bounds::of_disks(const float* x, const float* y, std::int64_t n, std::size_t range, std::size_t uncertain,
                      double& low, double& high) const {
  constexpr std::size_t squares = fine_side * fine_side, all = fine_nodes * fine_nodes;
  const auto row = static_cast<std::size_t>(rows_[range][uncertain]);
  const auto k = static_cast<std::size_t>(known_[range].uncertain[uncertain]);
  double sum = 0, error = 0;
  kernel_->interpolate(x, y, n, static_cast<float>(reach_), fine_side, &fine_f_[row * all],
                       &fine_errors_[row * squares], sum, error);
  low = bias_[k] + sum - error * 1.001 - slack_[k];
  high = bias_[k] + sum + error * 1.001 + slack_[k];
}

void Bounds::of(const std::uint16_t* sketch, std::size_t range, double* low, double* high) const {
  const std::vector<std::int32_t>& uncertain = known_[range].uncertain;
  kernel_->bound_sums(sketch, lows_.data(), highs_.data(), rows_[range].data(),
                      static_cast<std::int64_t>(uncertain.size()), low, high);
  for (std::size_t u = 0; u < uncertain.size(); ++u) {
    const auto k = static_cast<std::size_t>(uncertain[u]);
    low[u] = bias_[k] + low[u] * static_cast<double>(unit_) - slack_[k];
    high[u] = bias_[k] + high[u] * static_cast<double>(unit_) + slack_[k];
  }
}

}  // namespace hthm::deepsets
