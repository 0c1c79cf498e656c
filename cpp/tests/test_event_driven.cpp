// The exact engine against an independent one without cells, calendar or local clocks, and against what physics
// promises: conservation, disks that never overlap, and a way back.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "event_driven/event_run.hpp"
#include "event_driven/gas.hpp"
#include "placement.hpp"

using hthm::Setup;
using hthm::Vec;

namespace {

struct Start {
  Setup setup;
  std::vector<Vec> positions, velocities;

  std::int64_t n() const { return static_cast<std::int64_t>(positions.size()); }
};

/// Random velocities of about unit speed.
void add_velocities(Start& start, std::mt19937_64& random) {
  std::normal_distribution<double> velocity{0, 1};
  for (std::int64_t i = 0; i < start.n(); ++i) start.velocities.push_back({velocity(random), velocity(random)});
}

Start random_start(std::int64_t n, double area_fraction, double dt, std::uint64_t seed) {
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

/// `side` x `side` disks on a square lattice, `gap` diameters between them: exact ties, and contacts with gap 0.
Start lattice(int side, double gap, double dt, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  Start start{{1, 1 / (side * (1 + gap)), dt}, {}, {}};
  for (int k = 0; k < side * side; ++k) {
    start.positions.push_back({(k % side) / static_cast<double>(side), (k / side) / static_cast<double>(side)});
  }
  add_velocities(start, random);
  return start;
}

double minimum_distance(const std::vector<Vec>& x, double box) {
  double smallest = box;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      smallest = std::min(smallest, std::sqrt(norm2(hthm::separation(x[i], x[j], box, box / 2))));
    }
  }
  return smallest;
}

double tolerance(const Setup& setup) { return std::max(1e-12 * setup.diameter, 0x1p-51 * setup.box); }

/// All pairs, all 9 images, every disk moved at every collision, in long double. Flights beyond a quarter box are cut,
/// so that no farther image can be hit.
class BruteForce {
 public:
  explicit BruteForce(const Start& start) : box_{start.setup.box}, diameter_{start.setup.diameter} {
    for (const Vec& x : start.positions) positions.push_back({x.x, x.y});
    for (const Vec& v : start.velocities) velocities.push_back({v.x, v.y});
  }

  void advance(long double time) {
    while (time > 0) {
      std::size_t i = 0, j = 0;
      hthm::Vec2<long double> d{};
      long double step = std::min(time, cut());
      for (std::size_t a = 0; a < positions.size(); ++a) {
        for (std::size_t b = a + 1; b < positions.size(); ++b) consider(a, b, step, i, j, d);
      }
      time -= step;
      for (std::size_t k = 0; k < positions.size(); ++k) {
        positions[k] = {wrapped(positions[k].x + velocities[k].x * step),
                        wrapped(positions[k].y + velocities[k].y * step)};
      }
      if (i == j) continue;
      const long double r = std::sqrt(norm2(d));
      const hthm::Vec2<long double> normal{d.x / r, d.y / r};
      const long double p =
          (velocities[i].x - velocities[j].x) * normal.x + (velocities[i].y - velocities[j].y) * normal.y;
      velocities[i] = {velocities[i].x - p * normal.x, velocities[i].y - p * normal.y};
      velocities[j] = {velocities[j].x + p * normal.x, velocities[j].y + p * normal.y};
      last_i_ = i;
      last_j_ = j;
      ++collisions;
    }
  }

  std::vector<hthm::Vec2<long double>> positions, velocities;
  std::int64_t collisions = 0;

 private:
  long double wrapped(long double x) const { return x - box_ * std::floor(x / box_); }

  long double cut() const {
    long double fastest = 0;
    for (const auto& v : velocities) fastest = std::max({fastest, std::abs(v.x), std::abs(v.y)});
    return fastest > 0 ? box_ / 4 / fastest : HUGE_VALL;
  }

  void consider(std::size_t a, std::size_t b, long double& step, std::size_t& i, std::size_t& j,
                hthm::Vec2<long double>& contact) const {
    const hthm::Vec2<long double> v{velocities[a].x - velocities[b].x, velocities[a].y - velocities[b].y};
    for (int kx = -1; kx <= 1; ++kx) {
      for (int ky = -1; ky <= 1; ++ky) {
        const hthm::Vec2<long double> d{positions[a].x - positions[b].x + kx * box_,
                                        positions[a].y - positions[b].y + ky * box_};
        const long double b1 = d.x * v.x + d.y * v.y, c = norm2(d) - diameter_ * diameter_;
        const long double disc = b1 * b1 - norm2(v) * c;
        if (b1 >= 0 || disc < 0) continue;
        if (a == last_i_ && b == last_j_ && c < 1e-12L * diameter_ * diameter_) continue;  // they have just collided
        const long double time = std::max(0.0L, c / (std::sqrt(disc) - b1));
        if (time >= step) continue;
        step = time;
        i = a;
        j = b;
        contact = {d.x + v.x * time, d.y + v.y * time};
      }
    }
  }

  long double box_, diameter_;
  std::size_t last_i_ = 0, last_j_ = 0;
};

/// Largest difference of a component of the positions, the nearest way round.
template <class A, class B>
double largest_difference(const std::vector<A>& a, const std::vector<B>& b, double box) {
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

  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const std::int64_t count : collisions) sum += count;
    return sum;
  }
};

Recorded record(const Start& start, std::int64_t frames, std::int64_t stretch = 1 << 30) {
  const auto n = static_cast<std::size_t>(start.n()), all = static_cast<std::size_t>(frames);
  Recorded out{std::vector<Vec>(all * n), std::vector<Vec>(all * n), std::vector<std::int64_t>(all), {}, {}, {}};
  out.last_positions.resize(n);
  out.last_velocities.resize(n);
  const auto run =
      hthm::make_event_run(start.setup, start.positions.data(), start.velocities.data(), start.n());
  for (std::int64_t frame = 0; frame < frames; frame += stretch) {
    const std::int64_t offset = frame * start.n();
    run->advance(std::min(stretch, frames - frame), {out.velocities.data() + offset, out.positions.data() + offset,
                                                     out.collisions.data() + frame, &out.log});
  }
  run->write_state(out.last_positions.data(), out.last_velocities.data());
  return out;
}

double energy(const std::vector<Vec>& velocities) {
  double sum = 0;
  for (const Vec& v : velocities) sum += norm2(v) / 2;
  return sum;
}

bool same_bits(const std::vector<Vec>& a, const std::vector<Vec>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const Vec& u, const Vec& v) {
           return u.x == v.x && u.y == v.y && std::signbit(u.x) == std::signbit(v.x);
         });
}

/// What holds for any run: conservation, no overlap at any frame, coordinates in the box.
void check_invariants(const Start& start, const Recorded& run) {
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

}  // namespace

TEST_CASE("the exact engine follows a simulation without cells or calendar, as far as rounding lets two follow") {
  struct Case {
    std::int64_t n;
    double area_fraction, dt;
    int frames;
  };
  // Frames from far below to far above the time between collisions. Differences grow 10 to 300 fold a collision of a
  // disk, so each case ends after a few of them.
  for (const Case& c : {Case{1, 0.1, 0.3, 40}, Case{2, 0.002, 3, 30}, Case{2, 0.1, 0.5, 10}, Case{2, 0.3926, 0.05, 10},
                        Case{3, 0.01, 4, 6}, Case{3, 0.3, 0.02, 20}, Case{4, 0.4, 1e-3, 100}, Case{5, 0.3, 0.2, 3},
                        Case{20, 0.001, 0.5, 10}, Case{60, 0.02, 0.02, 20}, Case{60, 0.3, 1e-3, 60},
                        Case{200, 0.4, 0.03, 1}, Case{200, 0.03, 1e-4, 500}}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      CAPTURE(c.n);
      CAPTURE(c.area_fraction);
      CAPTURE(c.dt);
      CAPTURE(seed);
      const Start start = random_start(c.n, c.area_fraction, c.dt, seed);
      BruteForce expected{start};
      const Recorded run = record(start, c.frames);
      std::int64_t collisions = 0;
      for (int frame = 0; frame < c.frames; ++frame) {
        CAPTURE(frame);
        expected.advance(c.dt);
        collisions += run.collisions[static_cast<std::size_t>(frame)];
        CHECK(collisions == expected.collisions);
        const auto first = frame * start.n();
        const std::vector<Vec> x(run.positions.begin() + first, run.positions.begin() + first + start.n());
        const std::vector<Vec> v(run.velocities.begin() + first, run.velocities.begin() + first + start.n());
        CHECK(largest_difference(x, expected.positions, 1) < 1e-5 * start.setup.diameter);
        CHECK(largest_difference(v, expected.velocities, 1e9) < 1e-4);
      }
      check_invariants(start, run);
    }
  }
}
