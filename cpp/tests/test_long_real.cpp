// Long numbers: their wrap and image against those of double, and that they are split without an error.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "core/vec2.hpp"
#include "event_driven/long_real.hpp"

namespace {

using hthm::event_driven::joined;
using hthm::event_driven::LongReal;
using hthm::event_driven::rests;
using hthm::event_driven::split;
using hthm::event_driven::wrapped_into;

/// Of as many bits as a double.
using Same = LongReal<53>;

/// The rule of the fixed step.
double wrapped_by_fmod(double x, double box) {
  double m = std::fmod(x, box);
  if (m < 0) m += box;
  return m >= box ? 0.0 : m + 0.0;
}

/// Ties, neighbours of ties, negative ones, numbers that vanish beside the box, and any.
std::vector<double> coordinates(double box) {
  std::vector<double> all{0.0, -0.0, 0x1p-60 * box, -0x1p-60 * box, 0x1p-54 * box, -0x1p-54 * box, -0x1p-53 * box};
  for (const double of : {0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 7.0, 1023.5, 0x1p40}) {
    for (const double x : {of * box, -of * box}) {
      for (const double y : {x, std::nextafter(x, HUGE_VAL), std::nextafter(x, -HUGE_VAL)}) all.push_back(y);
    }
  }
  std::mt19937_64 random{1};
  std::uniform_real_distribution<double> anywhere{-9 * box, 9 * box};
  for (int k = 0; k < 2000; ++k) all.push_back(anywhere(random));
  return all;
}

TEST_CASE("a coordinate is wrapped as fmod wraps it, in double and in a long type of as many bits") {
  for (const double box : {1.0, 1.75, 1.1}) {
    for (const double x : coordinates(box)) {
      CAPTURE(x);
      const double expected = wrapped_by_fmod(x, box);
      CHECK(wrapped_into(x, box) == expected);
      CHECK(static_cast<double>(wrapped_into<Same>(Same(x), Same(box))) == expected);
      // Every long coordinate is inside, and the difference is a whole number of boxes: exactly, if it was positive.
      const LongReal<237> inside = wrapped_into(LongReal<237>(x), LongReal<237>(box));
      CHECK(inside >= 0);
      CHECK(inside < box);
      if (x >= 0) CHECK(static_cast<double>(inside) == expected);
    }
  }
}

TEST_CASE("the image of a difference is the double's, at ties and negative numbers too") {
  for (const double box : {1.0, 1.75, 1.1}) {
    for (const double x : coordinates(box)) {
      if (std::abs(x) >= box) continue;
      CAPTURE(x);
      const double expected = hthm::minimum_image(x, box, box / 2);
      CHECK(static_cast<double>(hthm::minimum_image<Same>(Same(x), Same(box), Same(box / 2))) == expected);
      CHECK(static_cast<double>(hthm::minimum_image<LongReal<237>>(x, box, box / 2)) == expected);
    }
  }
}

TEST_CASE("sums, products, quotients and roots are rounded once, to nearest even, as those of double are") {
  std::mt19937_64 random{2};
  std::uniform_real_distribution<double> mantissa{1, 2};
  std::uniform_int_distribution<int> power{-60, 60}, coin{0, 1};
  const auto number = [&] { return std::ldexp(coin(random) ? mantissa(random) : -mantissa(random), power(random)); };
  for (int k = 0; k < 5000; ++k) {
    const double a = number(), b = number();
    CAPTURE(a);
    CAPTURE(b);
    CHECK(static_cast<double>(Same(a) + Same(b)) == a + b);
    CHECK(static_cast<double>(Same(a) - Same(b)) == a - b);
    CHECK(static_cast<double>(Same(a) * Same(b)) == a * b);
    CHECK(static_cast<double>(Same(a) / Same(b)) == a / b);
    CHECK(static_cast<double>(sqrt(Same(std::abs(a)))) == std::sqrt(std::abs(a)));
  }
  CHECK(static_cast<double>(Same(1) + Same(0x1p-53)) == 1.0);                    // a tie, to even
  CHECK(static_cast<double>(Same(1 + 0x1p-52) + Same(0x1p-53)) == 1 + 0x1p-51);  // and one that goes up
}

TEST_CASE_TEMPLATE("a long number is five doubles, without an error", Long, LongReal<113>, LongReal<237>) {
  std::mt19937_64 random{3};
  std::uniform_real_distribution<double> any{-1, 1};
  for (int k = 0; k < 2000; ++k) {
    const Long x = (Long(any(random)) / Long(3 + any(random))) * Long(std::ldexp(1.0, k % 7 - 3));
    double rest[rests];
    const double first = split(x, rest);
    CHECK(first == static_cast<double>(x));
    CHECK(joined<Long>(first, rest, 0) == x);
    CHECK(joined<Long>(first, rest, 5) == x * 32);
    CHECK(joined<Long>(-first, nullptr, 0) == Long(-first));
  }
}

}  // namespace
