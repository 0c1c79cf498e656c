// The seam for rules of collision, tried with two that need all of it: disks that spin, and disks that touch at another
// distance on either side.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "event_driven/gas.hpp"
#include "fixed_step/fixed_step_run.hpp"
#include "fixed_step/pair_finders/sorted_cells.hpp"
#include "rules/chiral_disks.hpp"
#include "rules/rough_disks.hpp"
#include "rules/smooth_disks.hpp"
#include "tests/exact_starts.hpp"

namespace {

using exact::Start;
using hthm::ChiralDisks;
using hthm::RoughDisks;
using hthm::Vec;

struct Recorded {
  std::vector<Vec> velocities;
  std::vector<double> inner;
  std::vector<std::int64_t> collisions;
  hthm::CollisionLog log;
};

constexpr std::int64_t frames = 40;

template <class Rule>
Recorded fixed_step(const Rule& rule, const Start& start) {
  hthm::Pace pace{nullptr};
  hthm::FixedStepRun<hthm::SortedCells, Rule> run(rule, start.setup, start.positions.data(), start.velocities.data(),
                                                  start.n(), hthm::simd_level(), pace);
  const auto disks = static_cast<std::size_t>(frames * start.n());
  Recorded out{
      std::vector<Vec>(disks), std::vector<double>(disks * Rule::inner), std::vector<std::int64_t>(frames), {}};
  hthm::FrameSink sink;
  sink.velocities = out.velocities.data();
  sink.inner = out.inner.data();
  sink.collisions = out.collisions.data();
  sink.log = &out.log;
  run.advance(frames, sink);
  return out;
}

template <class Rule>
struct Exact {
  hthm::Pace pace{nullptr};
  hthm::event_driven::Gas<double, Rule> gas;
  std::int64_t collisions = 0;

  Exact(const Rule& rule, const Start& start)
      : gas{rule, start.setup, start.positions.data(), start.velocities.data(), start.n(), hthm::simd_level(), pace} {}

  template <class Collided>
  void run(const Collided& collided) {
    for (int frame = 0; frame < frames; ++frame) {
      gas.advance_frame(
          [&](std::int32_t i, std::int32_t j, double time) {
            ++collisions;
            collided(i, j, time);
          },
          [](double) {}, [](std::int64_t) {}, [](std::int32_t, std::int32_t) {});
    }
  }
};

constexpr auto nothing = [](std::int32_t, std::int32_t, double) {};

struct Sums {
  double energy = 0, x = 0, y = 0;
};

/// Energy, that of the spins with it, and momentum.
template <class Velocity, class Spin>
Sums sums(std::int64_t n, const Velocity& velocity, const Spin& spin, double inertia) {
  Sums total;
  for (std::int32_t i = 0; i < n; ++i) {
    const Vec v = velocity(i);
    const double s = spin(i);
    total.energy += (v.x * v.x + v.y * v.y + inertia * s * s) / 2;
    total.x += v.x;
    total.y += v.y;
  }
  return total;
}

bool same_bits(const std::vector<Vec>& a, const std::vector<Vec>& b) {
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k].x != b[k].x || a[k].y != b[k].y) return false;
  }
  return a.size() == b.size();
}

}  // namespace

TEST_CASE("a rule that does what smooth disks do has their bits, in either kind of engine") {
  const Start start = exact::random_start(200, 0.2, 0.01, 5);
  const Recorded smooth = fixed_step(hthm::SmoothDisks{}, start);
  CHECK(smooth.log.inner.empty());
  const RoughDisks slippery{start.setup.diameter, 0.5, 1, -1};
  CHECK(same_bits(fixed_step(slippery, start).velocities, smooth.velocities));
  CHECK(same_bits(fixed_step(ChiralDisks{0}, start).velocities, smooth.velocities));
  Exact<hthm::SmoothDisks> exact_smooth({}, start);
  Exact<RoughDisks> exact_rough(slippery, start);
  Exact<ChiralDisks> exact_chiral({0}, start);
  exact_smooth.run(nothing);
  exact_rough.run(nothing);
  exact_chiral.run(nothing);
  CHECK(exact_smooth.collisions > 100);
  CHECK(exact_rough.collisions == exact_smooth.collisions);
  CHECK(exact_chiral.collisions == exact_smooth.collisions);
  for (std::int32_t i = 0; i < 200; ++i) {
    CHECK(exact_rough.gas.velocity(i).x == exact_smooth.gas.velocity(i).x);
    CHECK(exact_chiral.gas.velocity(i).y == exact_smooth.gas.velocity(i).y);
  }
}

TEST_CASE("what disks carry beside their velocity is changed, recorded and logged with it") {
  const Start start = exact::random_start(200, 0.2, 0.01, 6);
  const auto n = start.n();
  const RoughDisks rule{start.setup.diameter, 0.5, 1, 1};
  const double inertia = 0.5 * rule.radius * rule.radius;
  const auto none = [](std::int32_t) { return 0.0; };
  const Sums before =
      sums(n, [&](std::int32_t i) { return start.velocities[static_cast<std::size_t>(i)]; }, none, inertia);

  const Recorded run = fixed_step(rule, start);
  const auto last = static_cast<std::size_t>((frames - 1) * n);
  const auto spin = [&](std::int32_t i) { return run.inner[last + static_cast<std::size_t>(i)]; };
  const Sums after =
      sums(n, [&](std::int32_t i) { return run.velocities[last + static_cast<std::size_t>(i)]; }, spin, inertia);
  CHECK(after.energy == doctest::Approx(before.energy).epsilon(1e-12));
  CHECK(after.x == doctest::Approx(before.x).epsilon(1e-12));
  CHECK(after.y == doctest::Approx(before.y).epsilon(1e-12));

  std::vector<double> replayed(static_cast<std::size_t>(n));
  REQUIRE(run.log.inner.size() == run.log.pairs.size());
  for (std::int64_t k = 0; k < run.log.pairs.size(); ++k) {
    replayed[static_cast<std::size_t>(run.log.pairs[k])] = run.log.inner[k];
  }
  for (std::int32_t i = 0; i < n; ++i) CHECK(replayed[static_cast<std::size_t>(i)] == spin(i));

  Exact<RoughDisks> exact(rule, start);
  exact.run(nothing);
  const Sums later = sums(
      n, [&](std::int32_t i) { return exact.gas.velocity(i); },
      [&](std::int32_t i) { return exact.gas.inner(i).values[0]; }, inertia);
  CHECK(later.energy == doctest::Approx(before.energy).epsilon(1e-11));
  CHECK(later.x == doctest::Approx(before.x).epsilon(1e-11));
}

TEST_CASE("a pair collides at the distance that the rule gives it") {
  Start start = exact::random_start(150, 0.1, 0.01, 7);
  const double diameter = start.setup.diameter /= 1.25;  // no two disks are within reach at the start
  const ChiralDisks rule{diameter / 4};
  std::int64_t near = 0, far = 0;
  Exact<ChiralDisks> exact(rule, start);
  exact.run([&](std::int32_t i, std::int32_t j, double time) {
    const Vec a = exact.gas.position_at(i, time), b = exact.gas.position_at(j, time);
    const double dx = std::remainder(a.x - b.x, 1), dy = std::remainder(a.y - b.y, 1);
    const double distance = std::hypot(dx, dy) / diameter;
    near += std::abs(distance - 0.75) < 1e-9;
    far += std::abs(distance - 1.25) < 1e-9;
  });
  CHECK(near + far > 9 * exact.collisions / 10);  // a third disk may turn a pair within the outer distance
  CHECK(near > 0);
  CHECK(far > near);
}
