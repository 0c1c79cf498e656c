// parallel_for: everything is done once, the lowest error wins, and the floating-point environment is ours for a while.
#include <doctest/doctest.h>

#if defined(__linux__)
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "core/parallel.hpp"
#include "core/processor.hpp"
#include "core/stoppable_for.hpp"

TEST_CASE("every index is visited once, for any number of threads") {
  for (const int threads : {-1, 0, 1, 2, 4, 7, 64}) {
    for (const std::int64_t count : {0, 1, 2, 7, 1000}) {
      CAPTURE(threads);
      CAPTURE(count);
      std::vector<int> visits(static_cast<std::size_t>(count));
      hthm::parallel_for(count, threads, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
      CHECK(visits == std::vector<int>(static_cast<std::size_t>(count), 1));
    }
  }
}

TEST_CASE("of several exceptions that of the lowest index reaches the caller, and the others are still attempted") {
  for (const int threads : {1, 2, 4, 7}) {
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::vector<int> visits(40);
      std::string message;
      try {
        hthm::parallel_for(40, threads, [&](std::int64_t i) {
          visits[static_cast<std::size_t>(i)] = 1;
          if (i >= 13) throw std::runtime_error("run " + std::to_string(i));
        });
      } catch (const std::runtime_error& error) {
        message = error.what();
      }
      CHECK(message == "run 13");
      CHECK(visits == std::vector<int>(40, 1));
    }
  }
}

TEST_CASE("the next call works after an exception") {
  CHECK_THROWS_AS(hthm::parallel_for(4, 4, [](std::int64_t) { throw std::bad_alloc{}; }), std::bad_alloc);
  std::vector<int> visits(4);
  hthm::parallel_for(4, 4, [&](std::int64_t i) { visits[static_cast<std::size_t>(i)] = 1; });
  CHECK(visits == std::vector<int>(4, 1));
}

TEST_CASE("several callers at once, each with a loop of its own, find everything done") {
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (int caller = 0; caller < 6; ++caller) {
    callers.emplace_back([&wrong, caller] {
      for (int repeat = 0; repeat < 300; ++repeat) {
        std::vector<int> visits(static_cast<std::size_t>(1 + repeat % 20));
        const auto count = static_cast<std::int64_t>(visits.size());
        hthm::parallel_for(count, 1 + caller % 4, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
        if (visits != std::vector<int>(visits.size(), 1)) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

#if defined(__linux__)
TEST_CASE("a caller with one processor alone does everything itself") {
  std::thread([] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
    REQUIRE(sched_setaffinity(0, sizeof(one), &one) == 0);
    const std::thread::id mine = std::this_thread::get_id();
    std::atomic<int> strangers = 0;
    for (int repeat = 0; repeat < 200; ++repeat) {
      hthm::parallel_for(20, 4, [&](std::int64_t) {
        if (std::this_thread::get_id() != mine) ++strangers;
      });
    }
    CHECK(strangers == 0);
  }).join();
}
#endif

TEST_CASE("a loop within a loop stays on its thread") {
  std::vector<int> strangers(8), visits(8 * 50);
  hthm::parallel_for(8, 4, [&](std::int64_t i) {
    const std::thread::id mine = std::this_thread::get_id();
    hthm::parallel_for(50, 4, [&](std::int64_t k) {
      if (std::this_thread::get_id() != mine) ++strangers[static_cast<std::size_t>(i)];
      ++visits[static_cast<std::size_t>(50 * i + k)];
    });
  });
  CHECK(strangers == std::vector<int>(8, 0));
  CHECK(visits == std::vector<int>(8 * 50, 1));
}

#if defined(__linux__)
TEST_CASE("a forked child has threads of its own") {
  const auto all_visited = [] {
    std::vector<int> visits(100);
    hthm::parallel_for(100, 4, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
    return visits == std::vector<int>(100, 1);
  };
  for (int repeat = 0; repeat < 20; ++repeat) {
    REQUIRE(all_visited());
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);  // what hangs fails
      std::_Exit(all_visited() ? 0 : 1);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
  }
}

namespace {

/// Of every other thread its number, its state and how often it has gone to sleep or been sent away from a processor.
std::vector<std::string> other_threads() {
  std::vector<std::string> found;
  const std::string mine = std::to_string(gettid());
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == mine) continue;
    std::string thread = task.path().filename();
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("State:") || line.find("ctxt_switches:") != line.npos) thread += "; " + line;
    }
    found.push_back(thread);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("nobody computes when all is done") {
  const std::size_t others = other_threads().size();  // an emulator has threads of its own
  hthm::parallel_for(100, 4, [](std::int64_t) {});
  // Who sleeps at two looks, and has not been on or off a processor between them, has slept all the while. On a busy
  // machine a worker may come to sleep late: there are many tries.
  std::vector<std::string> before, after = other_threads();
  const auto all_slept = [&] {
    const auto sleeps = [](const std::string& thread) { return thread.find("State:\tS") != thread.npos; };
    return before == after && std::all_of(after.begin(), after.end(), sleeps);
  };
  for (int tries = 0; tries < 400 && !all_slept(); ++tries) {
    before = std::move(after);
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    after = other_threads();
  }
  std::string threads;
  for (const std::string& thread : after) threads += '\n' + thread;
  CAPTURE(threads);
  CHECK((hthm::has_one_processor() ? after.size() == others : !after.empty()));
  CHECK(all_slept());
}
#endif

TEST_CASE("who waits for others goes on asking whether to stop, and they stop") {
  if (hthm::has_one_processor()) return;  // nobody waits there
  std::atomic<bool> others_began = false, asked_in_vain = false;
  const std::thread::id caller = std::this_thread::get_id();
  hthm::StopRequest stop{[&] { return others_began.load(); }};
  const auto body = [&](std::int64_t) {
    if (std::this_thread::get_id() == caller) return;
    others_began = true;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!stop.stopped() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    if (!stop.stopped()) asked_in_vain = true;
  };
  // Until a worker comes the caller does everything itself.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  bool is_stopped = false;
  while (!is_stopped && std::chrono::steady_clock::now() < end) {
    try {
      hthm::stoppable_for(64, 2, &stop, body);
    } catch (const hthm::Stopped&) {
      is_stopped = true;
    }
  }
  CHECK(is_stopped);
  CHECK(!asked_in_vain);
}

TEST_CASE("rounding is to nearest inside and what the caller had set outside") {
  std::vector<int> inside(8, -1);
  REQUIRE(std::fesetround(FE_UPWARD) == 0);
  hthm::parallel_for(8, 4, [&](std::int64_t i) { inside[static_cast<std::size_t>(i)] = std::fegetround(); });
  const int outside = std::fegetround();
  std::fesetround(FE_TONEAREST);
  CHECK(inside == std::vector<int>(8, FE_TONEAREST));
  CHECK(outside == FE_UPWARD);
}

#if defined(__x86_64__)
TEST_CASE("subnormal numbers survive inside where the caller flushes them to zero") {
  constexpr unsigned flush = 0x8040;  // FTZ and DAZ, as torch.set_flush_denormal sets them
  const unsigned before = _mm_getcsr();
  for (const int threads : {1, 2, 4, 7}) {
    std::vector<double> halves(8);
    volatile double smallest = std::numeric_limits<double>::min();
    _mm_setcsr(before | flush);
    hthm::parallel_for(8, threads, [&](std::int64_t i) { halves[static_cast<std::size_t>(i)] = smallest / 2; });
    const unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    CHECK(halves == std::vector<double>(8, 0x1p-1023));
    CHECK((after & flush) == flush);
  }
}

TEST_CASE("the environment comes back when an exception passes") {
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);
  CHECK_THROWS(hthm::parallel_for(3, 2, [](std::int64_t) { throw std::runtime_error("no"); }));
  const unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  CHECK((after & 0x8040) == 0x8040);
}
#endif
