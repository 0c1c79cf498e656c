// Chiral disks in the exact engine, against a simulation without cells or calendar and against what their rule says.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "event_driven/event_run.hpp"
#include "rules/chiral_disks.hpp"
#include "tests/brute_force.hpp"
#include "tests/exact_starts.hpp"

using namespace exact;
using hthm::ChiralDisks;

namespace {

/// A start of disks no nearer than they come by a rule with this delta, or, `apart`, not within its reach.
Start chiral_start(std::int64_t n, double area_fraction, double share, double dt, std::uint64_t seed, bool apart) {
  Start start = random_start(n, area_fraction, dt, seed);
  start.setup.diameter /= apart ? 1 + std::abs(share) : 1 - std::abs(share);
  start.setup.diameter *= 1 - 1e-9;
  return start;
}

/// The rule once more, by the angle from the way to the velocity.
BruteForce brute_force(const Start& start, double delta) {
  const long double diameter = start.setup.diameter;
  return BruteForce{start, [=](const hthm::Vec2<long double>& d, const hthm::Vec2<long double>& v) {
                      const long double turn = std::atan2(d.x * v.y - d.y * v.x, d.x * v.x + d.y * v.y);  // v x d < 0
                      const long double distance = diameter + (turn > 0 ? delta : -delta);
                      return distance * distance;
                    }};
}

std::vector<Vec> frame_of(const std::vector<Vec>& all, std::int64_t frame, std::int64_t n) {
  return {all.begin() + frame * n, all.begin() + (frame + 1) * n};
}

}  // namespace

TEST_CASE("chiral disks follow a simulation without cells or calendar, as far as rounding lets two follow") {
  struct Case {
    std::int64_t n;
    double area_fraction, share, dt;
    int frames;
    bool apart;
  };
  std::int64_t compared = 0, at_once = 0;  // collisions
  for (const Case& c :
       {Case{1, 0.1, 0.3, 0.3, 20, true}, Case{2, 0.02, 0.5, 1, 30, true}, Case{2, 0.1, -0.25, 0.5, 10, true},
        Case{2, 0.3926, 0.25, 0.05, 40, true}, Case{2, 0.3926, -0.6, 0.05, 40, true}, Case{3, 0.01, 0.9, 4, 6, true},
        Case{3, 0.3, 0.4, 0.02, 30, true}, Case{4, 0.4, -0.1, 1e-2, 40, true}, Case{6, 0.3, 0.5, 0.02, 30, true},
        Case{6, 0.1, 0.3, 0.02, 30, false}, Case{9, 0.05, -0.5, 0.02, 40, false}, Case{12, 0.2, 0.25, 0.01, 40, true},
        Case{12, 0.1, 0.2, 0.01, 30, false}}) {
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
      CAPTURE(c.n);
      CAPTURE(c.area_fraction);
      CAPTURE(c.share);
      CAPTURE(seed);
      const Start start = chiral_start(c.n, c.area_fraction, c.share, c.dt, seed, c.apart);
      const double delta = c.share * start.setup.diameter;
      REQUIRE(start.setup.diameter + std::abs(delta) <= 0.5);
      Start shifted = start;
      for (Vec& x : shifted.positions) x.x += 1e-14 * std::sin(1e3 * x.y);
      BruteForce expected = brute_force(start, delta), near = brute_force(shifted, delta);
      const Recorded run = record(start, c.frames, 1 << 30, hthm::simd_level(), ChiralDisks{delta});
      std::int64_t collisions = 0;
      for (int frame = 0; frame < c.frames; ++frame) {
        CAPTURE(frame);
        expected.advance(c.dt);
        near.advance(c.dt);
        if (expected.ambiguous) break;
        if (largest_difference(near.positions, expected.positions, 1) > 1e-8 * start.setup.diameter) break;
        collisions += run.collisions[static_cast<std::size_t>(frame)];
        CHECK(collisions == expected.collisions);
        CHECK(largest_difference(frame_of(run.positions, frame, c.n), expected.positions, 1) <
              1e-3 * start.setup.diameter);
        CHECK(largest_difference(frame_of(run.velocities, frame, c.n), expected.velocities, 1e9) < 1e-2);
      }
      compared += collisions;
      at_once += expected.at_once;
      CHECK(energy(run.last_velocities) == doctest::Approx(energy(start.velocities)).epsilon(1e-10));
      CHECK(minimum_distance(run.last_positions, 1) >= start.setup.diameter - std::abs(delta) - tolerance(start.setup));
    }
  }
  CHECK(compared > 1800);
  CHECK(at_once > 30);
  MESSAGE("collisions compared: " << compared << ", at once: " << at_once);
}

TEST_CASE("the image in a mirror through the diagonal is that of the other delta") {
  const Start start = chiral_start(60, 0.3, 0.4, 0.01, 3, true);
  Start mirrored = start;
  for (Vec& x : mirrored.positions) std::swap(x.x, x.y);
  for (Vec& v : mirrored.velocities) std::swap(v.x, v.y);
  const double delta = 0.4 * start.setup.diameter;
  const Recorded one = record(start, 30, 1 << 30, hthm::simd_level(), ChiralDisks{delta});
  Recorded other = record(mirrored, 30, 1 << 30, hthm::simd_level(), ChiralDisks{-delta});
  for (Vec& v : other.velocities) std::swap(v.x, v.y);
  CHECK(one.total() > 120);
  CHECK(one.collisions == other.collisions);
  CHECK(same_bits(one.velocities, other.velocities));
}

TEST_CASE("powers of two change no bit of chiral disks") {
  const Start start = chiral_start(40, 0.3, -0.3, 0.01, 4, true);
  Start scaled = start;
  scaled.setup = {0x1p20, start.setup.diameter * 0x1p20, start.setup.dt * 0x1p-30};
  for (Vec& x : scaled.positions) x = {x.x * 0x1p20, x.y * 0x1p20};
  for (Vec& v : scaled.velocities) v = {v.x * 0x1p50, v.y * 0x1p50};
  const double delta = -0.3 * start.setup.diameter;
  const Recorded one = record(start, 20, 1 << 30, hthm::simd_level(), ChiralDisks{delta});
  Recorded other = record(scaled, 20, 1 << 30, hthm::simd_level(), ChiralDisks{delta * 0x1p20});
  for (Vec& v : other.velocities) v = {v.x * 0x1p-50, v.y * 0x1p-50};
  CHECK(one.total() > 30);
  CHECK(same_bits(one.velocities, other.velocities));
}

TEST_CASE("a start of chiral disks may be as near as their rule lets them come, and no nearer") {
  Start start{{1, 0.1, 0.01}, {{0.5, 0.5}, {0.56, 0.5}}, {{0, 0}, {0, 0}}};
  const auto run = [&](double delta) {
    return hthm::make_event_run(start.setup, start.positions.data(), start.velocities.data(), 2, hthm::simd_level(),
                                nullptr, ChiralDisks{delta});
  };
  CHECK_NOTHROW(run(0.05));
  CHECK_NOTHROW(run(-0.05));
  CHECK_THROWS_AS(run(0.03), hthm::OverlappingStart);
  CHECK_THROWS_AS(run(0), hthm::OverlappingStart);
}
