// Memory of large arrays.
#include <doctest/doctest.h>

#include <cstdint>
#include <new>

#include "core/large_array.hpp"

using hthm::LargeArray;

namespace {

struct alignas(64) Line {
  std::int64_t number = 0;
};

template <class T>
std::uintptr_t address(const LargeArray<T>& a) {
  return reinterpret_cast<std::uintptr_t>(a.data());
}

}  // namespace

TEST_CASE(
    "small arrays are aligned as their type wants, large ones as huge pages are, and they grow from one to the other") {
  LargeArray<Line> lines;
  for (std::int64_t k = 0; k < 50'000; ++k) {
    lines.push_back({k});
    if ((k & (k + 1)) == 0) REQUIRE(address(lines) % 64 == 0);
  }
  CHECK(address(lines) % (1 << 21) == 0);
  for (std::int64_t k = 0; k < 50'000; ++k) REQUIRE(lines[static_cast<std::size_t>(k)].number == k);
  const LargeArray<Line> copy = lines;
  lines.clear();
  lines.shrink_to_fit();
  CHECK(copy.back().number == 49'999);
  CHECK(address(LargeArray<char>(1 << 21)) % (1 << 21) == 0);
}

TEST_CASE("what no memory holds is refused") {
  CHECK_THROWS_AS(hthm::HugePages<double>{}.allocate(static_cast<std::size_t>(-1) / 8), std::bad_alloc);
}
