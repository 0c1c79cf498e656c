// Rough disks in the exact engine, against a simulation without cells or calendar, and against what their rule keeps.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "event_driven/event_run.hpp"
#include "rules/rough_disks.hpp"
#include "tests/brute_force.hpp"
#include "tests/exact_starts.hpp"

using namespace exact;
using hthm::RoughDisks;

namespace {

struct Numbers {
  double inertia, restitution, roughness;
};

/// A random start, with spins whose surfaces are about as fast as the disks.
Start spinning_start(std::int64_t n, double area_fraction, double dt, std::uint64_t seed) {
  Start start = random_start(n, area_fraction, dt, seed);
  start.setup.diameter *= 1 - 1e-9;
  std::mt19937_64 random{seed + 1000};
  std::normal_distribution<double> surface{0, 1};
  for (std::int64_t i = 0; i < n; ++i) start.spins.push_back(surface(random) / (start.setup.diameter / 2));
  return start;
}

/// The rule once more, by the velocity of the surfaces as a vector.
struct Brute {
  BruteForce gas;
  std::vector<long double> spins;

  Brute(const Start& start, const Numbers& numbers) : gas{start}, spins(start.spins.begin(), start.spins.end()) {
    const long double a = start.setup.diameter / 2, k = numbers.inertia;
    gas.collide = [this, a, k, numbers](std::size_t i, std::size_t j, const hthm::Vec2<long double>& n) {
      auto &v_i = gas.velocities[i], &v_j = gas.velocities[j];
      const long double turning = a * (spins[i] + spins[j]);
      const hthm::Vec2<long double> g{v_i.x - v_j.x + turning * n.y, v_i.y - v_j.y - turning * n.x};
      const long double along = g.x * n.x + g.y * n.y;
      const hthm::Vec2<long double> across{g.x - along * n.x, g.y - along * n.y};
      const long double push = k * (1 + numbers.roughness) / (1 + k);
      const hthm::Vec2<long double> impulse{-((1 + numbers.restitution) * along * n.x + push * across.x) / 2,
                                            -((1 + numbers.restitution) * along * n.y + push * across.y) / 2};
      v_i = {v_i.x + impulse.x, v_i.y + impulse.y};
      v_j = {v_j.x - impulse.x, v_j.y - impulse.y};
      const long double torque = -a * (n.x * impulse.y - n.y * impulse.x);  // of what acts at -a n from the centre
      spins[i] += torque / (k * a * a);
      spins[j] += torque / (k * a * a);
    };
  }
  Brute(const Brute&) = delete;
};

template <class All>
All frame_of(const All& all, std::int64_t frame, std::int64_t n) {
  return {all.begin() + frame * n, all.begin() + (frame + 1) * n};
}

double turning_energy(const std::vector<double>& spins, const Setup& setup, double inertia) {
  double sum = 0;
  for (const double spin : spins) sum += inertia * std::pow(setup.diameter / 2 * spin, 2) / 2;
  return sum;
}

}  // namespace

TEST_CASE("rough disks follow a simulation without cells or calendar, as far as rounding lets two follow") {
  struct Case {
    std::int64_t n;
    double area_fraction, dt;
    int frames;
    Numbers numbers;
  };
  std::int64_t compared = 0;  // collisions
  for (const Case& c :
       {Case{1, 0.1, 0.3, 20, {0.5, 1, 1}}, Case{2, 0.02, 1, 30, {0.5, 1, 1}}, Case{2, 0.1, 0.5, 10, {1, 1, 1}},
        Case{2, 0.3926, 0.05, 40, {0.5, 1, 1}}, Case{3, 0.3, 0.02, 30, {0.1, 1, 1}},
        Case{4, 0.4, 1e-2, 40, {0.5, 0.9, 0.5}}, Case{6, 0.3, 0.02, 30, {1, 0.95, -0.5}},
        Case{6, 0.1, 0.02, 30, {0.5, 1, 1}}, Case{9, 0.05, 0.02, 40, {0.5, 1, 0}}, Case{12, 0.2, 0.01, 40, {0.5, 1, 1}},
        Case{12, 0.4, 0.005, 40, {1, 1, 1}}}) {
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
      CAPTURE(c.n);
      CAPTURE(c.area_fraction);
      CAPTURE(seed);
      const Start start = spinning_start(c.n, c.area_fraction, c.dt, seed);
      const RoughDisks rule{start.setup.diameter, c.numbers.inertia, c.numbers.restitution, c.numbers.roughness};
      Start shifted = start;
      for (Vec& x : shifted.positions) x.x += 1e-14 * std::sin(1e3 * x.y);
      Brute expected{start, c.numbers}, near{shifted, c.numbers};
      const Recorded run = record(start, c.frames, 1 << 30, hthm::simd_level(), rule);
      std::int64_t collisions = 0;
      for (int frame = 0; frame < c.frames; ++frame) {
        CAPTURE(frame);
        expected.gas.advance(c.dt);
        near.gas.advance(c.dt);
        if (largest_difference(near.gas.positions, expected.gas.positions, 1) > 1e-8 * start.setup.diameter) break;
        collisions += run.collisions[static_cast<std::size_t>(frame)];
        CHECK(collisions == expected.gas.collisions);
        CHECK(largest_difference(frame_of(run.positions, frame, c.n), expected.gas.positions, 1) <
              1e-3 * start.setup.diameter);
        CHECK(largest_difference(frame_of(run.velocities, frame, c.n), expected.gas.velocities, 1e9) < 1e-2);
        for (std::size_t i = 0; i < expected.spins.size(); ++i) {
          const double spin = run.spins[static_cast<std::size_t>(frame * c.n) + i];
          CHECK(std::abs(spin - static_cast<double>(expected.spins[i])) * start.setup.diameter < 2e-2);
        }
      }
      compared += collisions;
      const double before = energy(start.velocities) + turning_energy(start.spins, start.setup, c.numbers.inertia);
      const double after = energy(run.last_velocities) +
                           turning_energy(frame_of(run.spins, c.frames - 1, c.n), start.setup, c.numbers.inertia);
      if (!rule.loses_energy) CHECK(after == doctest::Approx(before).epsilon(1e-10));
      if (rule.loses_energy) CHECK(after <= before * (1 + 1e-10));
      CHECK(minimum_distance(run.last_positions, 1) >= start.setup.diameter - tolerance(start.setup));
    }
  }
  CHECK(compared > 1500);
  MESSAGE("collisions compared: " << compared);
}

TEST_CASE("a stretch of frames at a time, rough disks go on as in one, and their log has what they were left with") {
  const Start start = spinning_start(60, 0.3, 0.01, 3);
  const RoughDisks rule{start.setup.diameter, 0.5, 1, 1};
  const Recorded one = record(start, 30, 1 << 30, hthm::simd_level(), rule);
  const Recorded other = record(start, 30, 7, hthm::simd_level(), rule);
  CHECK(one.total() > 120);
  CHECK(same_bits(one.velocities, other.velocities));
  CHECK(one.spins == other.spins);
  REQUIRE(one.log.inner.size() == one.log.pairs.size());
  std::vector<double> replayed = start.spins;
  for (std::int64_t k = 0; k < one.log.pairs.size(); ++k) {
    replayed[static_cast<std::size_t>(one.log.pairs[k])] = one.log.inner[k];
  }
  CHECK(replayed == frame_of(one.spins, 29, 60));
}
