// Sheared gases: pairs against all of them, the same bits at every level and in any parts, and the gas without a flow.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "core/cpu_features.hpp"
#include "fixed_step/fixed_step.hpp"
#include "fixed_step/shear_pairs.hpp"
#include "fixed_step/shear_run.hpp"
#include "tests/simd_levels.hpp"

using hthm::Momentum;
using hthm::Simd;
using hthm::Vec;

namespace {

struct Gas {
  std::vector<Vec> positions, velocities;  // (runs * n,)
  std::vector<double> offsets;             // (runs,)
  std::vector<Momentum> momenta;           // (runs,)
};

Gas random_gas(std::int64_t runs, std::int64_t n, double box) {
  std::mt19937_64 random{11};
  std::uniform_real_distribution<double> place{0, box};
  std::normal_distribution<double> velocity;
  Gas gas;
  for (std::int64_t i = 0; i < runs * n; ++i) {
    gas.positions.push_back({place(random), place(random)});
    gas.velocities.push_back({velocity(random), velocity(random)});
  }
  gas.offsets.assign(static_cast<std::size_t>(runs), 0);
  gas.momenta.assign(static_cast<std::size_t>(runs), {});
  return gas;
}

void shear(Gas& gas, const hthm::Setup& setup, double rate, std::int64_t steps, int threads = 1,
           Simd level = hthm::simd_level(), bool thermostat = true) {
  const auto runs = static_cast<std::int64_t>(gas.offsets.size());
  const auto n = static_cast<std::int64_t>(gas.positions.size()) / runs;
  const std::vector<double> energies(gas.offsets.size(), 2 * static_cast<double>(n));
  hthm::shear({gas.positions.data(), gas.velocities.data(), gas.offsets.data(), thermostat ? energies.data() : nullptr,
               runs, n},
              setup, hthm::ChiralDisks{setup.diameter / 3}, rate, steps, gas.momenta.data(), threads, nullptr, level);
}

bool same_bits(const std::vector<Vec>& a, const std::vector<Vec>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Vec& one, const Vec& other) {
    return std::bit_cast<std::uint64_t>(one.x) == std::bit_cast<std::uint64_t>(other.x) &&
           std::bit_cast<std::uint64_t>(one.y) == std::bit_cast<std::uint64_t>(other.y);
  });
}

void check_same(const Gas& one, const Gas& other) {
  CHECK(same_bits(one.positions, other.positions));
  CHECK(same_bits(one.velocities, other.velocities));
  CHECK(one.offsets == other.offsets);
}

}  // namespace

TEST_CASE("sheared pairs are those of all that are within reach, however fast, and wherever the boxes have slid") {
  std::int64_t found = 0;
  for (const double reach : {0.004, 0.05, 0.3, 0.5}) {
    for (const double speed : {0.1, 1.0, 30.0}) {
      for (const double rate : {0.0, 3.0, -8.0}) {
        CAPTURE(reach);
        CAPTURE(speed);
        CAPTURE(rate);
        constexpr std::int64_t n = 120;
        constexpr double dt = 1e-3;
        Gas gas = random_gas(1, n, 1);
        hthm::ShearFlow flow{rate, 1.0};
        hthm::Pace pace{nullptr};
        for (Vec& v : gas.velocities) v = {v.x * speed, v.y * speed};
        hthm::ShearedDisks disks{gas.positions.data(), gas.velocities.data(), n};
        const hthm::ShearLoops loops = hthm::shear_loops(hthm::simd_level());
        hthm::ShearPairs finder{1.0, reach, dt, n};
        double fastest = std::sqrt(disks.largest_square());
        for (int step = 0; step < 150; ++step) {
          flow.slide(rate * dt);
          loops.drift(disks, flow, dt);
          hthm::PairList pairs, all;
          finder.find(flow, disks, fastest, pairs, pace);
          fastest *= 1 + std::abs(rate) * dt;
          for (std::int64_t i = 0; i < n; ++i) {
            for (std::int64_t j = i + 1; j < n; ++j) {
              const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
              const Vec d = flow.separation({disks.x[a], disks.y[a]}, {disks.x[b], disks.y[b]});
              if (hthm::norm2(d) < reach * reach) all.emplace_back(i, j);
            }
          }
          std::sort(pairs.begin(), pairs.end());
          found += static_cast<std::int64_t>(all.size());
          REQUIRE(pairs.size() == all.size());
          REQUIRE(std::equal(pairs.begin(), pairs.end(), all.begin(),
                             [](const hthm::Pair& one, const hthm::Pair& other) { return one.key == other.key; }));
        }
      }
    }
  }
  CHECK(found > 1'000'000);
}

TEST_CASE("levels, threads and parts change no bit of a sheared gas") {
  const hthm::Setup setup{2.5, 0.05, 0.004};
  for (const std::int64_t n : {1, 7, 8, 9, 63, 150}) {
    CAPTURE(n);
    const Gas start = random_gas(3, n, setup.box);
    Gas one = start;
    shear(one, setup, 0.8, 120);
    for (const Simd level : levels()) {
      Gas other = start;
      shear(other, setup, 0.8, 120, 3, level);
      check_same(one, other);
      for (std::size_t run = 0; run < 3; ++run) {
        CHECK(one.momenta[run].carried == other.momenta[run].carried);
        CHECK(one.momenta[run].transferred == other.momenta[run].transferred);
        CHECK(one.momenta[run].collisions == other.momenta[run].collisions);
      }
    }
    Gas parts = start;
    for (const std::int64_t steps : {1, 50, 69}) shear(parts, setup, 0.8, steps, 2);
    check_same(one, parts);
  }
}

TEST_CASE("a gas that is sheared at no rate, without a thermostat, takes the fixed step") {
  const hthm::Setup setup{1, 0.04, 0.01};
  Gas gas = random_gas(1, 100, 1);
  const auto run = hthm::make_fixed_step_run("all_pairs", setup, gas.positions.data(), gas.velocities.data(), 100,
                                             hthm::simd_level(), nullptr, hthm::ChiralDisks{setup.diameter / 3});
  std::vector<Vec> positions(100), velocities(100);
  std::vector<std::int64_t> collisions(50);
  hthm::FrameSink sink;
  sink.collisions = collisions.data();
  run->advance(50, sink);
  hthm::Pace pace{nullptr};
  run->write_state(positions.data(), velocities.data(), pace);
  shear(gas, setup, 0, 50, 1, hthm::simd_level(), false);
  CHECK(same_bits(gas.positions, positions));
  CHECK(same_bits(gas.velocities, velocities));
  CHECK(gas.momenta[0].collisions > 50);
}

TEST_CASE("what a sheared gas cannot begin with is refused") {
  for (const double wrong : {1.0, -0.1, std::numeric_limits<double>::quiet_NaN()}) {
    Gas gas = random_gas(2, 5, 1);
    gas.positions[7].y = wrong;
    CHECK_THROWS_AS(shear(gas, {1, 0.1, 0.01}, 0.1, 3), std::invalid_argument);
  }
  Gas gas = random_gas(2, 5, 1);
  Gas spinning = gas;
  gas.velocities[7].y = HUGE_VAL;
  CHECK_THROWS_AS(shear(gas, {1, 0.1, 0.01}, 0.1, 3), std::invalid_argument);
  const hthm::Sheared sheared{
      spinning.positions.data(), spinning.velocities.data(), spinning.offsets.data(), nullptr, 2, 5};
  CHECK_THROWS_AS(hthm::shear(sheared, {1, 0.1, 0.01}, hthm::RoughDisks{0.1, 0.5, 1, 1}, 0.1, 3,
                              spinning.momenta.data(), 1, nullptr),
                  std::invalid_argument);
}
