// The filter of the exact engine: it may let a miss pass, but never stops a hit, at any level.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "event_driven/lanes.hpp"
#include "event_driven/prediction.hpp"
#include "tests/exact_starts.hpp"
#include "tests/simd_levels.hpp"

using namespace exact;
using namespace hthm::event_driven;
using hthm::Simd;

TEST_CASE("no level rules out a hit, and all rule out most of the rest") {
  std::mt19937_64 random{1};
  std::uniform_real_distribution<double> place{0, 1}, angle{0, 2 * std::numbers::pi}, centred{-1, 1};
  struct Case {
    double box, diameter, side, n;
  };
  for (const Case& c : {Case{1, 0.006, 16, 1e3}, Case{1, 0.03, 16, 1e3}, Case{1e-3, 2e-7, 500, 1e6}, Case{40, 18, 2, 2},
                        Case{1, 1e-9, 2, 3}, Case{1, 0.4999, 2, 2}}) {
    CAPTURE(c.diameter);
    const double width = c.box / c.side, crossing = 2, longest = 4, typical = c.box / crossing / std::sqrt(c.n);
    const LaneUnits units{c.box, c.diameter, width, crossing, longest, static_cast<std::int64_t>(c.n)};
    std::int64_t hits = 0, possible = 0, looked = 0;
    for (int trial = 0; trial < 4000; ++trial) {
      const double time = longest * place(random), ahead = std::pow(10, 3 * centred(random)) * width / typical;
      const auto velocity = [&](double speed) {
        const double a = angle(random);
        return Vec{speed * std::cos(a), speed * std::sin(a)};
      };
      const Vec x{width * place(random), width * place(random)}, v = velocity(typical * std::pow(10, centred(random)));
      const Sight sight = units.sight(v, time, ahead);
      const int column = trial % 3 - 1, row = trial / 3 % 3 - 1;
      const Look look{0, static_cast<float>(column) * units.width() - units.length(x.x),
                      static_cast<float>(row) * units.width() - units.length(x.y)};
      Lanes lanes;
      unsigned expected = 0;
      for (unsigned k = 0; k < 7; ++k) {  // the last lane stays empty
        const Vec y{width * place(random), width * place(random)};
        const Vec d{y.x - x.x + column * width, y.y - x.y + row * width};
        // Every other one is aimed at the edge of the disk, a hair inside or outside.
        const double edge = c.diameter * (1 + 1e-9 * centred(random)), way = std::sqrt(norm2(d));
        Vec u = velocity(typical * std::pow(10, centred(random)));
        if (k % 2 == 0 && way > edge) {
          const double a = std::atan2(-d.y, -d.x) + std::asin(edge / way), speed = std::sqrt(norm2(u));
          u = {v.x + speed * std::cos(a), v.y + speed * std::sin(a)};
        }
        const double gap = way - c.diameter;
        const Vec relative{u.x - v.x, u.y - v.y};
        if (gap >= 0 && time_to_contact(d, relative, c.diameter * c.diameter, 1e300) < ahead) expected |= 1U << k;
        lanes.x[k] = units.origin(y.x, u.x, time);
        lanes.y[k] = units.origin(y.y, u.y, time);
        lanes.vx[k] = units.speed(u.x);
        lanes.vy[k] = units.speed(u.y);
      }
      for (const Simd level : levels()) {
        CAPTURE(name(level));
        const Look looks[] = {look, look, look, look, look, look, look, look, look};
        const LaneFilters filters = lane_filters(level);
        const Possible nine = filters.nine(&lanes, sight, looks), three = filters.three(&lanes, sight, looks);
        const auto first = static_cast<unsigned>(filters.one(&lanes, sight, looks).eight);
        REQUIRE((expected & ~first) == 0);
        REQUIRE((first >> 7) == 0);
        REQUIRE(nine.eight == 0x0101010101010101U * first);
        REQUIRE(nine.ninth == first);
        REQUIRE(three.eight == 0x010101U * first);
        REQUIRE(three.ninth == 0);
        possible += std::popcount(first);
        hits += std::popcount(expected);
        looked += 7;
      }
    }
    CHECK(hits > 0);
    if (c.diameter < 0.01 && c.diameter > 1e-8) CHECK(possible < looked / 2);
  }
}

TEST_CASE("every level obeys physics, and parts from the others by rounding alone") {
  for (const double area_fraction : {0.001, 0.0283, 0.4}) {
    const Start start = random_start(300, area_fraction, 1e-4, 11);
    const Recorded portable = record(start, 10, 1 << 30, Simd::portable);
    for (const Simd level : levels()) {
      CAPTURE(name(level));
      const Recorded run = record(start, 10, 1 << 30, level);
      CHECK(run.collisions == portable.collisions);
      CHECK(largest_difference(run.last_positions, portable.last_positions, 1) < 1e-9);
      const Start longer{{start.setup.box, start.setup.diameter, 0.02}, start.positions, start.velocities};
      check_invariants(longer, record(longer, 40, 1 << 30, level));
    }
  }
}

TEST_CASE("cells grow: all disks begin in one of them, and fly apart") {
  Start start = lattice(20, 0.5, 0.02, 5, 0.1);
  for (const Simd level : levels()) check_invariants(start, record(start, 60, 1 << 30, level));
}
