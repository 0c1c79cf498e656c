// parallel_for: everything is done once, the lowest error wins, and the floating-point environment is ours for a while.
#include <doctest/doctest.h>

#include <cfenv>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "core/parallel.hpp"

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
