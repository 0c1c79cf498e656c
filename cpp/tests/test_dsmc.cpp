// The Boltzmann equation's engine: its random numbers, what a collision keeps, and how often which happens.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numbers>
#include <random>
#include <vector>

#include "core/run.hpp"
#include "dsmc/dsmc_run.hpp"
#include "dsmc/generator.hpp"

using hthm::CollisionLog;
using hthm::FrameSink;
using hthm::Setup;
using hthm::Stopped;
using hthm::StopRequest;
using hthm::Vec;
using hthm::dsmc::Below;
using hthm::dsmc::Generator;

namespace {

constexpr Setup setup{1.0, 0.006, 0.1};
constexpr Generator::State seed{5, 6, 7, 8};

std::vector<Vec> normal_velocities(std::size_t n, double spread = 1) {
  std::mt19937_64 random{11};
  std::normal_distribution<double> component{0, spread};
  std::vector<Vec> velocities(n);
  for (Vec& v : velocities) v = {component(random), component(random)};
  return velocities;
}

struct Recorded {
  std::vector<std::int64_t> collisions;
  std::vector<Vec> velocities;  // at the end
  CollisionLog log;
};

/// Frames of one run, handed over in calls of so many.
Recorded run_of(const Setup& of, const std::vector<Vec>& start, std::int64_t frames, std::int64_t a_call) {
  const auto n = static_cast<std::int64_t>(start.size());
  Recorded all;
  all.collisions.resize(static_cast<std::size_t>(frames));
  all.velocities.resize(start.size());
  const auto run = hthm::make_dsmc_run(of, start.data(), start.data(), n, seed);
  for (std::int64_t done = 0; done < frames; done += a_call) {
    FrameSink sink;
    sink.collisions = all.collisions.data() + done;
    sink.log = &all.log;
    run->advance(std::min(a_call, frames - done), sink);
  }
  std::vector<Vec> positions(start.size());
  hthm::Pace pace{nullptr};
  run->write_state(positions.data(), all.velocities.data(), pace);
  return all;
}

bool same(const std::vector<Vec>& a, const std::vector<Vec>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Vec& v, const Vec& w) { return v.x == w.x && v.y == w.y; });
}

}  // namespace

TEST_CASE("the generator gives the published numbers") {
  Generator random{{1, 2, 3, 4}};  // what the authors' own program, prng.di.unimi.it, gives from here
  for (const std::uint64_t expected : {41943041ULL, 58720359ULL, 3588806011781223ULL, 3591011842654386ULL,
                                       9228616714210784205ULL, 9973669472204895162ULL, 14011001112246962877ULL,
                                       12406186145184390807ULL, 15849039046786891736ULL, 10450023813501588000ULL}) {
    CHECK(random.next() == expected);
  }
}

TEST_CASE("numbers below a bound are as likely as each other") {
  Generator random{seed};
  for (const std::uint32_t most : {1U, 2U, 3U, 1000U, 1U << 31U, (1U << 31U) - 1}) {
    const Below below{most};
    for (const std::uint32_t bits : {0U, 1U, 0x7fffffffU, 0xffffffffU}) {
      const std::int32_t drawn = below.of(bits, random);
      CHECK((drawn >= 0 && static_cast<std::uint32_t>(drawn) < most));
    }
  }
  const Below below{6};  // 2^32 = 4 modulo 6: bits 0 would be one too many for the number 0
  std::vector<int> counts(6);
  for (int k = 0; k < 60'000; ++k) ++counts[static_cast<std::size_t>(below.of(0, random))];
  for (const int count : counts) CHECK(std::abs(count - 10'000) < 6 * 91);  // by chance 1e-8
}

TEST_CASE("frames and calls only look on") {
  const std::vector<Vec> start = normal_velocities(100);
  const Recorded whole = run_of(setup, start, 24, 24);
  CHECK(whole.log.pairs.size() > 100);
  const Recorded pieces = run_of(setup, start, 24, 5);
  CHECK(whole.collisions == pieces.collisions);
  CHECK(same(whole.velocities, pieces.velocities));
  const Recorded coarse = run_of({1.0, 0.006, 0.8}, start, 3, 1);
  CHECK(same(whole.velocities, coarse.velocities));
  for (std::int64_t row = 0; row < whole.log.times.size(); ++row) {
    REQUIRE(whole.log.times.data()[row] == coarse.log.times.data()[row]);
    REQUIRE(whole.log.times.data()[row] < 2.4);
    if (row > 0) REQUIRE(whole.log.times.data()[row] > whole.log.times.data()[row - 1]);
  }
}

TEST_CASE("units are nothing but units: powers of two change no bit") {
  const std::vector<Vec> start = normal_velocities(60);
  const Recorded here = run_of(setup, start, 10, 10);
  for (const int power : {-900, -40, 40, 900}) {
    const double speed = std::ldexp(1.0, power);
    std::vector<Vec> fast = start;
    for (Vec& v : fast) v = {v.x * speed, v.y * speed};
    Recorded there = run_of({1.0, 0.006, 0.1 / speed}, fast, 10, 10);
    CHECK(here.collisions == there.collisions);
    for (Vec& v : there.velocities) v = {v.x / speed, v.y / speed};
    CHECK(same(here.velocities, there.velocities));
  }
}

TEST_CASE("collisions keep momentum and energy, pairs collide by their relative speed, at any impact parameter") {
  const std::vector<Vec> start = normal_velocities(300);
  const Recorded run = run_of(setup, start, 600, 600);
  const std::int64_t rows = run.log.pairs.size() / 2;
  REQUIRE(rows > 50'000);
  std::vector<Vec> now = start;
  std::vector<double> impacts;
  double squares = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int32_t i = run.log.pairs.data()[2 * row], j = run.log.pairs.data()[2 * row + 1];
    REQUIRE((0 <= i && i < j && j < 300));
    Vec &v_i = now[static_cast<std::size_t>(i)], &v_j = now[static_cast<std::size_t>(j)];
    const Vec w_i = run.log.velocities.data()[2 * row], w_j = run.log.velocities.data()[2 * row + 1];
    const Vec g{v_i.x - v_j.x, v_i.y - v_j.y}, p{w_i.x - v_i.x, w_i.y - v_i.y};
    CHECK(std::abs(v_i.x + v_j.x - w_i.x - w_j.x) + std::abs(v_i.y + v_j.y - w_i.y - w_j.y) < 1e-14);
    CHECK(std::abs(norm2(v_i) + norm2(v_j) - norm2(w_i) - norm2(w_j)) < 1e-13);
    impacts.push_back((p.x * g.y - p.y * g.x) / std::sqrt(norm2(p) * norm2(g)));  // sine between p and g: b/σ
    squares += norm2(g);
    v_i = w_i;
    v_j = w_j;
  }
  CHECK(same(now, run.velocities));

  // Kolmogorov and Smirnov against the uniform distribution on [-1, 1]; 2.7 is exceeded once in a million.
  std::sort(impacts.begin(), impacts.end());
  double distance = 0;
  for (std::int64_t k = 0; k < rows; ++k) {
    const double uniform = (impacts[static_cast<std::size_t>(k)] + 1) / 2;
    distance = std::max({distance, std::abs(uniform - static_cast<double>(k) / static_cast<double>(rows)),
                         std::abs(uniform - static_cast<double>(k + 1) / static_cast<double>(rows))});
  }
  CHECK(distance * std::sqrt(static_cast<double>(rows)) < 2.7);

  // Weighted by |g|, Maxwell's g² is 6T on the average, not 4T; T is that of the motion about the mean. The variance
  // of g² is 24 T², so that 6 standard errors are 6 √(24/rows); what 300 disks leave of Maxwell is 1/300.
  double energy = 0;
  Vec mean{};
  for (const Vec& v : start) mean = {mean.x + v.x / 300, mean.y + v.y / 300};
  for (const Vec& v : start) energy += norm2(Vec{v.x - mean.x, v.y - mean.y}) / 2;
  const double temperature = energy / 299;
  CHECK(squares / static_cast<double>(rows) / temperature ==
        doctest::Approx(6).epsilon(1.0 / 300 + std::sqrt(24.0 / static_cast<double>(rows))));
}

TEST_CASE("disks alone, at rest or all of one velocity do not collide, and time goes on") {
  for (const std::vector<Vec>& start :
       {std::vector<Vec>{{1, 2}}, std::vector<Vec>(50), std::vector<Vec>(50, {1, 0.1})}) {
    const Recorded run = run_of(setup, start, 100, 30);
    CHECK(run.log.pairs.size() == 0);
    CHECK(same(run.velocities, start));
  }
  std::vector<Vec> start(50, {1, 0.1});
  start[7] = {3, 3};  // one that meets the others, in a gas that drifts
  CHECK(run_of(setup, start, 100, 30).log.pairs.size() > 0);
  const Recorded points = run_of({1.0, 1e-300, 0.1}, start, 100, 30);
  CHECK(points.log.pairs.size() == 0);
}

TEST_CASE("a frame without end is stopped, and positions are refused") {
  const std::vector<Vec> start = normal_velocities(100);
  std::int64_t collisions = 0;
  int asked = 0;
  StopRequest stop{[&] { return ++asked > 3; }};
  FrameSink sink;
  sink.collisions = &collisions;
  sink.stop = &stop;
  CHECK_THROWS_AS(hthm::make_dsmc_run({1.0, 0.4, 1e12}, start.data(), start.data(), 100, seed)->advance(1, sink),
                  Stopped);
  std::vector<Vec> positions(100);
  sink.stop = nullptr;
  sink.positions = positions.data();
  CHECK_THROWS_AS(hthm::make_dsmc_run(setup, start.data(), start.data(), 100, seed)->advance(1, sink),
                  std::invalid_argument);
}
