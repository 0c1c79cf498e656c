// The exact engine in boxes of two and three diameters, where a disk meets several images of one partner.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "event_driven/event_run.hpp"
#include "tests/brute_force.hpp"
#include "tests/exact_starts.hpp"

using namespace exact;

namespace {

/// `n` disks of a diameter at random in a box of side 1, or none where there is no room after some tries.
Start crowded_start(std::int64_t n, double diameter, double dt, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::uniform_real_distribution<double> place{0, 1};
  Start start{{1, diameter, dt}, std::vector<Vec>(static_cast<std::size_t>(n)), {}};
  std::int64_t placed = 0;
  for (int tries = 0; placed < n && tries < 3000; ++tries) {
    const Vec candidate{place(random), place(random)};
    placed = hthm::place_disks(start.setup, &candidate, 1, start.positions.data(), n, placed).disks;
  }
  if (placed < n) start.positions.clear();
  add_velocities(start, random);
  return start;
}

}  // namespace

TEST_CASE("images: few large disks follow a simulation of all images, as far as rounding lets two follow") {
  std::int64_t compared = 0, starts = 0;
  for (const double diameter : {0.5 * (1 - 1e-12), 0.5 * (1 - 1e-9), 0.5 * (1 - 1e-6), 0.4999, 0.499, 0.48, 0.45,
                                (1 + 1e-9) / 3, 1.0 / 3, (1 - 1e-9) / 3, 0.3, 0.25, 0.2}) {
    for (const std::int64_t n : {2, 3, 4, 6, 9, 12}) {
      if (static_cast<double>(n) * diameter * diameter > 0.75) continue;
      for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(diameter);
        CAPTURE(n);
        CAPTURE(seed);
        const Start start = crowded_start(n, diameter, 0.02, seed);
        if (start.n() == 0) continue;
        Start shifted = start;
        for (Vec& x : shifted.positions) x.x += 1e-14 * std::sin(1e3 * x.y);
        BruteForce expected{start}, near{shifted};
        const Recorded run = record(start, 100);
        check_invariants(start, run);
        std::int64_t collisions = 0;
        for (std::int64_t frame = 0; frame < 100; ++frame) {
          expected.advance(start.setup.dt);
          near.advance(start.setup.dt);
          if (largest_difference(near.positions, expected.positions, 1) > 1e-5) break;
          collisions += run.collisions[static_cast<std::size_t>(frame)];
          CAPTURE(frame);
          REQUIRE(collisions == expected.collisions);
          const auto first = run.positions.begin() + frame * n;
          REQUIRE(largest_difference(std::vector<Vec>(first, first + n), expected.positions, 1) < 1e-3);
        }
        compared += collisions;
        ++starts;
      }
    }
  }
  CHECK(starts > 200);
  CHECK(compared > 3000);
}

TEST_CASE("images: disks that fill the box side by side bounce in their gaps, or are told to be jammed") {
  for (const double room : {1e-8, 1e-7, 1e-6, 1e-4, 1e-2}) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
      CAPTURE(room);
      CAPTURE(seed);
      std::mt19937_64 random{seed};
      Start start{{1, 0.5 * (1 - room), 10 * room}, {{0, 0}, {0.5, 0}, {0, 0.5}, {0.5, 0.5}}, {}};
      add_velocities(start, random);
      const Recorded run = record(start, 20);
      check_invariants(start, run);
      CHECK(run.total() > 20);
    }
  }
  for (const double room : {0.0, 1e-15, 1e-12}) {
    std::mt19937_64 random{1};
    Start start{{1, 0.5 * (1 - room), 0.01}, {{0, 0}, {0.5, 0}, {0, 0.5}, {0.5, 0.5}}, {}};
    add_velocities(start, random);
    CHECK_THROWS_AS(record(start, 1), hthm::Jammed);
    const Start pair{{1, 0.5 * (1 - room), 0.01}, {{0, 0.5}, {0.5, 0.5}}, {{1, 0}, {-1, 0}}};
    CHECK_THROWS_AS(record(pair, 1), hthm::Jammed);
  }
  const Start together{{1, 0.5, 0.01}, {{0, 0.5}, {0.5, 0.5}}, {{1, 0.25}, {1, 0.25}}};
  CHECK(record(together, 500).total() == 0);
}
