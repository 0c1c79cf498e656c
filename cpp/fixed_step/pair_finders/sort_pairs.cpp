#include "fixed_step/pair_finders/sort_pairs.hpp"

#include <array>

namespace hthm {
namespace {

/// Insertion sort, given up where the list is too far from order. Returns whether it went through.
bool insertion_sort(PairList& pairs) {
  auto moves_left = static_cast<std::int64_t>(4 * pairs.size() + 256);  // any order of some thirty pairs
  for (std::size_t k = 1; k < pairs.size(); ++k) {
    const Pair pair = pairs[k];
    std::size_t place = k;
    for (; place > 0 && pair < pairs[place - 1]; --place, --moves_left) pairs[place] = pairs[place - 1];
    pairs[place] = pair;
    if (moves_left < 0) return false;
  }
  return true;
}

/// One stable pass of counting sort by `bits` bits of i, from bit `shift`.
constexpr int bits = 11;
void sort_by_digit(const PairList& from, PairList& to, int shift) {
  constexpr std::uint64_t mask = (1U << bits) - 1;
  std::array<std::uint32_t, std::size_t{1} << bits> place{};
  for (const Pair& pair : from) ++place[(pair.key >> shift) & mask];
  std::uint32_t begin = 0;
  for (std::uint32_t& count : place) {
    const std::uint32_t next = begin + count;
    count = begin;
    begin = next;
  }
  for (const Pair& pair : from) to[place[(pair.key >> shift) & mask]++] = pair;
}

}  // namespace

void sort_pairs(PairList& pairs, std::int64_t n) {
  if (insertion_sort(pairs)) return;
  constexpr std::size_t many = 256, too_many = std::size_t{1} << 32;
  if (pairs.size() < many || pairs.size() >= too_many) return std::sort(pairs.begin(), pairs.end());
  PairList other(pairs.size());
  for (int shift = 32; (n - 1) >> (shift - 32) > 0; shift += bits) {
    sort_by_digit(pairs, other, shift);
    pairs.swap(other);
  }
  // In order of i; the few pairs of one i stand together.
  if (!insertion_sort(pairs)) std::sort(pairs.begin(), pairs.end());
}

}  // namespace hthm
