#include "deepsets/rho.hpp"

#include <algorithm>
#include <cmath>

namespace hthm::deepsets {
void Rho::build(const Network<const float>& network, const Kernel& kernel) {
  kernel_ = &kernel;
  width_ = network.width;
  padded_ = padded(width_);
  const auto width = static_cast<std::size_t>(width_), stride = static_cast<std::size_t>(padded_);
  rows_.assign(width * stride, 0);
  columns_.assign(width * stride, 0);
  bias_.assign(stride, 0);
  last_.assign(stride, 0);
  amplification_ = 0;
  for (std::size_t k = 0; k < width; ++k) {
    double of_row = 0;
    for (std::size_t j = 0; j < width; ++j) {
      rows_[k * stride + j] = network.w3[k * width + j];
      columns_[j * stride + k] = network.w3[k * width + j];
      of_row += std::fabs(network.w3[k * width + j]);
    }
    amplification_ = std::max(amplification_, of_row);
    bias_[k] = network.b3[k];
    last_[k] = network.w4[k];
  }
  patterns_.clear();
  slopes_.clear();
  sums_.clear();
  constant_.clear();
}

double Rho::z_of_unit(std::size_t unit, const double* sums) const {
  return bias_[unit] + kernel_->dot(row(unit), sums, padded_);
}

void Rho::slopes(const Mask& mask, double* out) const {
  double through[most_width];
  for (std::size_t k = 0; k < last_.size(); ++k) through[k] = is_active(mask, k) ? last_[k] : 0;
  std::fill(out, out + padded_, 0.0);
  kernel_->multiply({rows_.data(), width_, padded_}, through, out);
}

std::int32_t Rho::pattern(const Mask& mask) {
  const auto known = std::find(patterns_.begin(), patterns_.end(), mask);
  if (known != patterns_.end()) return static_cast<std::int32_t>(known - patterns_.begin());
  const std::size_t at = slopes_.size(), stride = last_.size();
  slopes_.resize(at + stride);
  slopes(mask, &slopes_[at]);
  sums_.resize(at + stride, 0);
  constant_.push_back(0);
  patterns_.push_back(mask);
  return static_cast<std::int32_t>(patterns_.size() - 1);
}

void Rho::gradient(const Network<float>& gradient) const {
  const auto width = static_cast<std::size_t>(width_), stride = last_.size();
  std::vector<double> w3(width * width, 0), b3(width, 0), w4(stride, 0), z(stride);
  for (std::size_t p = 0; p < patterns_.size(); ++p) {
    const double* sums = &sums_[p * stride];
    for (std::size_t k = 0; k < stride; ++k) z[k] = constant_[p] * bias_[k];
    kernel_->multiply({columns_.data(), width_, padded_}, sums, z.data());
    for (std::size_t k = 0; k < width; ++k) {
      if (!is_active(patterns_[p], k)) continue;
      w4[k] += z[k];
      b3[k] += last_[k] * constant_[p];
      for (std::size_t j = 0; j < width; ++j) w3[k * width + j] += last_[k] * sums[j];
    }
  }
  for (std::size_t k = 0; k < width; ++k) {
    gradient.b3[k] = static_cast<float>(b3[k]);
    gradient.w4[k] = static_cast<float>(w4[k]);
  }
  for (std::size_t k = 0; k < width * width; ++k) gradient.w3[k] = static_cast<float>(w3[k]);
  *gradient.b4 = 0;  // h of either frame has it
}

}  // namespace hthm::deepsets
