// The loss of a batch at the limits: tiny velocities, indices that run out, and a wish to stop.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

#include "deepsets/pair_loss.hpp"
#include "tests/random_networks.hpp"
#include "tests/simd_levels.hpp"

namespace {
using namespace hthm::deepsets;
}  // namespace

TEST_CASE("velocities of any size give the loss and the gradient of the definition") {
  std::mt19937_64 random(6);
  const std::int64_t frames = 4, n = 200, count = frames - 1;  // enough disks for sketches
  const int width = 7;
  const std::vector<float> weights = random_weights(width, random);
  const Network<const float> network(weights.data(), width);
  const std::vector<double> ordinary = random_frames(1, frames, n, 0.1, random);
  for (const double scale : {1e-44, 1e-40, 1e-36, 1e-31, 1e-29, 1e-20, 1e8}) {
    std::vector<double> velocities = ordinary;
    for (double& v : velocities) v *= scale;
    PairLoss ours(FrameStore(DenseFrames{velocities.data(), 1, frames, n}, 1), hthm::simd_level());
    const std::int64_t pairs[] = {0, 1, 2};
    double change[3];
    std::vector<float> gradient(weights.size());
    ours(network, pairs, count, {0.3, 0.2}, 1, change, Network<float>(gradient.data(), width));
    for (std::int64_t k = 0; k < count; ++k) {
      const double* frame = velocities.data() + k * n * 2;
      const double before = brute_force(network, frame, n, 0, nullptr);
      const double after = brute_force(network, frame + 2 * n, n, 0, nullptr);
      CHECK(std::fabs(change[k] - (after - before)) <= 1e-12 * (std::fabs(before) + std::fabs(after)));
    }
  }
}

TEST_CASE("at z = 0 a unit of rho is inactive, in either frame of a pair") {
  std::mt19937_64 random(8);
  const std::int64_t frames = 6, n = 150, count = frames - 1;  // enough disks for sketches
  std::vector<double> velocities = random_frames(1, frames, n, 1, random);
  for (std::int64_t i = 0; i < frames * n; ++i) {  // phi is 0 at rest: in three frames, and of some disks in all
    const std::int64_t frame = i / n;
    if (frame == 1 || frame == 3 || frame == 4 || i % n % 3 == 0) velocities[2 * i] = velocities[2 * i + 1] = 0;
  }
  const std::int64_t pairs[] = {0, 1, 2, 3, 4};
  for (const int width : {3, 5, 16, 40}) {
    std::vector<float> weights = random_weights(width, random, 0);
    const Network<float> zeroed(weights.data(), width);
    std::fill_n(zeroed.b2, width, 0.0f);
    std::fill_n(zeroed.b3, width, 0.0f);
    const Network<const float> network(weights.data(), width);
    for (const hthm::Simd level : levels()) {
      for (const bool is_encoded : {true, false}) {
        const DenseFrames dense{velocities.data(), 1, frames, n};
        PairLoss ours(FrameStore(dense, 1, nullptr, is_encoded ? StoreLimits{} : StoreLimits{.changes = 1}), level);
        double change[5];
        std::vector<float> gradient(weights.size());
        ours(network, pairs, count, {0.3, 0.2}, 1, change, Network<float>(gradient.data(), width));
        std::vector<double> exact(weights.size(), 0);
        for (std::int64_t k = 0; k < count; ++k) {
          const double slope = (0.4 * change[k] - (change[k] < 0 ? 1 : 0.3)) / static_cast<double>(count);
          const double* frame = velocities.data() + k * n * 2;
          brute_force(network, frame, n, -slope, &exact);
          brute_force(network, frame + 2 * n, n, slope, &exact);
        }
        double most = 0;
        for (const double g : exact) most = std::max(most, std::fabs(g));
        for (std::size_t k = 0; k < exact.size(); ++k) REQUIRE(std::fabs(gradient[k] - exact[k]) <= 1e-6 * most);
      }
    }
  }
}

TEST_CASE("a batch and a run too large for their indices are refused, or read where they are") {
  std::mt19937_64 random(7);
  const std::int64_t frames = 5, n = 30;
  const std::vector<double> velocities = random_frames(1, frames, n, 0.1, random);
  const DenseFrames dense{velocities.data(), 1, frames, n};
  CHECK_THROWS_WITH_AS(FrameStore(dense, 1, nullptr, {.disks = 29}), "disks of a run: must be at most 29, got 30.",
                       std::length_error);
  const std::vector<float> weights = random_weights(3, random);
  const Network<const float> network(weights.data(), 3);
  const std::int64_t pairs[] = {0, 1, 2, 3};
  std::vector<float> gradient(weights.size()), again(weights.size());
  double change[4];
  PairLoss encoded(FrameStore(dense, 1), hthm::simd_level());
  encoded(network, pairs, 4, {1, 0}, 1, change, Network<float>(gradient.data(), 3));
  // No room for its changes: the run is read where it is, to the same bits.
  PairLoss in_place(FrameStore(dense, 1, nullptr, {.changes = 1}), hthm::simd_level());
  in_place(network, pairs, 4, {1, 0}, 1, change, Network<float>(again.data(), 3));
  CHECK(gradient == again);
  PairLoss small(FrameStore(dense, 1), hthm::simd_level(), 7);
  CHECK_THROWS_AS(small(network, pairs, 4, {1, 0}, 1, change, Network<float>(again.data(), 3)), std::length_error);
  CHECK_THROWS_AS(small(network, pairs, 4, {1, 0}, 2, change, Network<float>(again.data(), 3)), std::length_error);
}

TEST_CASE("encoding and a loss end when they are asked to") {
  std::mt19937_64 random(9);
  const std::int64_t frames = 400, n = 500;  // more than the steps between two questions, in one run
  const std::vector<double> velocities = random_frames(1, frames, n, 0.1, random);
  const DenseFrames dense{velocities.data(), 1, frames, n};
  int asked = 0;
  hthm::StopRequest at_second{[&] { return ++asked == 2; }};  // the first question is before the run
  CHECK_THROWS_AS(FrameStore(dense, 2, &at_second), hthm::Stopped);
  CHECK(asked == 2);
  const std::vector<float> weights = random_weights(3, random);
  std::vector<float> gradient(weights.size()), again(weights.size());
  const std::int64_t pairs[] = {0, 1, 2, 3};
  double change[4];
  PairLoss ours(FrameStore(dense, 2), hthm::simd_level());
  const Network<const float> network(weights.data(), 3);
  ours(network, pairs, 4, {1, 0}, 2, change, Network<float>(gradient.data(), 3));
  hthm::StopRequest at_once{[] { return true; }};
  CHECK_THROWS_AS(ours(network, pairs, 4, {1, 0}, 2, change, Network<float>(again.data(), 3), &at_once), hthm::Stopped);
  ours(network, pairs, 4, {1, 0}, 2, change, Network<float>(again.data(), 3));
  CHECK(gradient == again);
}
