// Every finder, at every level of instructions this machine has, against the rule written out pair by pair.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "fixed_step/pair_finders/all_pairs.hpp"
#include "fixed_step/pair_finders/cell_list.hpp"
#include "fixed_step/pair_finders/neighbor_list.hpp"
#include "fixed_step/pair_finders/sort_pairs.hpp"
#include "fixed_step/pair_finders/sorted_cells.hpp"
#include "fixed_step/pair_finders/sweep_and_prune.hpp"
#include "tests/simd_levels.hpp"

using hthm::Pace;
using hthm::Pair;
using hthm::PairList;
using hthm::Setup;
using hthm::Simd;
using hthm::Vec;

namespace {

struct Disks {
  std::vector<Vec> positions, velocities;

  hthm::Disks view() const {
    return {positions.data(), velocities.data(), static_cast<std::int64_t>(positions.size())};
  }
  void move(const Setup& setup) {
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const auto moved = [&setup](double x, double v) {
        const double y = std::fmod(x + v * setup.dt, setup.box);
        const double wrapped = y < 0 ? y + setup.box : y;
        return wrapped < setup.box ? wrapped : 0;
      };
      positions[i] = {moved(positions[i].x, velocities[i].x), moved(positions[i].y, velocities[i].y)};
    }
  }
};

Disks random_disks(std::size_t n, double box, double speed, std::mt19937_64& random) {
  std::uniform_real_distribution<double> place{0, 1};
  std::normal_distribution<double> velocity{0, 1};  // a width of 0 is none
  Disks disks;
  for (std::size_t i = 0; i < n; ++i) {
    const auto inside = [&] { return std::min(place(random) * box, std::nextafter(box, 0)); };
    disks.positions.push_back({inside(), inside()});
    disks.velocities.push_back({speed * velocity(random), speed * velocity(random)});
  }
  return disks;
}

/// Step 2 of docs/rule.md, word for word; ascending (i, j).
std::vector<std::uint64_t> pairs_by_the_rule(const std::vector<Vec>& x, double box, double diameter) {
  const auto shifted = [box](double d) { return d > box / 2 ? d - box : d < -(box / 2) ? d + box : d; };
  std::vector<std::uint64_t> keys;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = i + 1; j < x.size(); ++j) {
      const double dx = shifted(x[i].x - x[j].x), dy = shifted(x[i].y - x[j].y);
      if (dx * dx + dy * dy < diameter * diameter) keys.push_back(static_cast<std::uint64_t>(i) << 32 | j);
    }
  }
  return keys;
}

std::vector<std::uint64_t> keys_of(const PairList& pairs) {
  std::vector<std::uint64_t> keys;
  for (const Pair& pair : pairs) keys.push_back(pair.key);
  return keys;
}

/// Lets a finder follow the disks for some steps and compares what it reports.
template <class Finder>
void check_finder(const char* name, const Setup& setup, const Disks& start, int steps) {
  for (const Simd level : levels()) {
    const std::string simd{hthm::name(level)};
    CAPTURE(name);
    CAPTURE(simd);
    CAPTURE(start.positions.size());
    CAPTURE(setup.diameter);
    Disks disks = start;
    Pace pace{nullptr};
    Finder finder{setup, disks.view().n, level, pace};
    for (int step = 0; step < steps; ++step) {
      CAPTURE(step);
      PairList pairs;
      finder.find(disks.view(), pairs, pace);
      hthm::sort_pairs(pairs, disks.view().n, pace);
      REQUIRE(keys_of(pairs) == pairs_by_the_rule(disks.positions, setup.box, setup.diameter));
      disks.move(setup);
    }
  }
}

void check_all(const Setup& setup, const Disks& start, int steps) {
  check_finder<hthm::AllPairs>("all_pairs", setup, start, steps);
  check_finder<hthm::CellList>("cell_list", setup, start, steps);
  check_finder<hthm::SortedCells>("sorted_cells", setup, start, steps);
  check_finder<hthm::NeighborList>("neighbor_list", setup, start, steps);
  check_finder<hthm::SweepAndPrune>("sweep_and_prune", setup, start, steps);
}

}  // namespace

TEST_CASE("every finder reports the pairs of the rule, at any number, density and speed") {
  std::mt19937_64 random{1};
  for (const double box : {1.0, 0.7, 1e-3, 1e6}) {
    for (const std::size_t n : {1U, 2U, 3U, 9U, 40U, 200U}) {
      for (const double fraction : {0.003, 0.03, 0.3, 0.8}) {
        const double diameter =
            std::min(box * std::sqrt(4 * fraction / (3.141592653589793 * static_cast<double>(n))), box / 2);
        for (const double moved : {0.0, 0.1, 1.0, 300.0}) {  // diameters a step
          check_all({box, diameter, 1.0}, random_disks(n, box, moved * diameter, random), 6);
        }
      }
    }
  }
}

TEST_CASE("every finder reports the pairs of the rule in boxes of a few diameters, and for points") {
  std::mt19937_64 random{2};
  for (const double diameter : {0.5, 0.4999, 1.0 / 3, 0.3333, 0.3, 0.25, 0.2, 1e-9, 1e-200, 0.0}) {
    for (const std::size_t n : {2U, 5U, 30U}) {
      check_all({1.0, diameter, 1.0}, random_disks(n, 1.0, 0.01, random), 20);
    }
  }
}

TEST_CASE("every finder sees across the borders and corners of the box") {
  // Disks on a fine lattice along both borders, and their neighbours an ulp beyond.
  const double last = std::nextafter(1.0, 0.0);
  Disks disks;
  for (int k = 0; k < 40; ++k) {
    const double along = k / 40.0;
    for (const double edge : {0.0, last, 0.01, 0.99}) {
      disks.positions.push_back({edge, along});
      disks.positions.push_back({along, edge});
    }
  }
  disks.velocities.assign(disks.positions.size(), {0.003, -0.002});
  for (const double diameter : {0.011, 0.0249999, 0.025, 0.0250001, 0.06, 0.3})
    check_all({1.0, diameter, 1.0}, disks, 30);
}

TEST_CASE("all_pairs finds the pairs of the rule where coordinates are near what they are rounded to") {
  std::mt19937_64 random{7};
  std::uniform_int_distribution<int> byte{0, 255}, ulp{-1, 1};
  for (const double box : {1.0, 0.7, 3e-310, 1e300}) {
    Disks disks;
    const auto coordinate = [&] {
      const double border = byte(random) * (box / 256);
      const int towards = ulp(random);
      const double x = towards == 0 ? border : std::nextafter(border, towards < 0 ? -box : 2 * box);
      return x < 0 ? std::nextafter(box, 0) : std::min(x, std::nextafter(box, 0));
    };
    for (int k = 0; k < 150; ++k) disks.positions.push_back({coordinate(), coordinate()});
    disks.velocities.assign(disks.positions.size(), {0.0, 0.0});
    for (const int bytes : {0, 1, 2, 31, 126, 127, 128}) {  // of 256 to the box
      const double diameter = bytes * (box / 256);
      for (const double near : {diameter, std::nextafter(diameter, 0), std::nextafter(diameter, 2 * box)}) {
        check_finder<hthm::AllPairs>("all_pairs", {box, std::min(near, box / 2), 1.0}, disks, 1);
      }
    }
  }
}

TEST_CASE("every finder copes with all disks in one place, and in one row") {
  std::mt19937_64 random{3};
  Disks heap = random_disks(300, 1e-3, 1e-4, random);
  check_all({1.0, 0.006, 1.0}, heap, 4);
  Disks row = random_disks(300, 1.0, 1e-3, random);
  for (Vec& x : row.positions) x.y = 0.5;
  check_all({1.0, 0.006, 1.0}, row, 4);
  Disks same;
  same.positions.assign(70, {0.0, 0.25});
  same.velocities.assign(70, {0.0, 0.0});
  check_all({1.0, 0.006, 1.0}, same, 2);
}

TEST_CASE("sorted_cells finds the pairs that sweep_and_prune finds where the box is cut into bands") {
  Pace pace{nullptr};
  std::mt19937_64 random{4};
  for (const std::size_t n : {20000U, 65534U, 65535U, 120000U}) {  // 65534 is as many as a table can number
    for (const double fraction : {0.005, 0.03, 0.3}) {
      const Setup setup{1.0, std::sqrt(4 * fraction / (3.141592653589793 * static_cast<double>(n))), 1.0};
      const Disks start = random_disks(n, 1.0, setup.diameter, random);
      for (const Simd level : levels()) {
        Disks disks = start;
        hthm::SweepAndPrune sweep{setup, disks.view().n, level, pace};
        hthm::SortedCells cells{setup, disks.view().n, level, pace};
        for (int step = 0; step < 3; ++step) {
          PairList expected, pairs;
          sweep.find(disks.view(), expected, pace);
          cells.find(disks.view(), pairs, pace);
          hthm::sort_pairs(expected, disks.view().n, pace);
          hthm::sort_pairs(pairs, disks.view().n, pace);
          CHECK(pairs.size() > n / 1000);
          CHECK(keys_of(pairs) == keys_of(expected));
          disks.move(setup);
        }
      }
    }
  }
}

TEST_CASE("sorted_cells finds the pairs of the rule where a row of its cells fills whole words, or nearly so") {
  std::mt19937_64 random{8};
  const std::size_t n = 600;  // of which a grid may have 138 columns
  for (const int columns : {61, 62, 63, 64, 65, 66, 125, 126, 127, 128, 129}) {
    const Setup setup{1.0, (1 - 0x1p-19) / columns, 1.0};
    Disks disks = random_disks(n, 1.0, setup.diameter, random);
    std::uniform_int_distribution<int> column{0, columns}, kind{0, 5};
    const auto on_border = [&](double x) {
      const int of = kind(random);
      return of == 0 ? 0 : of == 1 ? std::nextafter(1.0, 0) : of == 2 ? column(random) % columns * (1.0 / columns) : x;
    };
    for (Vec& x : disks.positions) x = {on_border(x.x), on_border(x.y)};
    check_finder<hthm::SortedCells>("sorted_cells", setup, disks, 3);
  }
}

TEST_CASE("sorted_cells finds the same pairs on any number of threads, which may change") {
  Pace alone{nullptr};
  std::mt19937_64 random{6};
  const std::size_t n = 50000;
  const Setup setup{1.0, std::sqrt(0.1 / static_cast<double>(n)), 1.0};
  Disks disks = random_disks(n, 1.0, setup.diameter, random);
  hthm::SortedCells one{setup, disks.view().n, Simd::portable, alone};
  hthm::SortedCells many{setup, disks.view().n, Simd::portable, alone};
  for (const int threads : {2, 5, 1, 3}) {
    Pace shared{nullptr, threads};
    PairList expected, pairs;
    one.find(disks.view(), expected, alone);
    many.find(disks.view(), pairs, shared);
    hthm::sort_pairs(expected, disks.view().n, alone);
    hthm::sort_pairs(pairs, disks.view().n, alone);
    CHECK(pairs.size() > n / 1000);
    CHECK(keys_of(pairs) == keys_of(expected));
    disks.move(setup);
  }
}

TEST_CASE("sorted_cells finds all pairs where more disks crowd in a band than its table can number") {
  Pace pace{nullptr};
  std::mt19937_64 random{5};
  const std::size_t n = 70000;
  const Setup setup{1.0, 2e-6, 1.0};
  Disks row = random_disks(n, 1.0, 0, random);
  for (Vec& x : row.positions) x.y = 0.5;
  PairList expected, pairs;
  hthm::SweepAndPrune{setup, row.view().n, Simd::portable, pace}.find(row.view(), expected, pace);
  hthm::SortedCells{setup, row.view().n, Simd::portable, pace}.find(row.view(), pairs, pace);
  hthm::sort_pairs(expected, row.view().n, pace);
  hthm::sort_pairs(pairs, row.view().n, pace);
  CHECK(pairs.size() > 100);
  CHECK(keys_of(pairs) == keys_of(expected));
}

TEST_CASE("sort_pairs sorts lists of every length and order") {
  Pace pace{nullptr};
  std::mt19937_64 random{6};
  for (const std::size_t size : {0U, 1U, 2U, 5U, 50U, 64U, 65U, 3000U, 60000U}) {
    for (const std::int64_t n : {2, 300, 1 << 15, (1 << 15) + 1, 1 << 22}) {
      std::uniform_int_distribution<std::int64_t> disk{0, n - 1};
      PairList pairs;
      for (std::size_t k = 0; k < size; ++k) pairs.emplace_back(disk(random), disk(random));
      if (n == 1 << 15 && size > 0) pairs.front() = Pair(n - 2, n - 1);
      std::sort(pairs.begin(), pairs.end());  // a finder has every pair once
      pairs.erase(std::unique(pairs.begin(), pairs.end(), [](auto& a, auto& b) { return a.key == b.key; }),
                  pairs.end());
      const std::vector<std::uint64_t> expected = keys_of(pairs);
      std::shuffle(pairs.begin(), pairs.end(), random);
      hthm::sort_pairs(pairs, n, pace);
      CHECK(keys_of(pairs) == expected);
      hthm::sort_pairs(pairs, n, pace);
      CHECK(keys_of(pairs) == expected);
      std::reverse(pairs.begin(), pairs.end());
      hthm::sort_pairs(pairs, n, pace);
      CHECK(keys_of(pairs) == expected);
    }
  }
}

TEST_CASE("no coordinate, whatever it is, has a cell outside of the grid") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = HUGE_VAL;
  for (const double box : {1.0, 1e-100, 1e100, 1e-300, 5e-324, 1e300}) {
    for (const double diameter : {box / 1000, 5e-324, box / 2}) {
      CAPTURE(box);
      CAPTURE(diameter);
      const hthm::CellGrid grid{Setup{box, diameter, 1}, 4096};
      REQUIRE(grid.side >= 1);
      REQUIRE(grid.per_length < inf);
      std::vector<Vec> positions;
      for (const double x : {0.0, box * (1 - 0x1p-53), box, -box, -5e-324, 1e9, -1e6, -5.0, 1e308, inf, -inf, nan}) {
        positions.push_back({x, 0});
        positions.push_back({0, x});
        REQUIRE(grid.index(x) >= 0);
        REQUIRE(grid.index(x) < grid.side);
      }
      const auto n = static_cast<std::int64_t>(positions.size());
      for (const Simd level : levels()) {
        std::vector<std::int32_t> cells(positions.size());
        hthm::find_cells(grid, 1 << 16, positions.data(), 0, n, level, cells.data());
        for (const std::int32_t cell : cells) {
          CHECK(cell >= 0);
          CHECK(cell < grid.side * (1 << 16));
          CHECK((cell & 0xffff) < grid.side);
        }
      }
    }
  }
}
