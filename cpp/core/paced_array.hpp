// Large arrays made, filled and copied in pieces: memory that is touched for the first time takes a while.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/large_array.hpp"
#include "core/stop_request.hpp"

namespace hthm {

/// Call body(first, last) for pieces of [0, count), a check's worth of memory each: 4 MiB. A step is a line of the
/// cache.
template <class T, class Body>
void in_pieces_of(std::int64_t count, Pace& pace, const Body& body) {
  constexpr std::int64_t line = 64, size = sizeof(T), piece = Pace::steps * line / size;
  for (std::int64_t first = 0; first < count; first += piece) {
    const std::int64_t last = std::min(first + piece, count);
    body(first, last);
    pace.did((last - first) * size / line + 1);
  }
}

/// An array of `count` values T{}, with room for `most`.
template <class T>
LargeArray<T> defaults(std::int64_t count, Pace& pace, std::int64_t most = 0) {
  LargeArray<T> array;
  array.reserve(static_cast<std::size_t>(std::max(count, most)));
  in_pieces_of<T>(count, pace, [&](std::int64_t, std::int64_t last) { array.resize(static_cast<std::size_t>(last)); });
  return array;
}

/// An array of `count` equal values.
template <class T>
LargeArray<T> filled(std::int64_t count, const T& value, Pace& pace) {
  LargeArray<T> array;
  array.reserve(static_cast<std::size_t>(count));
  in_pieces_of<T>(count, pace,
                  [&](std::int64_t, std::int64_t last) { array.resize(static_cast<std::size_t>(last), value); });
  return array;
}

/// An array of `count` values that are anywhere else.
template <class T>
LargeArray<T> copied(const T* from, std::int64_t count, Pace& pace) {
  LargeArray<T> array;
  array.reserve(static_cast<std::size_t>(count));
  in_pieces_of<T>(count, pace,
                  [&](std::int64_t first, std::int64_t last) { array.insert(array.end(), from + first, from + last); });
  return array;
}

/// An array of `count` values f(value) of those that are anywhere else.
template <class T, class F>
LargeArray<T> mapped(const T* from, std::int64_t count, Pace& pace, const F& f) {
  LargeArray<T> array;
  array.reserve(static_cast<std::size_t>(count));
  in_pieces_of<T>(count, pace, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t k = first; k < last; ++k) array.push_back(f(from[k]));
  });
  return array;
}

/// All values of an array.
template <class T>
void fill(LargeArray<T>& array, const T& value, Pace& pace) {
  T* to = array.data();
  in_pieces_of<T>(static_cast<std::int64_t>(array.size()), pace,
                  [&](std::int64_t first, std::int64_t last) { std::fill(to + first, to + last, value); });
}

/// The same values elsewhere.
template <class T>
void copy(const T* from, std::int64_t count, T* to, Pace& pace) {
  in_pieces_of<T>(count, pace,
                  [&](std::int64_t first, std::int64_t last) { std::copy(from + first, from + last, to + first); });
}

}  // namespace hthm
