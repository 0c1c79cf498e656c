// Sums of phi along a log against sums over all disks of every frame, one by one.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "deepsets/phi_sums.hpp"
#include "tests/random_networks.hpp"
#include "tests/simd_levels.hpp"

namespace {
using namespace hthm::deepsets;
using hthm::Vec;

/// A log in which disks meet at random: some not at all, some several times in a frame.
struct RandomLog {
  std::int64_t runs, frames, n;
  std::vector<Vec> start, velocities;
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> pairs;

  RandomLog(std::int64_t of_runs, std::int64_t of_frames, std::int64_t disks, std::mt19937_64& random)
      : runs{of_runs}, frames{of_frames}, n{disks} {
    std::normal_distribution<double> normal;
    std::uniform_int_distribution<std::int32_t> disk(0, static_cast<std::int32_t>(n - 1)), rows(0, 200);
    for (std::int64_t k = 0; k < runs * n; ++k) start.push_back({normal(random), normal(random)});
    for (std::int64_t run = 0; run < runs; ++run) {
      for (std::int64_t frame = 0; frame < frames; ++frame) {
        offsets.push_back(static_cast<std::int64_t>(pairs.size()) / 2);
        for (std::int32_t row = frame % 3 == 0 ? 0 : rows(random); row > 0; --row) {
          for (int side = 0; side < 2; ++side) {
            pairs.push_back(disk(random));
            velocities.push_back({normal(random), normal(random)});
          }
        }
      }
      offsets.push_back(static_cast<std::int64_t>(pairs.size()) / 2);
    }
  }
  hthm::LogView some(std::int64_t first, std::int64_t count) const {
    return {start.data() + first * n,
            offsets.data() + first * (frames + 1),
            pairs.data(),
            velocities.data(),
            count,
            frames,
            n,
            static_cast<std::int64_t>(pairs.size()) / 2};
  }
  hthm::LogView view() const { return some(0, runs); }
};

/// The sum of phi over the disks of a frame, (D), as its definition has it.
std::vector<double> sum_of_phi(const Network<const float>& net, const std::vector<Vec>& frame) {
  const auto d = static_cast<std::size_t>(net.width);
  std::vector<double> sums(d, 0), first(d);
  for (const Vec& v : frame) {
    const double x = static_cast<float>(v.x), y = static_cast<float>(v.y);
    for (std::size_t j = 0; j < d; ++j) first[j] = std::max(net.w1[2 * j] * x + net.w1[2 * j + 1] * y + net.b1[j], 0.0);
    for (std::size_t k = 0; k < d; ++k) {
      double z = net.b2[k];
      for (std::size_t j = 0; j < d; ++j) z += static_cast<double>(net.w2[k * d + j]) * first[j];
      sums[k] += std::max(z, 0.0);
    }
  }
  return sums;
}

std::vector<double> found(PhiSums& sums, const hthm::LogView& log, int threads) {
  std::vector<double> out(static_cast<std::size_t>(log.runs * log.frames * sums.width()));
  sums(log, threads, out.data());
  return out;
}

}  // namespace

TEST_CASE("sums along a log are those over the disks of its frames") {
  std::mt19937_64 random{21};
  const RandomLog log{2, 12, 150, random};
  for (const int width : {1, 16, 40, 100}) {  // the last has cells that no square of the plane knows
    const std::vector<float> weights = random_weights(width, random);
    const Network<const float> network(weights.data(), width);
    for (const hthm::Simd level : levels()) {
      PhiSums sums(weights, width, kernel(level));
      const std::vector<double> all = found(sums, log.view(), 2);
      double error = 0, size = 0;
      for (std::int64_t run = 0; run < log.runs; ++run) {
        std::vector<Vec> frame(log.start.begin() + run * log.n, log.start.begin() + (run + 1) * log.n);
        for (std::int64_t t = 0; t < log.frames; ++t) {
          const std::int64_t* rows = log.offsets.data() + run * (log.frames + 1) + t;
          for (std::int64_t k = 2 * rows[0]; k < 2 * rows[1]; ++k) {
            frame[static_cast<std::size_t>(log.pairs[static_cast<std::size_t>(k)])] =
                log.velocities[static_cast<std::size_t>(k)];
          }
          const std::vector<double> expected = sum_of_phi(network, frame);
          for (std::size_t k = 0; k < expected.size(); ++k) {
            const double ours = all[static_cast<std::size_t>((run * log.frames + t) * width) + k];
            error = std::max(error, std::fabs(ours - expected[k]));
            size = std::max(size, std::fabs(expected[k]));
          }
        }
      }
      CHECK(error <= 1e-13 * size);
    }
  }
}

TEST_CASE("the sums of a run hang neither on threads, nor on other runs, nor on what came before") {
  std::mt19937_64 random{22};
  RandomLog log{7, 6, 300, random};
  log.start[5 * 300].x = 40;  // all cells must reach so far, those of other runs too
  for (const int width : {16, 100}) {
    const std::vector<float> weights = random_weights(width, random);
    PhiSums sums(weights, width, kernel(hthm::simd_level()));
    const std::vector<double> all = found(sums, log.view(), 1);
    for (const int threads : {2, 4, 7}) {
      PhiSums again(weights, width, kernel(hthm::simd_level()));
      CHECK(found(again, log.view(), threads) == all);
    }
    PhiSums one_by_one(weights, width, kernel(hthm::simd_level()));
    std::vector<double> joined;
    for (std::int64_t run = 0; run < log.runs; ++run) {
      const std::vector<double> of_run = found(one_by_one, log.some(run, 1), 2);
      joined.insert(joined.end(), of_run.begin(), of_run.end());
    }
    CHECK(joined == all);
  }
}

TEST_CASE("sums refuse a log that points outside of itself, and what is no number") {
  std::mt19937_64 random{23};
  const RandomLog log{1, 3, 20, random};
  PhiSums sums(random_weights(5, random), 5, kernel(hthm::simd_level()));
  for (const double wrong : {std::nan(""), std::numeric_limits<double>::infinity(), 1e20}) {
    RandomLog other = log;
    other.velocities.back().y = wrong;
    CHECK_THROWS_AS(found(sums, other.view(), 1), std::invalid_argument);
  }
  for (const std::int32_t wrong : {-1, 20}) {
    RandomLog other = log;
    other.pairs.back() = wrong;
    CHECK_THROWS_AS(found(sums, other.view(), 1), std::invalid_argument);
  }
  RandomLog other = log;
  other.offsets.back() += 1;
  CHECK_THROWS_AS(found(sums, other.view(), 1), std::invalid_argument);
}

TEST_CASE("sums stop where they are asked to") {
  std::mt19937_64 random{24};
  const RandomLog log{2, 3, 20, random};
  PhiSums sums(random_weights(5, random), 5, kernel(hthm::simd_level()));
  std::vector<double> out(2 * 3 * 5);
  hthm::StopRequest stop{[] { return true; }};
  CHECK_THROWS_AS(sums(log.view(), 2, out.data(), &stop), hthm::Stopped);
}
