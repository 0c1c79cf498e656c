#include "deepsets/bounds.hpp"

#include <algorithm>
#include <cmath>

#include "parallel.hpp"

namespace hthm::deepsets {

void Bounds::build(const Network<const float>& network, const Phi& phi, double reach, std::int64_t n,
                   const Kernel& kernel, int threads) {
  kernel_ = &kernel;
  width_ = network.width;
  padded_ = padded(width_);
  unit_ = static_cast<float>(SketchGrid::unit(n));
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
  constexpr std::size_t nodes = fine_side + 1, coarse = SketchGrid::side;
  const double fine_width = 2 * reach / fine_side;
  z_.resize(nodes * nodes * stride);
  f_.resize(z_.size());
  parallel_for(nodes, threads, [&](std::int64_t row) {
    for (std::size_t k = 0; k < nodes; ++k) {
      const double x = -reach + static_cast<double>(row) * fine_width, y = -reach + static_cast<double>(k) * fine_width;
      const std::size_t at = (static_cast<std::size_t>(row) * nodes + k) * stride;
      phi.second_layer(static_cast<float>(x), static_cast<float>(y), &z_[at]);
      kernel_->activate(last_.data(), &z_[at], width_, padded_, &f_[at]);
    }
  });
  node_values_.resize((coarse + 1) * (coarse + 1) * stride);
  for (std::size_t i = 0; i <= coarse; ++i) {
    for (std::size_t j = 0; j <= coarse; ++j) {
      const float* f = &f_[(i * finer * nodes + j * finer) * stride];
      std::copy(f, f + stride, &node_values_[(i * (coarse + 1) + j) * stride]);
    }
  }
  low_.resize(coarse * coarse * stride);
  high_.resize(low_.size());
  parallel_for(SketchGrid::squares, threads, [&](std::int64_t square) {
    const auto i = static_cast<std::size_t>(square) / coarse, j = static_cast<std::size_t>(square) % coarse;
    const std::size_t corner = (i * finer * nodes + j * finer) * stride, at = static_cast<std::size_t>(square) * stride;
    const SquareOfBounds in{&z_[corner],
                            &f_[corner],
                            static_cast<std::int64_t>(nodes * stride),
                            padded_,
                            width_,
                            phi.lines(),
                            -reach + static_cast<double>(i * finer) * fine_width,
                            -reach + static_cast<double>(j * finer) * fine_width,
                            fine_width,
                            abs_second_.data(),
                            abs_last_.data()};
    kernel_->bound_square(in, &low_[at], &high_[at]);
  });
  find_slack(network, n);
}

/// Sketches are rounded to half a unit a node; sums of so many numbers in float32 to so many of its roundings.
void Bounds::find_slack(const Network<const float>& network, std::int64_t n) {
  const auto width = static_cast<std::size_t>(width_), stride = static_cast<std::size_t>(padded_);
  const double roundings = (2.0 * SketchGrid::size + 2.0 * width_) * 0x1p-24;
  const float largest_z = *std::max_element(z_.begin(), z_.end());
  slack_.assign(stride, 0);
  for (std::size_t k = 0; k < width; ++k) {
    double sum = 0, largest = 0, through = 0;
    for (std::size_t at = k; at < node_values_.size(); at += stride) {
      const double f = std::fabs(static_cast<double>(node_values_[at]));
      sum += f;
      largest = std::max(largest, f);
    }
    for (std::size_t at = k; at < low_.size(); at += stride) {
      largest = std::max({largest, -static_cast<double>(low_[at]), static_cast<double>(high_[at])});
    }
    for (std::size_t j = 0; j < width; ++j) through += std::fabs(network.w3[k * width + j]);
    through *= std::max(0.0f, largest_z);
    slack_[k] = 0.5 * static_cast<double>(unit_) * sum +
                roundings * (static_cast<double>(n) * (largest + through) + std::fabs(bias_[k]));
  }
}

void Bounds::of(const std::uint16_t* sketch, double* low, double* high) const {
  float sums[3][most_width];
  kernel_->bound_sum(sketch, node_values_.data(), low_.data(), high_.data(), padded_, unit_, sums[0], sums[1], sums[2]);
  for (std::size_t k = 0; k < static_cast<std::size_t>(padded_); ++k) {
    const double middle = bias_[k] + static_cast<double>(sums[0][k]);
    low[k] = middle + static_cast<double>(sums[1][k]) - slack_[k];
    high[k] = middle + static_cast<double>(sums[2][k]) + slack_[k];
  }
}

}  // namespace hthm::deepsets
