// Starts for tests of the exact engine, runs from them, and what holds for every run.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "event_driven/event_run.hpp"
#include "starts/placement.hpp"

namespace exact {

using hthm::Setup;
using hthm::Vec;

struct Start {
  Setup setup;
  std::vector<Vec> positions, velocities;
  std::vector<double> spins{};  // (n,), or none

  std::int64_t n() const { return static_cast<std::int64_t>(positions.size()); }
};

/// Random velocities of about unit speed.
inline void add_velocities(Start& start, std::mt19937_64& random) {
  std::normal_distribution<double> velocity{0, 1};
  for (std::int64_t i = 0; i < start.n(); ++i) start.velocities.push_back({velocity(random), velocity(random)});
}

inline Start random_start(std::int64_t n, double area_fraction, double dt, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::uniform_real_distribution<double> place{0, 1};
  const double diameter = std::min(0.5, std::sqrt(4 * area_fraction / (std::numbers::pi * static_cast<double>(n))));
  Start start{{1, diameter, dt}, std::vector<Vec>(static_cast<std::size_t>(n)), {}};
  for (std::int64_t placed = 0; placed < n;) {
    const Vec candidate{place(random), place(random)};
    placed = hthm::place_disks(start.setup, &candidate, 1, start.positions.data(), n, placed).disks;
  }
  add_velocities(start, random);
  return start;
}

/// `side` x `side` disks on a square lattice that fills `part` of the box, `gap` diameters between them: exact ties,
/// and contacts with gap 0 (in half a box: where rows of touching disks go round it, nothing can move).
inline Start lattice(int side, double gap, double dt, std::uint64_t seed, double part = 1) {
  std::mt19937_64 random{seed};
  Start start{{1, part / (side * (1 + gap)), dt}, {}, {}};
  for (int k = 0; k < side * side; ++k) {
    start.positions.push_back({part * (k % side) / side, part * (k / side) / side});
  }
  add_velocities(start, random);
  return start;
}

inline double minimum_distance(const std::vector<Vec>& x, double box) {
  double smallest = box;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      smallest = std::min(smallest, std::sqrt(norm2(hthm::separation(x[i], x[j], box, box / 2))));
    }
  }
  return smallest;
}

inline double tolerance(const Setup& setup) { return std::max(1e-12 * setup.diameter, 0x1p-51 * setup.box); }

/// Largest difference of a component of the positions, the nearest way round.
template <class A, class B>
inline double largest_difference(const std::vector<A>& a, const std::vector<B>& b, double box) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (double d : {static_cast<double>(a[i].x - b[i].x), static_cast<double>(a[i].y - b[i].y)}) {
      d = std::abs(std::remainder(d, box));
      largest = std::max(largest, d);
    }
  }
  return largest;
}

struct Recorded {
  std::vector<Vec> positions, velocities;  // (frames, n)
  std::vector<std::int64_t> collisions;    // (frames,)
  std::vector<Vec> last_positions, last_velocities;
  hthm::CollisionLog log;
  std::vector<double> spins{};  // (frames, n) of disks that have them

  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const std::int64_t count : collisions) sum += count;
    return sum;
  }
};

inline Recorded record(const Start& start, std::int64_t frames, std::int64_t stretch = 1 << 30,
                       hthm::Simd level = hthm::simd_level(), const hthm::AnyRule& rule = {}) {
  const auto n = static_cast<std::size_t>(start.n()), all = static_cast<std::size_t>(frames);
  Recorded out{std::vector<Vec>(all * n), std::vector<Vec>(all * n), std::vector<std::int64_t>(all), {}, {}, {}};
  out.last_positions.resize(n);
  out.last_velocities.resize(n);
  const auto run =
      hthm::make_event_run(start.setup, start.positions.data(), start.velocities.data(), start.n(), level, nullptr,
                           rule, hthm::Precision::floating, {}, start.spins.empty() ? nullptr : start.spins.data());
  out.spins.resize(all * n * static_cast<std::size_t>(hthm::inner_of(rule)));
  for (std::int64_t frame = 0; frame < frames; frame += stretch) {
    const std::int64_t offset = frame * start.n();
    hthm::FrameSink sink{out.velocities.data() + offset, out.positions.data() + offset, out.collisions.data() + frame,
                         &out.log};
    if (!out.spins.empty()) sink.inner = out.spins.data() + offset;
    run->advance(std::min(stretch, frames - frame), sink);
  }
  hthm::Pace pace{nullptr};
  run->write_state(out.last_positions.data(), out.last_velocities.data(), pace);
  return out;
}

inline double energy(const std::vector<Vec>& velocities) {
  double sum = 0;
  for (const Vec& v : velocities) sum += norm2(v) / 2;
  return sum;
}

template <class Vecs>
bool same_bits(const Vecs& a, const Vecs& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Vec& u, const Vec& v) {
    return u.x == v.x && u.y == v.y && std::signbit(u.x) == std::signbit(v.x);
  });
}

/// What holds for any run: conservation, no overlap at any frame, coordinates in the box.
inline void check_invariants(const Start& start, const Recorded& run) {
  const double speed = std::sqrt(2 * energy(start.velocities) / static_cast<double>(start.n()));
  CHECK(energy(run.last_velocities) == doctest::Approx(energy(start.velocities)).epsilon(1e-10));
  Vec momentum{};
  for (std::size_t i = 0; i < start.velocities.size(); ++i) {
    momentum.x += run.last_velocities[i].x - start.velocities[i].x;
    momentum.y += run.last_velocities[i].y - start.velocities[i].y;
  }
  CHECK(std::abs(momentum.x) <= 1e-10 * static_cast<double>(start.n()) * speed);
  CHECK(std::abs(momentum.y) <= 1e-10 * static_cast<double>(start.n()) * speed);
  for (const Vec& x : run.positions) {
    REQUIRE(x.x >= 0);
    REQUIRE(x.x < start.setup.box);
    REQUIRE(x.y >= 0);
    REQUIRE(x.y < start.setup.box);
  }
  const auto n = start.n();
  for (auto frame = run.positions.begin(); frame != run.positions.end(); frame += n) {
    REQUIRE(minimum_distance({frame, frame + n}, start.setup.box) >= start.setup.diameter - tolerance(start.setup));
  }
}

}  // namespace exact
