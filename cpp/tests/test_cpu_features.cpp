// The level of instructions in use.
#include <doctest/doctest.h>

#include "core/cpu_features.hpp"

TEST_CASE("the level in use is one the machine has") {
  CHECK(hthm::simd_level() <= hthm::best_simd_level());
  CHECK(hthm::name(hthm::Simd::portable) == "portable");
  CHECK(hthm::name(hthm::Simd::avx2) == "avx2");
  CHECK(hthm::name(hthm::Simd::avx512) == "avx512");
}
