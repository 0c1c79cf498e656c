// Frames of which memory holds some or none, and the file that holds the others.
#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "core/scratch_file.hpp"
#include "deepsets/pair_loss.hpp"
#include "tests/random_networks.hpp"

namespace {

using namespace hthm::deepsets;

const std::filesystem::path folder = std::filesystem::temp_directory_path();

/// A log of runs in which some disks collide in every frame but every seventh.
struct RandomLog {
  std::int64_t runs, frames, n;
  std::vector<hthm::Vec> start, velocities;
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> pairs;

  RandomLog(std::int64_t of_runs, std::int64_t of_frames, std::int64_t disks)
      : runs{of_runs}, frames{of_frames}, n{disks} {
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal;
    std::uniform_int_distribution<std::int32_t> disk(0, static_cast<std::int32_t>(n) - 1);
    for (std::int64_t i = 0; i < runs * n; ++i) start.push_back({normal(random), normal(random)});
    for (std::int64_t frame = 0; frame < runs * frames; ++frame) {
      if (frame % frames == 0) offsets.push_back(rows());
      for (int k = 0; frame % 7 != 3 && k < 6; ++k) {
        const std::int32_t i = disk(random), j = disk(random);
        if (i == j) continue;
        for (const std::int32_t one : {i, j}) {
          pairs.push_back(one);
          velocities.push_back({normal(random), normal(random)});
        }
      }
      offsets.push_back(rows());
    }
  }
  std::int64_t rows() const { return static_cast<std::int64_t>(pairs.size() / 2); }
  hthm::LogView view(std::int64_t first, std::int64_t end) const {
    return {start.data() + first * n,
            offsets.data() + first * (frames + 1),
            pairs.data(),
            velocities.data(),
            end - first,
            frames,
            n,
            rows()};
  }
};

FrameStore stored(const RandomLog& log, StoreRoom room, int threads, hthm::StopRequest* stop = nullptr) {
  FrameStore store(std::move(room));
  for (std::int64_t first = 0; first < log.runs; first += 2) {
    store.append(log.view(first, std::min(first + 2, log.runs)), threads, stop);
  }
  store.finish(threads, stop);
  return store;
}

bool are_equal(std::span<const Change> a, std::span<const Change> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

}  // namespace

TEST_CASE("a store gives the same bits however little of it is in memory") {
  const RandomLog log(5, 50, 150);  // enough disks for sketches
  const FrameStore whole(log.view(0, log.runs), 1);
  PairLoss expected(FrameStore(log.view(0, log.runs), 1), hthm::simd_level());
  std::mt19937_64 random(4);
  const int width = 9;
  const std::vector<float> weights = random_weights(width, random);
  std::vector<std::int64_t> pairs;
  for (std::int64_t pair = 0; pair < whole.pairs(); ++pair) pairs.push_back(pair * 11 % whole.pairs());
  const auto loss = [&](PairLoss& of, int threads) {
    std::vector<double> change(pairs.size());
    std::vector<float> gradient(weights.size());
    of(Network<const float>(weights.data(), width), pairs.data(), static_cast<std::int64_t>(pairs.size()), {0.3, 0.2},
       threads, change.data(), Network<float>(gradient.data(), width));
    return std::pair{change, gradient};
  };
  for (const std::int64_t bytes : {0, 120000, 1 << 30}) {  // none, some, all
    for (const int threads : {1, 3}) {
      FrameStore store = stored(log, {bytes, folder}, threads);
      REQUIRE(store.pairs() == whole.pairs());
      std::vector<Change> room, no_room;
      std::vector<std::uint16_t> sketch_room, no_sketch_room;
      std::vector<float> x(150), y(x), expected_x(x), expected_y(x);
      for (const std::int64_t pair : pairs) {
        REQUIRE(are_equal(store.changes(pair, room), whole.changes(pair, no_room)));
        store.frame(pair, x.data(), y.data(), room);
        whole.frame(pair, expected_x.data(), expected_y.data(), no_room);
        REQUIRE(x == expected_x);
        REQUIRE(y == expected_y);
        REQUIRE(store.has_sketch(pair));
        REQUIRE(whole.has_sketch(pair));
        REQUIRE(std::memcmp(store.sketch(pair, sketch_room), whole.sketch(pair, no_sketch_room),
                            SketchGrid::nodes * sizeof(std::uint16_t)) == 0);
      }
      PairLoss ours(std::move(store), hthm::simd_level());
      CHECK(loss(ours, threads) == loss(expected, 1));
    }
  }
}

TEST_CASE("writing and reading of frames on disk end when they are asked to") {
  const RandomLog log(2, 50, 150);
  hthm::StopRequest at_once{[] { return true; }};
  CHECK_THROWS_AS(stored(log, {0, folder}, 2, &at_once), hthm::Stopped);
  hthm::ScratchFile file(folder);
  const std::vector<char> much(std::size_t{1} << 23, 'a');
  CHECK_THROWS_AS(file.append(much.data(), much.size(), &at_once), hthm::Stopped);
}

TEST_CASE("a file without a name keeps what is written to it, and leaves nothing behind") {
  const std::filesystem::path empty = folder / "hthm-scratch-file-test";
  std::filesystem::create_directory(empty);
  {
    hthm::ScratchFile file(empty);
#if !defined(_WIN32)  // where it has a name as long as it is open
    CHECK(std::filesystem::is_empty(empty));
#endif
    const std::array<int, 3> first{1, 2, 3}, second{4, 5, 6};
    CHECK(file.append(first.data(), sizeof first) == 0);
    CHECK(file.append(second.data(), sizeof second) == sizeof first);
    file.fetch(0, sizeof first);
    std::array<int, 2> read{};
    file.read(2 * sizeof(int), read.data(), sizeof read);
    CHECK(read == std::array{3, 4});
    try {
      file.read(5 * sizeof(int), read.data(), sizeof read);
      FAIL("read beyond the end");
    } catch (const hthm::ScratchFileError& error) {
      CHECK(error.code == EIO);
    }
  }
  std::filesystem::remove(empty);
}

TEST_CASE("what the system refuses is told with the folder") {
  const std::filesystem::path nowhere = folder / "hthm-no-such-folder";
  try {
    stored(RandomLog(1, 5, 10), {0, nowhere}, 1);
    FAIL("written to no folder");
  } catch (const hthm::ScratchFileError& error) {
    CHECK(error.code == ENOENT);
    CHECK(error.folder == nowhere);
  }
}
