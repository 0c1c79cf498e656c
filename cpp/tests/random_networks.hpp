// Networks and frames drawn at random, and the functional of a frame as its definition has it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "deepsets/network.hpp"

namespace hthm::deepsets {

/// The weights of a network whose kinks lie all over the plane.
inline std::vector<float> random_weights(int width, std::mt19937_64& random, double bias = 0.3) {
  std::normal_distribution<double> normal;
  std::vector<float> weights(static_cast<std::size_t>(Network<float>::size(width)));
  for (float& w : weights) w = static_cast<float>(normal(random) / std::sqrt(width));
  const Network<float> network(weights.data(), width);
  for (int k = 0; k < 2 * width; ++k) network.w1[k] = static_cast<float>(normal(random));
  for (int k = 0; k < width; ++k) network.b1[k] = static_cast<float>(bias * normal(random));
  return weights;
}

/// Velocities (runs, frames, n, 2) in which each disk changes from frame to frame with this probability.
inline std::vector<double> random_frames(std::int64_t runs, std::int64_t frames, std::int64_t n, double changing,
                                         std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  std::vector<double> velocities(static_cast<std::size_t>(runs * frames * n * 2));
  const auto per_frame = static_cast<std::size_t>(n * 2);
  for (std::size_t k = 0; k < velocities.size(); k += 2) {
    const bool first = k % (per_frame * static_cast<std::size_t>(frames)) < per_frame;
    const bool moves = first || uniform(random) < changing;
    for (std::size_t c = k; c < k + 2; ++c) velocities[c] = moves ? normal(random) : velocities[c - per_frame];
  }
  return velocities;
}

/// h of a frame in double, and its gradient times `weight` added to `gradient`, as the definition has it.
inline double brute_force(const Network<const float>& net, const double* frame, std::int64_t n, double weight,
                          std::vector<double>* gradient) {
  const auto d = static_cast<std::size_t>(net.width), disks = static_cast<std::size_t>(n);
  std::vector<double> first(disks * d), second(disks * d), sums(d, 0), z(d);
  for (std::size_t i = 0; i < disks; ++i) {
    const double x = static_cast<float>(frame[2 * i]), y = static_cast<float>(frame[2 * i + 1]);
    for (std::size_t j = 0; j < d; ++j)
      first[i * d + j] = std::max(net.w1[2 * j] * x + net.w1[2 * j + 1] * y + net.b1[j], 0.0);
    for (std::size_t k = 0; k < d; ++k) {
      double sum = net.b2[k];
      for (std::size_t j = 0; j < d; ++j) sum += static_cast<double>(net.w2[k * d + j]) * first[i * d + j];
      second[i * d + k] = std::max(sum, 0.0);
      sums[k] += second[i * d + k];
    }
  }
  double h = *net.b4;
  for (std::size_t k = 0; k < d; ++k) {
    z[k] = net.b3[k];
    for (std::size_t j = 0; j < d; ++j) z[k] += static_cast<double>(net.w3[k * d + j]) * sums[j];
    h += net.w4[k] * std::max(z[k], 0.0);
  }
  if (gradient == nullptr) return h;
  const Network<double> to(gradient->data(), net.width);
  std::vector<double> of_sums(d, 0);
  for (std::size_t k = 0; k < d; ++k) {
    if (z[k] <= 0) continue;
    to.w4[k] += weight * z[k];
    to.b3[k] += weight * net.w4[k];
    for (std::size_t j = 0; j < d; ++j) {
      to.w3[k * d + j] += weight * net.w4[k] * sums[j];
      of_sums[j] += weight * net.w4[k] * net.w3[k * d + j];
    }
  }
  for (std::size_t i = 0; i < disks; ++i) {
    for (std::size_t k = 0; k < d; ++k) {
      if (second[i * d + k] <= 0) continue;
      to.b2[k] += of_sums[k];
      for (std::size_t j = 0; j < d; ++j) {
        to.w2[k * d + j] += of_sums[k] * first[i * d + j];
        if (first[i * d + j] <= 0) continue;
        const double slope = of_sums[k] * net.w2[k * d + j];
        to.w1[2 * j] += slope * static_cast<float>(frame[2 * i]);
        to.w1[2 * j + 1] += slope * static_cast<float>(frame[2 * i + 1]);
        to.b1[j] += slope;
      }
    }
  }
  return h;
}

}  // namespace hthm::deepsets
