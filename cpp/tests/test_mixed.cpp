// Mixtures: the bits of disks that are alike, and the exact engine against a simulation without cells or calendar.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "event_driven/event_run.hpp"
#include "fixed_step/fixed_step.hpp"
#include "rules/any_rule.hpp"
#include "tests/brute_force.hpp"
#include "tests/exact_starts.hpp"

using namespace exact;
using hthm::AnyRule;
using hthm::ChiralDisks;
using hthm::Kind;
using hthm::Kinds;
using hthm::Mixed;
using hthm::RoughDisks;
using hthm::SmoothDisks;

namespace {

/// Kinds of other disks than their start was made for, none of them larger: `small` and `heavy` of the second.
Kinds kinds_of(const Start& start, std::int64_t first, double small, double heavy) {
  const double wide = start.setup.diameter;
  if (first == 0 || first >= start.n()) return Kinds{{{start.n(), wide, heavy}}};
  return Kinds{{{first, wide, 1}, {start.n() - first, small * wide, heavy}}};
}

/// A random start, with spins whose surfaces are about as fast as the disks.
Start spinning_start(std::int64_t n, double area_fraction, double dt, std::uint64_t seed) {
  Start start = random_start(n, area_fraction, dt, seed);
  start.setup.diameter *= 1 - 1e-9;
  std::mt19937_64 random{seed + 1000};
  std::normal_distribution<double> surface{0, 1};
  for (std::int64_t i = 0; i < n; ++i) start.spins.push_back(surface(random) / (start.setup.diameter / 2));
  return start;
}

enum class Which { smooth, rough, chiral };

constexpr double inertia = 0.4;

AnyRule rule_of(Which which, const Kinds& kinds, double delta) {
  if (which == Which::smooth) return Mixed<SmoothDisks>{kinds, [](double) { return SmoothDisks{}; }};
  if (which == Which::chiral) return Mixed<ChiralDisks>{kinds, [=](double) { return ChiralDisks{delta}; }};
  return Mixed<RoughDisks>{kinds, [](double wide) { return RoughDisks{wide, inertia, 1, 1}; }};
}

/// The rules once more, from impulses, masses and radii.
struct Brute {
  BruteForce gas;
  std::vector<long double> spins;

  Brute(const Start& start, const Kinds& kinds, Which which, double delta)
      : gas{start,
            [&kinds, delta](std::size_t i, std::size_t j, const auto& d, const auto& v) {
              const long double turn = std::atan2(d.x * v.y - d.y * v.x, d.x * v.x + d.y * v.y);  // v x d < 0
              const long double contact = (static_cast<long double>(of(kinds, i).diameter) + of(kinds, j).diameter) / 2;
              const long double distance = contact + (turn > 0 ? delta : -delta);
              return distance * distance;
            }},
        spins(start.spins.begin(), start.spins.end()) {
    gas.collide = [this, &kinds, which](std::size_t i, std::size_t j, const hthm::Vec2<long double>& n) {
      auto &v_i = gas.velocities[i], &v_j = gas.velocities[j];
      const bool rough = which == Which::rough;
      const long double m_i = of(kinds, i).mass, m_j = of(kinds, j).mass, mu = m_i * m_j / (m_i + m_j);
      const long double a_i = of(kinds, i).diameter / 2, a_j = of(kinds, j).diameter / 2, k = inertia;
      const long double turning = rough ? a_i * spins[i] + a_j * spins[j] : 0;
      const hthm::Vec2<long double> g{v_i.x - v_j.x + turning * n.y, v_i.y - v_j.y - turning * n.x};
      const long double along = g.x * n.x + g.y * n.y;
      const hthm::Vec2<long double> across{g.x - along * n.x, g.y - along * n.y};
      const long double push = rough ? 2 * k / (1 + k) : 0;
      const hthm::Vec2<long double> impulse{-mu * (2 * along * n.x + push * across.x),
                                            -mu * (2 * along * n.y + push * across.y)};
      v_i = {v_i.x + impulse.x / m_i, v_i.y + impulse.y / m_i};
      v_j = {v_j.x - impulse.x / m_j, v_j.y - impulse.y / m_j};
      if (!rough) return;
      const long double torque = -(n.x * impulse.y - n.y * impulse.x);  // on either, in units of its radius
      spins[i] += torque / (k * m_i * a_i);
      spins[j] += torque / (k * m_j * a_j);
    };
  }
  Brute(const Brute&) = delete;

  static const Kind& of(const Kinds& kinds, std::size_t i) { return kinds[kinds.of(static_cast<std::int64_t>(i))]; }
};

template <class All>
All frame_of(const All& all, std::int64_t frame, std::int64_t n) {
  return {all.begin() + frame * n, all.begin() + (frame + 1) * n};
}

struct Sums {
  double energy = 0, x = 0, y = 0, size = 0;
};

/// Energy, that of spins with it, and momentum; and as large as momenta are.
Sums sums(const Kinds& kinds, const std::vector<Vec>& velocities, const std::vector<double>& spins) {
  Sums all;
  for (std::size_t i = 0; i < velocities.size(); ++i) {
    const Kind& kind = Brute::of(kinds, i);
    const double surface = spins.empty() ? 0 : spins[i] * kind.diameter / 2;
    all.energy += kind.mass * (norm2(velocities[i]) + inertia * surface * surface) / 2;
    all.x += kind.mass * velocities[i].x;
    all.y += kind.mass * velocities[i].y;
    all.size += kind.mass * std::sqrt(norm2(velocities[i]));
  }
  return all;
}

void check_kept(const Sums& before, const Sums& after) {
  CHECK(after.energy == doctest::Approx(before.energy).epsilon(1e-10));
  CHECK(std::abs(after.x - before.x) <= 1e-10 * before.size);
  CHECK(std::abs(after.y - before.y) <= 1e-10 * before.size);
}

}  // namespace

TEST_CASE("a mixture of disks that are alike has their bits, in every engine") {
  const Start start = spinning_start(150, 0.2, 0.01, 5);
  const Kinds alike{{{50, start.setup.diameter, 3}, {1, start.setup.diameter, 3}, {99, start.setup.diameter, 3}}};
  const double delta = start.setup.diameter / 8;
  const std::vector<std::pair<AnyRule, AnyRule>> rules{
      {SmoothDisks{}, rule_of(Which::smooth, alike, 0)},
      {ChiralDisks{delta}, rule_of(Which::chiral, alike, delta)},
      {RoughDisks{start.setup.diameter, inertia, 1, 1}, rule_of(Which::rough, alike, 0)}};
  for (const auto& [one, other] : rules) {
    CAPTURE(one.index());
    Start of_rule = start;
    if (hthm::inner_of(one) == 0) of_rule.spins.clear();
    const Recorded a = record(of_rule, 20, 1 << 30, hthm::simd_level(), one);
    const Recorded b = record(of_rule, 20, 1 << 30, hthm::simd_level(), other);
    CHECK(a.total() > 100);
    CHECK(same_bits(a.velocities, b.velocities));
    CHECK(a.spins == b.spins);
    for (const std::string_view engine : hthm::fixed_step_engines()) {
      CAPTURE(engine);
      std::vector<std::vector<Vec>> velocities;
      std::vector<std::vector<double>> spins;
      for (const AnyRule* rule : {&one, &other}) {
        const auto run = hthm::make_fixed_step_run(engine, start.setup, start.positions.data(), start.velocities.data(),
                                                   start.n(), hthm::simd_level(), nullptr, *rule,
                                                   hthm::inner_of(*rule) ? start.spins.data() : nullptr);
        std::vector<std::int64_t> collisions(20);
        velocities.emplace_back(static_cast<std::size_t>(20 * start.n()));
        spins.emplace_back(static_cast<std::size_t>(20 * start.n() * hthm::inner_of(*rule)));
        hthm::FrameSink sink{velocities.back().data(), nullptr, collisions.data()};
        if (!spins.back().empty()) sink.inner = spins.back().data();
        run->advance(20, sink);
      }
      CHECK(same_bits(velocities[0], velocities[1]));
      CHECK(spins[0] == spins[1]);
    }
  }
}

TEST_CASE("mixtures follow a simulation without cells or calendar, as far as rounding lets two follow") {
  struct Case {
    std::int64_t n, first;
    double area_fraction, small, heavy, dt;
    int frames;
  };
  std::int64_t compared = 0;  // collisions
  for (const Case& c :
       {Case{1, 1, 0.1, 1, 2, 0.3, 20}, Case{2, 1, 0.02, 0.5, 4, 1, 30}, Case{2, 1, 0.3926, 0.7, 0.1, 0.05, 40},
        Case{2, 1, 0.3926, 1, 100, 0.05, 40}, Case{3, 1, 0.01, 0.2, 0.5, 4, 6}, Case{3, 2, 0.3, 0.9, 9, 0.02, 30},
        Case{4, 2, 0.4, 0.5, 3, 1e-2, 40}, Case{6, 2, 0.3, 0.4, 0.01, 0.02, 30}, Case{9, 4, 0.05, 0.1, 2, 0.02, 60},
        Case{12, 6, 0.3, 0.6, 5, 0.01, 40}, Case{12, 3, 0.4, 0.3, 0.2, 0.01, 30}}) {
    for (std::uint64_t seed = 1; seed <= 24; ++seed) {
      for (const Which which : {Which::smooth, Which::rough, Which::chiral}) {
        CAPTURE(c.n);
        CAPTURE(c.area_fraction);
        CAPTURE(seed);
        CAPTURE(static_cast<int>(which));
        Start start = spinning_start(c.n, c.area_fraction, c.dt, seed);
        if (which != Which::rough) start.spins.clear();
        const double delta = which == Which::chiral ? 0.3 * c.small * start.setup.diameter : 0;
        if (which == Which::chiral) start.setup.diameter /= 1.3;  // so that nobody is within reach
        const Kinds kinds = kinds_of(start, c.first, c.small, c.heavy);
        Start shifted = start;
        for (Vec& x : shifted.positions) x.x += 1e-14 * std::sin(1e3 * x.y);
        Brute expected{start, kinds, which, delta}, near{shifted, kinds, which, delta};
        const Recorded run = record(start, c.frames, 1 << 30, hthm::simd_level(), rule_of(which, kinds, delta));
        const double least = c.small * start.setup.diameter;
        std::int64_t collisions = 0;
        for (int frame = 0; frame < c.frames; ++frame) {
          CAPTURE(frame);
          expected.gas.advance(c.dt);
          near.gas.advance(c.dt);
          if (expected.gas.ambiguous) break;
          if (largest_difference(near.gas.positions, expected.gas.positions, 1) > 1e-9 * least) break;
          collisions += run.collisions[static_cast<std::size_t>(frame)];
          CHECK(collisions == expected.gas.collisions);
          CHECK(largest_difference(frame_of(run.positions, frame, c.n), expected.gas.positions, 1) < 1e-3 * least);
          CHECK(largest_difference(frame_of(run.velocities, frame, c.n), expected.gas.velocities, 1e9) < 2e-2);
          for (std::size_t i = 0; i < expected.spins.size(); ++i) {
            const double spin = run.spins[static_cast<std::size_t>(frame * c.n) + i];
            CHECK(std::abs(spin - static_cast<double>(expected.spins[i])) * least < 5e-2);
          }
        }
        compared += collisions;
        const std::vector<double> spins = start.spins.empty() ? start.spins : frame_of(run.spins, c.frames - 1, c.n);
        check_kept(sums(kinds, start.velocities, start.spins), sums(kinds, run.last_velocities, spins));
      }
    }
  }
  CHECK(compared > 4000);
  MESSAGE("collisions compared: " << compared);
}

TEST_CASE("powers of two change no bit of a mixture") {
  const Start start = spinning_start(40, 0.3, 0.01, 4);
  Start scaled = start;
  scaled.setup = {0x1p20, start.setup.diameter * 0x1p20, start.setup.dt * 0x1p-30};
  for (Vec& x : scaled.positions) x = {x.x * 0x1p20, x.y * 0x1p20};
  for (Vec& v : scaled.velocities) v = {v.x * 0x1p50, v.y * 0x1p50};
  for (double& spin : scaled.spins) spin *= 0x1p30;
  const Recorded one = record(start, 20, 7, hthm::simd_level(), rule_of(Which::rough, kinds_of(start, 20, 0.5, 7), 0));
  Recorded other = record(scaled, 20, 20, hthm::simd_level(), rule_of(Which::rough, kinds_of(scaled, 20, 0.5, 7), 0));
  for (Vec& v : other.velocities) v = {v.x * 0x1p-50, v.y * 0x1p-50};
  for (double& spin : other.spins) spin *= 0x1p-30;
  CHECK(one.total() > 30);
  CHECK(same_bits(one.velocities, other.velocities));
  CHECK(one.spins == other.spins);
}

TEST_CASE("lanes of either level find the collisions of a mixture, and its pairs keep their distance") {
  const Start start = random_start(400, 0.45, 0.01, 9);
  const Kinds kinds = kinds_of(start, 100, 0.25, 0.05);
  const AnyRule rule = rule_of(Which::smooth, kinds, 0);
  const Recorded one = record(start, 60, 1 << 30, hthm::Simd::portable, rule);
  const Recorded other = record(start, 60, 1 << 30, hthm::simd_level(), rule);
  CHECK(one.total() > 2000);
  CHECK(std::abs(one.total() - other.total()) < 0.1 * static_cast<double>(one.total()));
  for (const Recorded* run : {&one, &other}) {
    check_kept(sums(kinds, start.velocities, {}), sums(kinds, run->last_velocities, {}));
    for (std::int64_t i = 0; i < start.n(); ++i) {
      for (std::int64_t j = i + 1; j < start.n(); ++j) {
        const Vec d = hthm::separation(run->last_positions[static_cast<std::size_t>(i)],
                                       run->last_positions[static_cast<std::size_t>(j)], 1.0, 0.5);
        REQUIRE(std::sqrt(norm2(d)) >= kinds.contact(kinds.of(i), kinds.of(j)) - tolerance(start.setup));
      }
    }
  }
}

TEST_CASE("a start of a mixture may be as near as the kinds of a pair let it, and no nearer") {
  const Start start{{1, 0.2, 0.01}, {{0.5, 0.5}, {0.62, 0.5}, {0.9, 0.9}}, {{0, 0}, {0, 0}, {0, 0}}};
  const auto run = [&](double small) {
    const Kinds kinds{{{1, small, 1}, {1, small, 1}, {1, 0.2, 1}}};
    return hthm::make_event_run(start.setup, start.positions.data(), start.velocities.data(), 3, hthm::simd_level(),
                                nullptr, rule_of(Which::smooth, kinds, 0));
  };
  CHECK_NOTHROW(run(0.1));
  CHECK_NOTHROW(run(0.12));
  CHECK_THROWS_AS(run(0.13), hthm::OverlappingStart);
  CHECK_THROWS_AS(Kinds{{}}, std::invalid_argument);
  CHECK_THROWS_AS((Kinds{{{0, 0.1, 1}}}), std::invalid_argument);
}
