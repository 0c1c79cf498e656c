// Long work that is asked to stop, before its end and on every thread.
#include <doctest/doctest.h>

#if defined(__linux__)
#include <unistd.h>
#endif

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/stop_request.hpp"
#include "core/stoppable_for.hpp"
#include "fixed_step/fixed_step.hpp"
#include "measures/log_histogram.hpp"
#include "runs/ensemble.hpp"
#include "starts/placement.hpp"

using hthm::Pace;
using hthm::Setup;
using hthm::Stopped;
using hthm::StopRequest;
using hthm::Vec;

namespace {

/// A request that is granted at its first question.
StopRequest at_once() {
  return StopRequest{[] { return true; }};
}

/// Memory that this process has touched; always 0 where only the questions are counted.
std::int64_t resident_bytes() {
#if defined(__linux__)
  std::ifstream pages{"/proc/self/statm"};
  std::int64_t all = 0, resident = 0;
  pages >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
#else
  return 0;
#endif
}

/// Disks in a corner of the box: whoever looks for pairs by place looks at all of them.
std::vector<Vec> crowd(std::size_t n) {
  std::mt19937_64 random{8};
  std::uniform_real_distribution<double> place{0, 1e-6};
  std::vector<Vec> positions;
  for (std::size_t i = 0; i < n; ++i) positions.push_back({place(random), place(random)});
  return positions;
}

}  // namespace

TEST_CASE("a pace asks after so many steps, whatever they are handed over in") {
  int asked = 0;
  StopRequest never{[&] { return ++asked < 0; }};
  Pace pace{&never};
  for (std::int64_t k = 0; k < 3 * Pace::steps; ++k) pace.did(1);
  CHECK(asked == 3);
  pace.did(100 * Pace::steps);
  CHECK(asked == 4);
  std::int64_t seen = 0;
  hthm::in_pieces(5, 5 + 2 * Pace::steps + 1, pace, [&](std::int64_t first, std::int64_t last) {
    CHECK(first == 5 + seen);
    seen += last - first;
  });
  CHECK(seen == 2 * Pace::steps + 1);
  CHECK(asked >= 6);
}

TEST_CASE("a request asks its owner alone, and no sooner than its interval") {
  int asked = 0;
  StopRequest request{[&] { return ++asked > 0; }, std::chrono::hours{1}};
  request.check();
  CHECK(asked == 0);
  StopRequest other{[&] { return ++asked > 0; }};
  std::thread{[&] { other.check(); }}.join();
  CHECK(asked == 0);
  CHECK_THROWS_AS(other.check(), Stopped);
  CHECK(other.stopped());
}

TEST_CASE("stoppable_for does everything once, and tells of the lowest i that failed") {
  for (const int threads : {1, 2, 4, 7}) {
    StopRequest never{[] { return false; }};
    for (StopRequest* stop : {static_cast<StopRequest*>(nullptr), &never}) {
      std::vector<int> done(1000, 0);
      hthm::stoppable_for(1000, threads, stop, [&](std::int64_t i) { ++done[static_cast<std::size_t>(i)]; });
      CHECK(done == std::vector<int>(1000, 1));
      hthm::stoppable_for(0, threads, stop, [&](std::int64_t) { FAIL("nothing to do"); });
      const auto fail = [](std::int64_t i) {
        if (i >= 100) throw std::runtime_error{std::to_string(i)};
      };
      CHECK_THROWS_WITH_AS(hthm::stoppable_for(1000, threads, stop, fail), "100", std::runtime_error);
    }
  }
}

TEST_CASE("stoppable_for asks while it waits for another thread") {
  int asked = 0;
  StopRequest request{[&] { return ++asked > 1; }};
  const std::thread::id owner = std::this_thread::get_id();
  const auto until_stopped = [&](std::int64_t) {
    while (std::this_thread::get_id() != owner && !request.stopped()) std::this_thread::yield();
  };
  CHECK_THROWS_AS(hthm::stoppable_for(8, 2, &request, until_stopped), Stopped);
}

TEST_CASE("a frame of every fixed-step engine stops on the way, and so does its start") {
  const std::vector<Vec> positions = crowd(20'000);
  const std::vector<Vec> velocities(positions.size(), Vec{0, 0});
  const auto n = static_cast<std::int64_t>(positions.size());
  for (const std::string_view engine : hthm::fixed_step_engines()) {
    CAPTURE(std::string{engine});
    hthm::Ensemble ensemble{engine, {1.0, 1e-9, 1.0}, {positions.data(), velocities.data(), 1, n}, 1};
    std::int64_t collisions = 0;
    int asked = 0;
    StopRequest request{[&] { return ++asked > 5; }};
    CHECK_THROWS_AS(ensemble.advance({1, 0, 1, &collisions, nullptr, nullptr}, 1, &request), Stopped);
    CHECK(asked == 6);
  }
  StopRequest stop = at_once();
  CHECK_THROWS_AS(
      (hthm::Ensemble{"cell_list", {1.0, 1e-9, 1.0}, {positions.data(), velocities.data(), 1, n}, 1, &stop}), Stopped);
}

TEST_CASE("no engine that looks near by touches much memory, or passes many disks, without a question") {
  constexpr std::int64_t side = 550, n = side * side, most_bytes = 16 << 20;
  std::vector<Vec> positions, velocities;
  std::mt19937_64 random{9};
  std::normal_distribution<double> speed;
  for (std::int64_t k = 0; k < n; ++k) {
    const double column = static_cast<double>(k % side), row = static_cast<double>(k / side);  // off the cells' borders
    positions.push_back({(column + 0.3) / side, (row + 0.3) / side});
    velocities.push_back({speed(random), speed(random)});
  }
  for (const std::string_view engine : {"event", "cell_list", "sorted_cells", "neighbor_list", "sweep_and_prune"}) {
    CAPTURE(std::string{engine});
    int asked = 0;
    std::int64_t seen = resident_bytes(), most = 0;
    StopRequest watch{[&] {
      ++asked;
      const std::int64_t now = resident_bytes();
      most = std::max(most, now - std::exchange(seen, now));
      return false;
    }};
    auto asked_since = [&asked, before = 0]() mutable { return asked - std::exchange(before, asked); };
    hthm::Ensemble ensemble{engine, {1.0, 1e-4, 1e-4}, {positions.data(), velocities.data(), 1, n}, 1, &watch};
    CHECK(asked_since() >= n / Pace::steps);
    std::int64_t collisions = 0;
    std::vector<Vec> first(n), second(n);
    seen = resident_bytes();
    ensemble.advance({1, 0, 1, &collisions, first.data(), nullptr}, 1, &watch);
    CHECK(asked_since() >= 1);
    ensemble.write_state(first.data(), second.data(), &watch);
    CHECK(asked_since() >= 2);
    CHECK(most <= most_bytes);
  }
}

TEST_CASE("a run that is shared out among threads stops on the way, with each of them") {
  constexpr std::int64_t side = 300, n = side * side;
  std::vector<Vec> positions;
  for (std::int64_t k = 0; k < n; ++k) {
    const double column = static_cast<double>(k % side), row = static_cast<double>(k / side);
    positions.push_back({(column + 0.3) / side, (row + 0.3) / side});
  }
  const std::vector<Vec> velocities(n, Vec{0.1, 0.2});
  std::vector<std::int64_t> collisions(1000);
  for (const int answers : {0, 1, 7}) {
    hthm::Ensemble stopped{"sorted_cells", {1.0, 1e-4, 1e-2}, {positions.data(), velocities.data(), 1, n}, 3, nullptr};
    int asked = 0;
    StopRequest stop{[&] { return asked++ == answers; }};
    CHECK_THROWS_AS(stopped.advance({1000, 0, 1000, collisions.data(), nullptr, nullptr}, 3, &stop), Stopped);
    CHECK(asked == answers + 1);
  }
}

TEST_CASE("overlaps, placement, copies and histograms stop on the way") {
  const Setup setup{1.0, 1e-9, 1.0};
  const std::vector<Vec> positions = crowd(100'000);
  const auto n = static_cast<std::int64_t>(positions.size());
  std::vector<Vec> placed(positions.size());
  std::vector<std::int64_t> counts(static_cast<std::size_t>(n));
  std::vector<double> h(static_cast<std::size_t>(n));
  int asked = 0;
  const auto later = [&asked] {
    asked = 0;
    return StopRequest{[&asked] { return ++asked > 3; }};
  };
  StopRequest a = later();
  CHECK_THROWS_AS(hthm::count_overlaps(setup, positions.data(), 1, n, 1, counts.data(), &a), Stopped);
  StopRequest b = later();
  CHECK_THROWS_AS(hthm::place_disks(setup, positions.data(), n, placed.data(), n, 0, &b), Stopped);

  const hthm::SpeedBins bins{{0, 1e-6, 2e-6}};
  const std::int64_t frames = 1000, disks = n / frames;
  StopRequest c = at_once(), d = at_once(), e = at_once();
  CHECK_THROWS_AS(hthm::speed_counts(bins, positions.data(), frames, disks, 1, counts.data(), &c), Stopped);
  CHECK_THROWS_AS(hthm::speed_h(bins, positions.data(), frames, disks, 1, h.data(), counts.data(), &d), Stopped);
  CHECK_THROWS_AS(hthm::velocity_h(positions.data(), frames, disks, nullptr, 9, 4, 1, h.data(), counts.data(), &e),
                  Stopped);

  const std::vector<std::int64_t> offsets{0, n / 2};
  std::vector<std::int32_t> pairs(static_cast<std::size_t>(n), 0);
  for (std::size_t k = 1; k < pairs.size(); k += 2) pairs[k] = 1;
  const hthm::LogView log{positions.data(), offsets.data(), pairs.data(), positions.data(), 1, 1, n, n / 2};
  const std::int64_t number = 0;
  hthm::LogRows rows;
  std::vector<std::vector<hthm::CollisionLog>> logs(1);
  logs[0].emplace_back();
  for (std::size_t k = 0; k < positions.size(); ++k) logs[0][0].add(0, 1, {}, {});
  StopRequest k = at_once();
  CHECK_THROWS_AS(rows.append(logs, 1, &k), Stopped);

  StopRequest f = at_once(), g = at_once(), i = at_once(), j = at_once();
  CHECK_THROWS_AS(hthm::write_frames(log, &number, 1, 1, placed.data(), &f), Stopped);
  CHECK_THROWS_AS(hthm::speed_counts(bins, log, 1, counts.data(), &g), Stopped);
  CHECK_THROWS_AS(hthm::speed_h(bins, log, 1, h.data(), counts.data(), &i), Stopped);
  CHECK_THROWS_AS(hthm::velocity_h(log, nullptr, 9, 4, 1, h.data(), counts.data(), &j), Stopped);
}
