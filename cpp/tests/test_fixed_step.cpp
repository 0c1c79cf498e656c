// The fixed step seen from outside: the drift at every edge of the box, the order of collisions, stretches of frames.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "fixed_step/fixed_step.hpp"
#include "runs/ensemble.hpp"

using hthm::Setup;
using hthm::Vec;

namespace {

/// Step 1 of docs/rule.md, word for word.
double drifted_by_the_rule(double x, double v, double dt, double box) {
  const double y = x + v * dt;
  double m = std::fmod(y, box);
  if (m < 0) m = m + box;
  if (m >= box) m = 0;
  return m + 0.0;
}

/// One step of one disk in x; its y stays 0.
double drifted(double x, double v, double dt, double box) {
  const Vec position{x, 0}, velocity{v, 0};
  const auto run = hthm::make_fixed_step_run("all_pairs", {box, box / 4, dt}, &position, &velocity, 1);
  Vec positions{}, velocities{};
  std::int64_t collisions = -1;
  run->advance(1, {&velocities, &positions, &collisions, nullptr});
  CHECK(collisions == 0);
  return positions.x;
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

struct Gas {
  std::vector<Vec> positions, velocities;  // (runs * n,)
};

Gas random_gas(std::int64_t disks, double box, double speed) {
  std::mt19937_64 random{7};
  std::uniform_real_distribution<double> place{0, box};
  std::normal_distribution<double> velocity{0, speed};
  Gas gas;
  for (std::int64_t i = 0; i < disks; ++i) {
    gas.positions.push_back({place(random), place(random)});
    gas.velocities.push_back({velocity(random), velocity(random)});
  }
  return gas;
}

bool same_bits(const std::vector<Vec>& a, const std::vector<Vec>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same_bits(a[i].x, b[i].x) || !same_bits(a[i].y, b[i].y)) return false;
  }
  return a.size() == b.size();
}

}  // namespace

TEST_CASE("the drift has the bits of the rule at every edge of the box") {
  const double tiny = std::numeric_limits<double>::denorm_min();
  for (const double box : {1.0, 0.3, 7.1, 1e-30, 1e30}) {
    const double last = std::nextafter(box, 0);
    const double places[] = {0.0, tiny, 1e-17 * box, box / 2, last};
    const double moves[] = {0.0,       -0.0,       tiny,        -tiny,       1e-17 * box, -1e-17 * box, last,
                            -last,     box,        -box,        2 * box,     -2 * box,    box - last,   last - box,
                            0.3 * box, -0.3 * box, 17.25 * box, -17.3 * box, 1e9 * box,   -1e9 * box,   2 * last};
    for (const double x : places) {
      for (const double move : moves) {
        CAPTURE(box);
        CAPTURE(x);
        CAPTURE(move);
        const double after = drifted(x, move, 1, box);
        CHECK(same_bits(after, drifted_by_the_rule(x, move, 1, box)));
        CHECK(after >= 0);
        CHECK(after < box);
        CHECK_FALSE(std::signbit(after));
      }
    }
  }
}

TEST_CASE("the drift has the bits of the rule at random") {
  std::mt19937_64 random{3};
  std::uniform_real_distribution<double> unit{0, 1};
  for (const double box : {1.0, 0.3, 7.1}) {
    for (int k = 0; k < 2000; ++k) {
      const double x = std::min(unit(random) * box, std::nextafter(box, 0));
      const double v = (unit(random) - 0.5) * box * std::exp2(std::floor(unit(random) * 200) - 90), dt = unit(random);
      CAPTURE(x);
      CAPTURE(v);
      CHECK(same_bits(drifted(x, v, dt, box), drifted_by_the_rule(x, v, dt, box)));
    }
  }
}

TEST_CASE("overlapping pairs collide in ascending (i, j), each with the velocities the last one left") {
  // Three disks in a row, the middle one numbered last: 0-2 first, then 1-2 with what 0 handed to 2.
  const std::vector<Vec> positions{{0.40, 0.5}, {0.58, 0.5}, {0.49, 0.5}};
  const std::vector<Vec> velocities{{1, 0}, {-2, 0}, {0, 0}};
  for (const auto engine : hthm::fixed_step_engines()) {
    CAPTURE(std::string{engine});
    const auto run = hthm::make_fixed_step_run(engine, {1, 0.1, 1e-9}, positions.data(), velocities.data(), 3);
    std::vector<Vec> after(3);
    std::int64_t collisions = 0;
    run->advance(1, {after.data(), nullptr, &collisions, nullptr});
    CHECK(collisions == 2);
    CHECK(after[0].x == 0);   // took 2's
    CHECK(after[1].x == 1);   // took what 2 had from 0
    CHECK(after[2].x == -2);  // took 1's
  }
}

TEST_CASE("all engines give the same bits, for any number of threads and any split into calls") {
  const std::int64_t runs = 5, n = 60, frames = 12;
  const Setup setup{1.0, 0.05, 1.0 / 60};
  const Gas gas = random_gas(runs * n, setup.box, 1);
  const hthm::Start start{gas.positions.data(), gas.velocities.data(), runs, n};
  const auto size = static_cast<std::size_t>(runs * frames * n);

  std::vector<Vec> first_velocities, first_positions;
  std::vector<std::int64_t> first_collisions;
  for (const auto engine : hthm::fixed_step_engines()) {
    for (const int threads : {1, 2, 4, 7}) {
      CAPTURE(std::string{engine});
      CAPTURE(threads);
      std::vector<Vec> velocities(size), positions(size);
      std::vector<std::int64_t> collisions(static_cast<std::size_t>(runs * frames));
      hthm::Ensemble ensemble{engine, setup, start, threads};
      for (std::int64_t first = 0; first < frames; first += threads) {
        const std::int64_t count = std::min<std::int64_t>(threads, frames - first);
        ensemble.advance({.frames = frames,
                          .first = first,
                          .count = count,
                          .collisions = collisions.data(),
                          .velocities = velocities.data(),
                          .positions = positions.data()},
                         threads);
      }
      if (first_velocities.empty()) {
        first_velocities = velocities;
        first_positions = positions;
        first_collisions = collisions;
      }
      CHECK(same_bits(velocities, first_velocities));
      CHECK(same_bits(positions, first_positions));
      CHECK(collisions == first_collisions);
    }
  }
}

TEST_CASE("an unknown engine is refused by name") {
  const Vec zero{};
  CHECK_THROWS_WITH_AS(hthm::make_fixed_step_run("quantum", {1, 0.1, 1}, &zero, &zero, 1), doctest::Contains("quantum"),
                       std::invalid_argument);
}
