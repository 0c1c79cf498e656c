// A log kept by momenta: the same velocities bit for bit, whatever the engine, and any row that has no momentum.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "recording/momenta.hpp"

using hthm::Vec;

namespace {

/// A log of one run and one frame, made up.
struct Log {
  std::vector<Vec> start;
  std::vector<std::int32_t> pairs;
  std::vector<Vec> velocities;
  std::vector<std::int64_t> frame_offsets{0, 0};

  void add(std::int32_t i, std::int32_t j, const Vec& v_i, const Vec& v_j) {
    pairs.insert(pairs.end(), {i, j});
    velocities.insert(velocities.end(), {v_i, v_j});
    ++frame_offsets[1];
  }

  hthm::LogView view() const {
    return {start.data(),      frame_offsets.data(), pairs.data(), velocities.data(), 1, 1,
            std::ssize(start), frame_offsets[1]};
  }

  /// Rows without a momentum, of a log whose momenta give the very velocities that it has.
  std::vector<std::int64_t> exact_rows(int threads = 1) const {
    const auto rows = static_cast<std::size_t>(frame_offsets[1]);
    std::vector<Vec> momenta(rows), made(2 * rows), exact_velocities;
    const std::vector<std::int64_t> exact = hthm::find_momenta(view(), threads, momenta.data());
    for (const std::int64_t row : exact) {
      for (const std::int64_t k : {2 * row, 2 * row + 1}) {
        exact_velocities.push_back(velocities[static_cast<std::size_t>(k)]);
      }
    }
    hthm::apply_momenta(view(), momenta.data(), {exact.data(), exact_velocities.data(), std::ssize(exact)}, threads,
                        made.data());
    CHECK(std::memcmp(made.data(), velocities.data(), made.size() * sizeof(Vec)) == 0);
    return exact;
  }
};

}  // namespace

TEST_CASE("what is added to one disk and taken from the other is found again, at any scale") {
  std::mt19937_64 random{3};
  std::uniform_real_distribution<double> unit{-1, 1};
  std::uniform_int_distribution<int> power{-60, 3}, disk{0, 19};
  for (const int scale : {0, -900, 1000}) {
    CAPTURE(scale);
    const auto number = [&](int least = -60) {
      return std::ldexp(unit(random), scale + std::max(power(random), least));
    };
    Log log;
    for (int k = 0; k < 20; ++k) log.start.push_back({number(), number()});
    std::vector<Vec> now = log.start;
    for (int row = 0; row < 20000; ++row) {
      const auto i = disk(random), j = (i + 1 + disk(random) % 19) % 20;
      Vec &a = now[static_cast<std::size_t>(i)], &b = now[static_cast<std::size_t>(j)];
      // Of the size of the velocity of one of them, where it nearly stops, or of any other.
      const Vec p = row % 3 == 0 ? Vec{a.x * (1 + std::ldexp(unit(random), -50)), b.y} : Vec{number(), number()};
      const Vec a_after{a.x - p.x, a.y - p.y}, b_after{b.x + p.x, b.y + p.y};
      const double largest = std::max(std::hypot(a_after.x, a_after.y), std::hypot(b_after.x, b_after.y));
      if (largest > std::ldexp(1.0, scale + 10)) continue;  // as energy does, keep them in their range
      a = a_after;
      b = b_after;
      log.add(i, j, a, b);
    }
    CHECK(log.frame_offsets[1] > 10000);
    CHECK(log.exact_rows().empty());
  }
}

TEST_CASE("rows that no momentum gives are kept as they are") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  Log log{.start = {{1, 2}, {3, 4}, {0.1, 0.2}}, .pairs = {}, .velocities = {}};
  log.add(0, 1, {2, 2}, {2, 4});         // one unit to the first
  log.add(0, 1, {2, 2}, {2, 5});         // only the second has changed
  log.add(0, 2, {-0.0, 2}, {2.1, 0.2});  // 2 - 2 is +0
  log.add(1, 2, {nan, infinite}, {1e300, 0});
  log.add(1, 2, {0, 0}, {0, 0});
  CHECK(log.exact_rows() == std::vector<std::int64_t>{1, 2, 3, 4});
}

TEST_CASE("what both spins gain is found again, and rows that no turn gives are kept as they are") {
  std::mt19937_64 random{5};
  std::uniform_real_distribution<double> unit{-1, 1};
  const std::vector<double> start{0.0, -0.0, 1e-3, 7.0, -0.0};
  Log log{.start = std::vector<Vec>(5), .pairs = {}, .velocities = {}};  // of which the spins are not asked
  std::vector<double> now = start, spins;
  std::vector<std::int64_t> without;
  for (int row = 0; row < 5000; ++row) {
    const auto i = static_cast<std::size_t>(row % 4), j = i + 1;
    const bool odd = row % 500 == 499;  // a disk that the other does not turn with
    const double turn = row % 7 == 0 ? -now[i] * (1 + 1e-9 * unit(random)) : unit(random);
    now[i] += turn;
    now[j] += odd ? -turn : turn;
    if (odd) without.push_back(row);
    spins.insert(spins.end(), {now[i], now[j]});
    log.add(static_cast<std::int32_t>(i), static_cast<std::int32_t>(j), {}, {});
  }
  spins.insert(spins.end(), {0.0, now[1] - now[0]});
  log.add(0, 1, {}, {});  // to rest: its spin is +0, whatever turns it
  std::vector<double> turns(5001), made(spins.size()), exact_spins;
  std::vector<std::int64_t> exact = hthm::find_turns(log.view(), start.data(), spins.data(), 1, turns.data());
  for (const std::int64_t row : exact) {
    for (const std::int64_t k : {2 * row, 2 * row + 1}) exact_spins.push_back(spins[static_cast<std::size_t>(k)]);
  }
  hthm::apply_turns(log.view(), start.data(), turns.data(), {exact.data(), exact_spins.data(), std::ssize(exact)}, 1,
                    made.data());
  CHECK(std::memcmp(made.data(), spins.data(), made.size() * sizeof(double)) == 0);
  if (!exact.empty() && exact.back() == 5000) exact.pop_back();
  CHECK(exact == without);
}

TEST_CASE("a log of momenta that points outside of itself is refused") {
  Log log{.start = {{1, 2}, {3, 4}}, .pairs = {}, .velocities = {}};
  log.add(0, 1, {2, 2}, {2, 4});
  std::vector<Vec> to(2);
  const auto find = [&] { hthm::find_momenta(log.view(), 1, to.data()); };
  find();
  for (const std::int32_t wrong : {-1, 2}) {
    log.pairs[1] = wrong;
    CHECK_THROWS_WITH_AS(find(), doctest::Contains("pairs"), std::invalid_argument);
  }
}
