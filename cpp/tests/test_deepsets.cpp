// The training kernel against its definition: cells against signs, stores against frames, gradients against loops.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "deepsets/pair_loss.hpp"
#include "tests/random_networks.hpp"
#include "tests/simd_levels.hpp"

namespace {
using namespace hthm::deepsets;
}  // namespace

TEST_CASE("a velocity's cell has the active units of the velocity") {
  std::mt19937_64 random(1);
  for (const int width : {1, 5, 33, 64, 100, 256}) {  // the grid is coarser up to 32
    const std::vector<float> weights = random_weights(width, random);
    const Network<const float> network(weights.data(), width);
    PlaneCells cells;
    cells.build(network, 2.0f, 2);
    std::uniform_real_distribution<float> uniform(-2.0f, 2.0f);
    std::vector<float> xs{2.0f}, ys{-2.0f};
    for (int k = 1; k < 20000; ++k) xs.push_back(uniform(random)), ys.push_back(uniform(random));
    std::vector<std::int32_t> at_once(xs.size());
    const bool has_unknown = cells.locate(xs.data(), ys.data(), static_cast<std::int64_t>(xs.size()), at_once.data());
    REQUIRE(has_unknown == (std::find(at_once.begin(), at_once.end(), PlaneCells::unknown) != at_once.end()));
    std::int64_t met = 0;
    for (std::size_t k = 0; k < xs.size(); ++k) {
      const float x = xs[k], y = ys[k];
      const std::int32_t cell = cells.locate(x, y);
      met += cell != PlaneCells::unknown;
      if (at_once[k] != PlaneCells::unknown) REQUIRE(cell == at_once[k]);  // else it may have been added since
      const std::int32_t known = cells.locate_or_add(x, y);
      if (cell != PlaneCells::unknown) REQUIRE(known == cell);
      for (int j = 0; j < width; ++j) {
        const double z =
            static_cast<double>(network.w1[2 * j]) * x + static_cast<double>(network.w1[2 * j + 1]) * y + network.b1[j];
        REQUIRE(is_active(cells.active(known), static_cast<std::size_t>(j)) == (z > 0));
      }
    }
    CHECK(met > (width < 256 ? 15000 : 5000));
  }
}

TEST_CASE("stores give back the frames and what changes between them") {
  std::mt19937_64 random(2);
  const std::int64_t runs = 3, frames = 40, n = 25;
  for (const double changing : {0.0, 0.05, 1.0}) {
    const std::vector<double> velocities = random_frames(runs, frames, n, changing, random);
    for (const int threads : {1, 3}) {
      const FrameStore store(DenseFrames{velocities.data(), runs, frames, n}, threads);
      REQUIRE(store.pairs() == runs * (frames - 1));
      for (std::int64_t pair = 0; pair < store.pairs(); ++pair) {
        const double* frame = velocities.data() + (pair + pair / (frames - 1)) * n * 2;
        std::vector<float> x(static_cast<std::size_t>(n)), y(x);
        std::vector<Change> room;
        store.frame(pair, x.data(), y.data(), room);
        const std::span<const Change> changes = store.changes(pair, room);
        REQUIRE(static_cast<std::int64_t>(changes.size()) <= store.most_changes(pair));
        for (std::size_t i = 0; i < x.size(); ++i) {
          REQUIRE(x[i] == static_cast<float>(frame[2 * i]));
          REQUIRE(y[i] == static_cast<float>(frame[2 * i + 1]));
        }
        for (const Change& change : changes) {
          const auto i = static_cast<std::size_t>(change.disk);
          REQUIRE(change.old_x == x[i]);
          x[i] = change.new_x;
          y[i] = change.new_y;
        }
        for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(x[i] == static_cast<float>(frame[2 * (i + x.size())]));
      }
    }
  }
}

TEST_CASE("sketches bound the z of the sums of frames, one by one and all at once") {
  std::mt19937_64 random(5);
  const std::int64_t runs = 2, frames = 70, n = 400;
  const std::vector<double> velocities = random_frames(runs, frames, n, 0.05, random);
  const FrameStore store(DenseFrames{velocities.data(), runs, frames, n}, 2);
  std::int64_t settled = 0, bounded = 0;
  for (const hthm::Simd level : levels()) {
    for (const int width : {1, 7, 16, 40}) {
      const std::vector<float> weights = random_weights(width, random);
      const Network<const float> network(weights.data(), width);
      Phi phi;
      Rho rho;
      Bounds bounds;
      phi.build(network, store.reach(), kernel(level), 2);
      rho.build(network, kernel(level));
      bounds.build(network, phi, store, kernel(level), 2);
      const auto stride = static_cast<std::size_t>(padded(width));
      std::vector<double> low(stride), high(stride), sums(stride), z(stride);
      std::vector<std::int32_t> found(static_cast<std::size_t>(n));
      for (std::int64_t frame = 0; frame < runs * frames; ++frame) {
        std::vector<float> x, y;
        for (std::int64_t i = 0; i < n; ++i) {
          x.push_back(static_cast<float>(velocities[static_cast<std::size_t>((frame * n + i) * 2)]));
          y.push_back(static_cast<float>(velocities[static_cast<std::size_t>((frame * n + i) * 2 + 1)]));
        }
        phi.sum(x.data(), y.data(), n, found.data(), true, sums.data());
        for (std::size_t k = 0; k < static_cast<std::size_t>(width); ++k) z[k] = rho.z_of_unit(k, sums.data());
        const std::int64_t run = frame / frames, in_run = frame % frames;
        const std::int64_t pair = run * (frames - 1) + std::min(in_run, frames - 2);
        const Bounds::Known& known = bounds.known(store.period(pair));
        const std::vector<std::int32_t>& uncertain = known.uncertain;
        for (std::int32_t k = 0; k < width; ++k) {
          if (std::find(uncertain.begin(), uncertain.end(), k) != uncertain.end()) continue;
          REQUIRE((z[static_cast<std::size_t>(k)] > 0) == is_active(known.always_active, static_cast<std::size_t>(k)));
          ++settled;
        }
        REQUIRE(store.has_sketch(pair));
        std::vector<std::uint16_t> room;
        if (std::min(in_run, frames - 2) + store.is_sketch_of_second(pair) != in_run)
          continue;  // it is that of the other frame
        bounds.of(store.sketch(pair, room), store.period(pair), low.data(), high.data());
        for (std::size_t u = 0; u < uncertain.size(); ++u) {
          REQUIRE(low[u] <= z[static_cast<std::size_t>(uncertain[u])]);
          REQUIRE(z[static_cast<std::size_t>(uncertain[u])] <= high[u]);
          bounds.of_disks(x.data(), y.data(), n, store.period(pair), u, low[u], high[u]);
          REQUIRE(low[u] <= z[static_cast<std::size_t>(uncertain[u])]);
          REQUIRE(z[static_cast<std::size_t>(uncertain[u])] <= high[u]);
          ++bounded;
        }
      }
    }
  }
  CHECK(settled > 0);
  CHECK(bounded > 0);
}

TEST_CASE("loss and gradient are those of the definition at every level of the CPU") {
  std::mt19937_64 random(3);
  for (const int width : {1, 7, 16, 40}) {
    for (const double changing : {0.1, 1.0}) {
      for (const std::int64_t n : {1, 40}) {
        const std::int64_t runs = 2, frames = 9, count = 16;
        const std::vector<double> velocities = random_frames(runs, frames, n, changing, random);
        const std::vector<float> weights = random_weights(width, random);
        const Network<const float> network(weights.data(), width);
        std::vector<std::int64_t> pairs(static_cast<std::size_t>(count));
        for (std::size_t k = 0; k < pairs.size(); ++k) pairs[k] = static_cast<std::int64_t>(k);
        const Loss loss{0.3, 0.2};
        std::vector<double> expected(weights.size(), 0);
        double expected_loss = 0;
        for (const std::int64_t pair : pairs) {
          const double* frame = velocities.data() + (pair + pair / (frames - 1)) * n * 2;
          const double change =
              brute_force(network, frame + 2 * n, n, 0, nullptr) - brute_force(network, frame, n, 0, nullptr);
          const double fall = change < 0 ? 1 : loss.negative_slope;
          const double slope = (2 * loss.penalty * change - fall) / static_cast<double>(count);
          expected_loss += (loss.penalty * change * change - fall * change) / static_cast<double>(count);
          brute_force(network, frame, n, -slope, &expected);
          brute_force(network, frame + 2 * n, n, slope, &expected);
        }
        for (const hthm::Simd level : levels()) {
          PairLoss ours(FrameStore(DenseFrames{velocities.data(), runs, frames, n}, 1), level);
          std::vector<double> change(pairs.size());
          std::vector<float> gradient(weights.size());
          const double found =
              ours(network, pairs.data(), count, loss, 2, change.data(), Network<float>(gradient.data(), width));
          CHECK(found == doctest::Approx(expected_loss).epsilon(1e-10));
          double error = 0, size = 0;
          for (std::size_t k = 0; k < gradient.size(); ++k) {
            error += std::pow(gradient[k] - expected[k], 2);
            size += expected[k] * expected[k];
          }
          CHECK(std::sqrt(error) <= 3e-7 * std::sqrt(size));
        }
      }
    }
  }
}

TEST_CASE("weights that are not finite make a loss that is not") {
  std::mt19937_64 random(4);
  const std::vector<double> velocities = random_frames(1, 3, 5, 0.5, random);
  std::vector<float> weights = random_weights(3, random), gradient(weights.size());
  weights[7] = std::nanf("");
  PairLoss ours(FrameStore(DenseFrames{velocities.data(), 1, 3, 5}, 1), hthm::simd_level());
  const std::int64_t pairs[] = {0, 1};
  double change[2];
  CHECK(std::isnan(
      ours(Network<const float>(weights.data(), 3), pairs, 2, {1, 0}, 1, change, Network<float>(gradient.data(), 3))));
  CHECK(std::isnan(change[1]));
  CHECK(std::isnan(gradient[0]));
}
