// Checked conversions.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "core/narrow.hpp"
#include "fixed_step/fixed_step.hpp"
#include "runs/ensemble.hpp"
#include "starts/placement.hpp"

using hthm::narrow;

TEST_CASE("what fits is converted, up to the largest number of the type") {
  CHECK(narrow<std::int32_t>(std::int64_t{0}, "n") == 0);
  CHECK(narrow<std::int32_t>((std::int64_t{1} << 31) - 1, "n") == 2147483647);
  CHECK(narrow<std::uint32_t>((std::size_t{1} << 32) - 1, "rows") == 4294967295U);
  CHECK(narrow<std::int64_t>(std::size_t{5}, "rows") == 5);
}

TEST_CASE("what does not fit is refused by name, with the bound") {
  CHECK_THROWS_WITH_AS(narrow<std::int32_t>(std::int64_t{1} << 31, "n"),
                       "n: must be at most 2147483647, got 2147483648.", std::length_error);
  CHECK_THROWS_WITH_AS(narrow<std::uint32_t>(std::size_t{1} << 32, "rows"),
                       "rows: must be at most 4294967295, got 4294967296.", std::length_error);
  CHECK_THROWS_WITH_AS(narrow<std::uint16_t>(-1, "cell"), "cell: must be at most 65535, got -1.", std::length_error);
  CHECK_THROWS_WITH_AS(narrow<std::int64_t>(~std::size_t{0}, "rows"),
                       "rows: must be at most 9223372036854775807, got 18446744073709551615.", std::length_error);
}

TEST_CASE("the bound can be lowered") {
  CHECK(narrow<std::int32_t>(100, "n", 100) == 100);
  CHECK_THROWS_WITH_AS(narrow<std::int32_t>(101, "n", 100), "n: must be at most 100, got 101.", std::length_error);
}

TEST_CASE("more disks than 32 bits can number are refused by name, before their arrays are looked at") {
  constexpr std::int64_t n = std::int64_t{1} << 31;
  const char* text = "n: must be at most 2147483647, got 2147483648.";
  for (const std::string_view engine : hthm::engine_names()) {
    CHECK_THROWS_WITH_AS((hthm::Ensemble{engine, {1, 0.1, 1}, {nullptr, nullptr, 1, n}, 1}), text, std::length_error);
  }
  for (const std::string_view engine : hthm::fixed_step_engines()) {
    CHECK_THROWS_WITH_AS(hthm::make_fixed_step_run(engine, {1, 0.1, 1}, nullptr, nullptr, n), text, std::length_error);
  }
  CHECK_THROWS_WITH_AS(hthm::count_overlaps({1, 0.1, 0}, nullptr, 1, n, 1, nullptr), text, std::length_error);
}
