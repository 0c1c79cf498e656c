// Overlaps counted, and disks placed one after the other.
#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "fixed_step/pair_finders/pair_list.hpp"
#include "starts/placement.hpp"

using hthm::Setup;
using hthm::Vec;

namespace {

std::vector<Vec> random_points(std::size_t count, double box, unsigned seed) {
  std::mt19937_64 random{seed};
  std::uniform_real_distribution<double> place{0, box};
  std::vector<Vec> points(count);
  for (Vec& point : points) point = {place(random), place(random)};
  return points;
}

std::int64_t overlaps_by_brute_force(const Setup& setup, const std::vector<Vec>& positions) {
  const hthm::OverlapTest overlap{setup};
  std::int64_t count = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    for (std::size_t j = i + 1; j < positions.size(); ++j) count += overlap(positions[i], positions[j]);
  }
  return count;
}

}  // namespace

TEST_CASE("overlaps are those of a look at every pair, from one cell to many") {
  for (const double box : {1.0, 7.1}) {
    for (const double diameter : {0.5, 0.34, 0.33, 0.1, 0.01, 0.0}) {
      const Setup setup{box, diameter * box, 1};
      const std::vector<Vec> positions = random_points(200, box, 1);
      CAPTURE(box);
      CAPTURE(diameter);
      for (const int threads : {1, 2}) {
        std::int64_t count = -1;
        hthm::count_overlaps(setup, positions.data(), 1, 200, threads, &count);
        CHECK(count == overlaps_by_brute_force(setup, positions));
      }
    }
  }
}

TEST_CASE("disks that just touch, across the edge of the box too, do not overlap") {
  const Setup setup{1, 0.25, 1};
  const std::vector<Vec> touching{{0.125, 0.5}, {0.375, 0.5}, {0.875, 0.5}};
  std::int64_t count = -1;
  hthm::count_overlaps(setup, touching.data(), 1, 3, 1, &count);
  CHECK(count == 0);
}

TEST_CASE("each candidate is kept if it overlaps none of those kept before") {
  for (const double diameter : {0.5, 0.3, 0.05}) {
    const Setup setup{1, diameter, 1};
    const hthm::OverlapTest overlap{setup};
    const std::vector<Vec> candidates = random_points(400, 1, 2);
    std::vector<Vec> expected;
    for (const Vec& candidate : candidates) {
      bool room = true;
      for (const Vec& kept : expected) room = room && !overlap(candidate, kept);
      if (room) expected.push_back(candidate);
    }
    CAPTURE(diameter);
    const auto n = static_cast<std::int64_t>(expected.size()) + 1;  // one more than there is room for
    std::vector<Vec> positions(static_cast<std::size_t>(n));
    // In two calls: the second goes on where the first stopped.
    const hthm::Placed half = hthm::place_disks(setup, candidates.data(), 150, positions.data(), n, 0);
    CHECK(half.used == 150);
    const hthm::Placed all = hthm::place_disks(setup, candidates.data() + 150, 250, positions.data(), n, half.disks);
    CHECK(all.used == 250);
    REQUIRE(all.disks == n - 1);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(positions[i].x == expected[i].x);
      CHECK(positions[i].y == expected[i].y);
    }
  }
}

TEST_CASE("placing stops at the candidate that fills the last place") {
  const std::vector<Vec> candidates = random_points(50, 1, 3);
  std::vector<Vec> positions(10);
  const hthm::Placed placed = hthm::place_disks({1, 1e-6, 1}, candidates.data(), 50, positions.data(), 10, 0);
  CHECK(placed.disks == 10);
  CHECK(placed.used == 10);
}
