// Steps of Adam.
#pragma once

#include <cmath>
#include <cstdint>

#include "deepsets/kernel.hpp"

namespace hthm::deepsets {

/// What Adam keeps of weights, and the weights: `count` each.
struct WeightsAndMoments {
  float *weights, *mean, *square;  // means of the gradient and of its square
  std::int64_t count;
};

/// Step number `step`, from 1 on, of D. P. Kingma and J. Ba, arXiv:1412.6980, algorithm 1, with their constants.
/// Products are fused into sums as by torch.optim.Adam with fused=True, in one rounding at every level.
inline void take_step(const Kernel& kernel, double step, double rate, const float* gradient,
                      const WeightsAndMoments& of) {
  constexpr double of_mean = 0.9, of_square = 0.999, epsilon = 1e-8;
  const AdamStep taken{.new_share = static_cast<float>(1 - of_mean),
                       .new_share_of_square = static_cast<float>(1 - of_square),
                       .old_share_of_square = static_cast<float>(of_square),
                       .rate = static_cast<float>(rate / (1 - std::pow(of_mean, step))),
                       .root = static_cast<float>(std::sqrt(1 - std::pow(of_square, step))),
                       .epsilon = static_cast<float>(epsilon)};
  kernel.adam(taken, gradient, of.count, of.weights, of.mean, of.square);
}

}  // namespace hthm::deepsets
