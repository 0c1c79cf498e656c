// The exact engine at every scale: powers of two change no collision, no time is without progress, and none is deaf.
#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "event_driven/event_run.hpp"
#include "tests/exact_starts.hpp"

using namespace exact;

namespace {

/// The same gas with lengths and velocities multiplied by powers of two.
Start scaled(const Start& start, int length, int speed) {
  Start out = start;
  out.setup = {std::ldexp(start.setup.box, length), std::ldexp(start.setup.diameter, length),
               std::ldexp(start.setup.dt, length - speed)};
  for (Vec& x : out.positions) x = {std::ldexp(x.x, length), std::ldexp(x.y, length)};
  for (Vec& v : out.velocities) v = {std::ldexp(v.x, speed), std::ldexp(v.y, speed)};
  return out;
}

/// Advance by a frame; stopped after so many questions, at least one.
int questions_until_stopped(const Start& start, int until) {
  int asked = 0;
  hthm::StopRequest stop{[&] { return ++asked == until; }};
  const auto run = hthm::make_event_run(start.setup, start.positions.data(), start.velocities.data(), start.n());
  std::int64_t collisions = 0;
  hthm::FrameSink sink;
  sink.collisions = &collisions;
  sink.stop = &stop;
  CHECK_THROWS_AS(run->advance(1, sink), hthm::Stopped);
  return asked;
}

}  // namespace

TEST_CASE("scales: powers of two in lengths and velocities change no bit") {
  for (const auto& [n, area_fraction] : {std::pair<std::int64_t, double>{40, 0.2}, {300, 0.02}, {2, 0.3}}) {
    const Start start = random_start(n, area_fraction, 0.05, 3);
    const Recorded expected = record(start, 20);
    for (const int length : {0, 1, -1, 40, -332, 332}) {
      for (const int speed : {0, 3, -300, -1000, 300, 495}) {
        if (std::abs(length - speed) > 1000) continue;  // a time between frames that is no normal number
        CAPTURE(length);
        CAPTURE(speed);
        const Recorded run = record(scaled(start, length, speed), 20);
        CHECK(run.collisions == expected.collisions);
        CHECK(run.log.pairs == expected.log.pairs);
        const Start back = scaled({{1, 1, 1}, run.positions, run.velocities}, -length, -speed);
        CHECK(same_bits(back.positions, expected.positions));
        CHECK(same_bits(back.velocities, expected.velocities));
        for (std::int64_t row = 0; row < run.log.times.size(); ++row) {
          REQUIRE(std::ldexp(run.log.times[row], speed - length) == expected.log.times[row]);
        }
      }
    }
  }
}

TEST_CASE("scales: any time between frames ends, and changes nothing but rounding") {
  const Start start = random_start(20, 0.1, 0.05, 2);
  for (const double dt : {5e-324, 1e-310, 1e-300, 1e-100, 1e-40, 1e-17}) {
    CAPTURE(dt);
    const Start brief{{1, start.setup.diameter, dt}, start.positions, start.velocities};
    const Recorded run = record(brief, 30);
    CHECK(run.total() == 0);
    CHECK(largest_difference(run.positions, record(brief, 30).positions, 1) == 0);
    CHECK(largest_difference(run.last_positions, start.positions, 1) < 1e-15);
  }
  Start ordinary = start;
  ordinary.setup.dt = 8;
  const Start slow = scaled(ordinary, 0, -960);  // whose time between frames is 2^963
  const Recorded run = record(slow, 4);
  CHECK(run.total() > 10);
  CHECK(run.collisions == record(ordinary, 4).collisions);
  Start rest = start;
  for (Vec& v : rest.velocities) v = {};
  for (const double dt : {5e-324, 1.0, 1e308}) {
    rest.setup.dt = dt;
    const Recorded still = record(rest, 10);
    CHECK(still.total() == 0);
    CHECK(largest_difference(still.last_positions, start.positions, 1) < 1e-15);
  }
}

TEST_CASE("scales: a disk much slower than the rest keeps its velocity until it is hit") {
  const Start start{{1, 0.1, 0.01}, {{0.2, 0.2}, {0.6, 0.2}, {0.5, 0.8}}, {{1e150, 0}, {-1e150, 0}, {1e-300, -5e-324}}};
  Start fast = start;
  fast.setup.dt = 1e-152;
  const Recorded run = record(fast, 30);
  CHECK(run.total() > 0);
  CHECK(run.last_velocities[2].x == 1e-300);
  CHECK(run.last_velocities[2].y == -5e-324);
}

TEST_CASE("scales: what rounding cannot resolve ends, with or without a message") {
  for (const double diameter : {1e-9, 1e-14, 0x1p-50, 0x1p-52, 1e-20, 1e-170, 5e-324}) {
    CAPTURE(diameter);
    for (const double v : {1.0, 1e-9}) {
      const Start start{{1, diameter, 0.1}, {{0, 0}, {diameter, 0}, {0.5, 0.3}}, {{v, 0}, {-1, 0}, {0, 1}}};
      try {
        CHECK(record(start, 10).total() < 100);
      } catch (const hthm::Jammed&) {
        CHECK(diameter < 0x1p-40);
      }
    }
  }
}

TEST_CASE("scales: a frame in which nothing collides hears that it is to stop") {
  const Start alone{{1, 0.1, 1e6}, {{0.2, 0.2}}, {{1, 0.3}}};
  CHECK(questions_until_stopped(alone, 3) == 3);
  Start apart{{1, 0.001, 1e6}, {}, {}};  // side by side, at the same velocity
  for (int k = 0; k < 50; ++k) {
    apart.positions.push_back({k / 50.0, k / 50.0});
    apart.velocities.push_back({1, 0.3});
  }
  const auto began = std::chrono::steady_clock::now();
  CHECK(questions_until_stopped(apart, 5) == 5);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{1});  // of hours; a question is milliseconds
}
