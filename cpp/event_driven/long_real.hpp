// Numbers with more digits than a double, in which an exact run can come back: Boost.Multiprecision's binary floating
// point, every operation rounded once, to nearest even.
#pragma once

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <cstdint>

#include "core/vec2.hpp"

namespace hthm::event_driven {

template <unsigned bits>
using LongReal =
    boost::multiprecision::number<boost::multiprecision::cpp_bin_float<bits, boost::multiprecision::digit_base_2>,
                                  boost::multiprecision::et_off>;

/// A finite double as a long number, without an error. Boost's own conversion takes its digits a few at a time, through
/// three calls of ldexp each: 2 us for 237 bits, where this takes a fiftieth.
template <class Real>
Real exactly(double x) {
  int power = 0;
  const auto digits = static_cast<std::int64_t>(std::frexp(x, &power) * 0x1p53);
  return ldexp(Real(digits), power - 53);
}

template <>
inline double exactly<double>(double x) {
  return x;
}

/// Wrap a coordinate into [0, box), as the fixed step does: y = fmod(x, box), y + box where y < 0, and 0 where that is
/// box. In comparisons and differences alone, all of them exact but y + box: the library's own fmod, rint and remainder
/// differ from those of double, at negative numbers and at halves, and from one of its versions to the next.
template <class Real>
Real wrapped_into(const Real& x, const Real& box) {
  if (!(x < 0) && x < box) return x;  // as nearly all are
  Real rest = x < 0 ? Real(-x) : x;
  Real step = box;
  while (rest >= step + step) step = step + step;
  for (; step >= box; step = step / 2) {  // rest < 2 step: the difference is exact
    if (rest >= step) rest = rest - step;
  }
  if (!(x < 0) || rest == 0) return rest;
  const Real inside = box - rest;
  return inside >= box ? Real(0) : inside;
}

/// Doubles that follow the first: with them it adds up to the long number, without an error.
constexpr std::int64_t rests = 4;

/// Split a number into the nearest double, which is returned, and `rests` more.
template <class Real>
double split(const Real& x, double* rest) {
  const auto first = static_cast<double>(x);
  Real left = x - exactly<Real>(first);
  for (std::int64_t k = 0; k < rests; ++k) {
    rest[k] = static_cast<double>(left);
    left = left - exactly<Real>(rest[k]);
  }
  return first;
}

/// The number that was split, times 2^power. Without rests it is the double.
template <class Real>
Real joined(double first, const double* rest, int power) {
  using std::ldexp;  // another Real brings its own, found by its namespace
  Real sum = 0;
  for (std::int64_t k = rest ? rests : 0; k-- > 0;) sum = sum + exactly<Real>(rest[k]);
  return ldexp(Real(sum + exactly<Real>(first)), power);
}

}  // namespace hthm::event_driven
