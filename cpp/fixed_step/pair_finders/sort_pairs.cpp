#include "fixed_step/pair_finders/sort_pairs.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>

namespace hthm {
namespace {

constexpr std::int64_t few = 64, few_disks = 1 << 15;  // two numbers in a word, with a sign

/// The place of each is how many are smaller: no branch that depends on them, several compared at once. Of pairs in no
/// order insertion has one guessed wrong each.
void sort_few(PairList& pairs) {
  constexpr std::size_t block = 4;
  std::array<std::uint64_t, few> keys;
  std::array<std::int32_t, few> codes;
  const std::size_t size = pairs.size(), padded = (size + block - 1) / block * block;
  for (std::size_t k = 0; k < size; ++k) {
    keys[k] = pairs[k].key;
    codes[k] = static_cast<std::int32_t>(keys[k] >> 16 | (keys[k] & 0xffff));
  }
  std::fill(codes.begin() + static_cast<std::ptrdiff_t>(size), codes.begin() + static_cast<std::ptrdiff_t>(padded),
            std::numeric_limits<std::int32_t>::max());
  Pair* sorted = pairs.data();
  for (std::size_t k = 0; k < size; ++k) {
    const std::int32_t code = codes[k];
    std::int32_t place = 0;
    for (std::size_t other = 0; other < padded; ++other) place += codes[other] < code;
    sorted[place].key = keys[k];
  }
}

/// Insertion sort, given up where the list is too far from order. Returns whether it went through.
bool insertion_sort(PairList& pairs, Pace& pace) {
  auto moves_left = static_cast<std::int64_t>(pairs.size() + 512);  // any order of some forty pairs
  Steps steps{pace};
  for (std::size_t k = 1; k < pairs.size(); ++k) {
    const Pair pair = pairs[k];
    std::size_t place = k;
    for (; place > 0 && pair < pairs[place - 1]; --place, --moves_left) pairs[place] = pairs[place - 1];
    pairs[place] = pair;
    steps.did(static_cast<std::int64_t>(1 + k - place));
    if (moves_left < 0) return false;
  }
  return true;
}

/// One stable pass of counting sort by `bits` bits of i, from bit `shift`.
constexpr int bits = 11;
void sort_by_digit(const PairList& from, PairList& to, int shift, Pace& pace) {
  constexpr std::uint64_t mask = (1U << bits) - 1;
  const auto size = static_cast<std::int64_t>(from.size());
  const auto digit = [shift](const Pair& pair) { return static_cast<std::size_t>((pair.key >> shift) & mask); };
  std::array<std::size_t, std::size_t{1} << bits> place{};
  in_pieces(0, size, pace, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t k = first; k < last; ++k) ++place[digit(from[static_cast<std::size_t>(k)])];
  });
  std::size_t begin = 0;
  for (std::size_t& count : place) begin += std::exchange(count, begin);
  in_pieces(0, size, pace, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t k = first; k < last; ++k) {
      const Pair& pair = from[static_cast<std::size_t>(k)];
      to[place[digit(pair)]++] = pair;
    }
  });
}

/// Sort each of the stretches in which i is the same.
void sort_each_i(PairList& pairs, Pace& pace) {
  for (auto first = pairs.begin(); first != pairs.end();) {
    const auto last = std::find_if(first, pairs.end(), [i = first->i()](const Pair& pair) { return pair.i() != i; });
    std::sort(first, last);
    pace.did(last - first);
    first = last;
  }
}

}  // namespace

void sort_pairs(PairList& pairs, std::int64_t n, Pace& pace) {
  const auto size = static_cast<std::int64_t>(pairs.size());
  if (size <= few && n <= few_disks) {
    if (!std::is_sorted(pairs.begin(), pairs.end())) sort_few(pairs);
    return;
  }
  if (insertion_sort(pairs, pace)) return;
  constexpr std::size_t many = 256;
  if (pairs.size() < many) return std::sort(pairs.begin(), pairs.end());
  PairList other(pairs.size());
  for (int shift = 32; (n - 1) >> (shift - 32) > 0; shift += bits) {
    sort_by_digit(pairs, other, shift, pace);
    pairs.swap(other);
  }
  // In order of i; the few pairs of one i stand together.
  if (!insertion_sort(pairs, pace)) sort_each_i(pairs, pace);
}

}  // namespace hthm
