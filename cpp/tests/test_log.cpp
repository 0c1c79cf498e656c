// The log of collisions: the same rows for any number of threads and any split into calls, and the frames they make.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "measures/histogram.hpp"
#include "measures/log_histogram.hpp"
#include "recording/log_rows.hpp"
#include "recording/momenta.hpp"
#include "recording/replay.hpp"
#include "runs/ensemble.hpp"

using hthm::Setup;
using hthm::Vec;

namespace {

constexpr std::int64_t runs = 5, n = 40, frames = 24;
constexpr Setup setup{1.0, 0.05, 1.0 / 20};

/// Runs that every engine takes: disks on a grid, too far apart to overlap.
struct Gas {
  std::vector<Vec> positions, velocities;  // (runs * n,)
  std::vector<std::uint64_t> random;       // (runs, 4)

  Gas() {
    for (std::uint64_t k = 1; k <= runs * 4; ++k) random.push_back(k);
    std::mt19937_64 drawn{11};
    std::normal_distribution<double> velocity;
    for (std::int64_t k = 0; k < runs * n; ++k) {
      const auto i = static_cast<double>(k % n % 7), j = static_cast<double>(k % n / 7);
      positions.push_back({i / 7, j / 7});
      velocities.push_back({velocity(drawn), velocity(drawn)});
    }
  }
};

struct Recorded {
  std::vector<std::int64_t> collisions = std::vector<std::int64_t>(runs * frames);
  std::vector<Vec> velocities;  // (runs, frames, n), where they are recorded
  hthm::LogRows rows;
  std::vector<std::int64_t> frame_offsets;  // (runs, frames + 1)
};

/// All frames in calls of `stretch` frames; the log in blocks of two runs.
Recorded record(std::string_view engine, const Gas& gas, bool log, int threads, std::int64_t stretch) {
  Recorded out;
  out.rows.timed = engine == "event" || engine == "dsmc";
  if (!log) out.velocities.resize(runs * frames * n);
  for (std::int64_t run = 0; run < runs; run += 2) {
    const hthm::Start start{
        gas.positions.data() + run * n, gas.velocities.data() + run * n, std::min(runs - run, std::int64_t{2}), n, run,
        gas.random.data() + run * 4};
    hthm::Ensemble ensemble{engine, setup, start, threads};
    for (std::int64_t first = 0; first < frames; first += stretch) {
      ensemble.advance({.frames = frames,
                        .first = first,
                        .count = std::min(stretch, frames - first),
                        .collisions = out.collisions.data() + run * frames,
                        .velocities = log ? nullptr : out.velocities.data() + run * frames * n,
                        .positions = nullptr,
                        .log = log},
                       threads);
    }
    ensemble.move_log(out.rows, threads);
  }
  std::int64_t row = 0;
  for (std::int64_t run = 0; run < runs; ++run) {
    out.frame_offsets.push_back(row);
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      row += out.collisions[static_cast<std::size_t>(run * frames + frame)];
      out.frame_offsets.push_back(row);
    }
  }
  return out;
}

template <class T>
bool same_bytes(const hthm::GrowingArray<T>& a, const hthm::GrowingArray<T>& b) {
  return a.size() == b.size() &&
         (a.size() == 0 || std::memcmp(a.data(), b.data(), sizeof(T) * static_cast<std::size_t>(a.size())) == 0);
}

hthm::LogView view(const Gas& gas, const Recorded& log) {
  return {gas.velocities.data(),
          log.frame_offsets.data(),
          log.rows.pairs.data(),
          log.rows.velocities.data(),
          runs,
          frames,
          n,
          log.rows.rows()};
}

}  // namespace

TEST_CASE("the rows of every engine are the same for any number of threads and any split into calls") {
  const Gas gas;
  for (const auto engine : hthm::engine_names()) {
    CAPTURE(std::string{engine});
    const Recorded one = record(engine, gas, true, 1, frames);
    CHECK(one.rows.rows() == std::accumulate(one.collisions.begin(), one.collisions.end(), std::int64_t{0}));
    CHECK(one.rows.rows() > 100);
    CHECK(one.rows.times.size() == (engine == "event" || engine == "dsmc" ? one.rows.rows() : 0));
    for (const int threads : {1, 2, 4, 7}) {
      CAPTURE(threads);
      const Recorded other = record(engine, gas, true, threads, threads);
      CHECK(other.collisions == one.collisions);
      CHECK(same_bytes(other.rows.pairs, one.rows.pairs));
      CHECK(same_bytes(other.rows.velocities, one.rows.velocities));
      CHECK(same_bytes(other.rows.times, one.rows.times));
    }
  }
}

TEST_CASE("frames of the log are those of the dense recording, in any order and more than once") {
  const Gas gas;
  std::mt19937_64 random{4};
  for (const auto engine : hthm::engine_names()) {
    CAPTURE(std::string{engine});
    const Recorded dense = record(engine, gas, false, 2, frames), log = record(engine, gas, true, 2, 5);
    std::vector<std::int64_t> numbers(runs * frames);
    std::iota(numbers.begin(), numbers.end(), 0);
    for (const int threads : {1, 2, 4, 7}) {
      CAPTURE(threads);
      std::vector<Vec> made(numbers.size() * n);
      hthm::write_frames(view(gas, log), numbers.data(), static_cast<std::int64_t>(numbers.size()), threads,
                         made.data());
      for (std::size_t k = 0; k < numbers.size(); ++k) {
        CHECK(std::memcmp(&made[k * n], &dense.velocities[static_cast<std::size_t>(numbers[k]) * n], n * sizeof(Vec)) ==
              0);
      }
      std::shuffle(numbers.begin(), numbers.end(), random);
      numbers.push_back(numbers[3]);
    }
  }
}

TEST_CASE("a momentum a row gives the velocities of every engine back, bit for bit, for any number of threads") {
  const Gas gas;
  for (const auto engine : hthm::engine_names()) {
    CAPTURE(std::string{engine});
    const Recorded log = record(engine, gas, true, 2, frames);
    const auto rows = static_cast<std::size_t>(log.rows.rows());
    for (const int threads : {1, 2, 4, 7}) {
      CAPTURE(threads);
      std::vector<Vec> momenta(rows), made(2 * rows);
      CHECK(hthm::find_momenta(view(gas, log), threads, momenta.data()).empty());
      hthm::apply_momenta(view(gas, log), momenta.data(), {}, threads, made.data());
      CHECK(std::memcmp(made.data(), log.rows.velocities.data(), made.size() * sizeof(Vec)) == 0);
    }
  }
}

TEST_CASE("a log that points outside of itself is refused") {
  const Gas gas;
  Recorded log = record("cell_list", gas, true, 1, frames);
  std::vector<Vec> made(n);
  const std::int64_t last = runs * frames - 1;
  const auto read = [&](std::int64_t number) { hthm::write_frames(view(gas, log), &number, 1, 1, made.data()); };
  read(last);
  for (const std::int64_t number : {std::int64_t{-1}, last + 1}) CHECK_THROWS_AS(read(number), std::invalid_argument);
  std::int32_t& disk = log.rows.pairs.data()[2 * log.rows.rows() - 1];
  const std::int32_t kept = disk;
  for (const std::int32_t wrong : {std::int32_t{-1}, std::int32_t{n}}) {
    disk = wrong;
    CHECK_THROWS_WITH_AS(read(last), doctest::Contains("pairs"), std::invalid_argument);
  }
  disk = kept;
  for (const std::int64_t wrong : {std::int64_t{-1}, log.rows.rows() + 1}) {
    log.frame_offsets.back() = wrong;
    CHECK_THROWS_WITH_AS(read(last), doctest::Contains("frame_offsets"), std::invalid_argument);
  }
}

TEST_CASE("an array that cannot grow stays as it was, and one that is handed over is never null") {
  hthm::GrowingArray<double> array;
  array.reserve(3);
  std::fill_n(array.extend(3), 3, 1.5);
  CHECK_THROWS_AS(array.reserve(std::int64_t{1} << 60), std::bad_alloc);
  CHECK(array.size() == 3);
  CHECK(std::count(array.data(), array.data() + 3, 1.5) == 3);
  const auto memory = array.release();
  CHECK(memory[2] == 1.5);
  CHECK(array.size() == 0);
  CHECK(array.release() != nullptr);
}

TEST_CASE("an array to which elements are added one by one holds them all, and one that was moved from none") {
  hthm::GrowingArray<std::int32_t> array;
  CHECK(array.empty());
  for (std::int32_t k = 0; k < 100'000; ++k) array.push_back(k);
  REQUIRE(array.size() == 100'000);
  CHECK(std::is_sorted(array.begin(), array.end()));
  CHECK(array[99'999] == 99'999);
  const auto moved = std::move(array);
  CHECK(moved.size() == 100'000);
  CHECK(array.empty());  // NOLINT(bugprone-use-after-move): that is the question
  array.push_back(7);
  CHECK(array[0] == 7);
}

TEST_CASE("counts and H of the log have the bits of the dense recording, for any number of threads") {
  const Gas gas;
  const Recorded dense = record("cell_list", gas, false, 2, frames), log = record("cell_list", gas, true, 2, frames);
  std::vector<double> temperature;
  for (std::int64_t k = 0; k < runs * frames; ++k) temperature.push_back(0.3 + 0.01 * static_cast<double>(k));
  for (const double most : {0.5, 3.0}) {  // with and without speeds out of range
    std::vector<double> edges;
    for (int k = 0; k <= 50; ++k) edges.push_back(k * most / 50);
    const hthm::SpeedBins bins{edges};
    std::vector<std::int64_t> expected_counts(runs * frames * 50), counts(expected_counts.size());
    std::vector<double> expected_h(runs * frames), h(expected_h.size());
    std::vector<std::int64_t> expected_beyond(runs * frames), beyond(expected_beyond.size());
    hthm::speed_counts(bins, dense.velocities.data(), runs * frames, n, 1, expected_counts.data());
    hthm::speed_h(bins, dense.velocities.data(), runs * frames, n, 1, expected_h.data(), expected_beyond.data());
    if (most == 0.5) CHECK(std::ranges::max(expected_beyond) > 0);
    for (const int threads : {1, 2, 4, 7}) {
      CAPTURE(threads);
      hthm::speed_counts(bins, view(gas, log), threads, counts.data());
      hthm::speed_h(bins, view(gas, log), threads, h.data(), beyond.data());
      CHECK(counts == expected_counts);
      CHECK(beyond == expected_beyond);
      CHECK(std::memcmp(h.data(), expected_h.data(), h.size() * sizeof(double)) == 0);
    }
  }
  for (const double* given : {static_cast<const double*>(nullptr), static_cast<const double*>(temperature.data())}) {
    std::vector<double> expected_h(runs * frames), h(expected_h.size());
    std::vector<std::int64_t> expected_beyond(runs * frames), beyond(expected_beyond.size());
    hthm::velocity_h(dense.velocities.data(), runs * frames, n, given, 20, 1.5, 1, expected_h.data(),
                     expected_beyond.data());
    CHECK(std::ranges::max(expected_beyond) > 0);
    for (const int threads : {1, 2, 4, 7}) {
      CAPTURE(threads);
      hthm::velocity_h(view(gas, log), given, 20, 1.5, threads, h.data(), beyond.data());
      CHECK(beyond == expected_beyond);
      CHECK(std::memcmp(h.data(), expected_h.data(), h.size() * sizeof(double)) == 0);
    }
  }
}
