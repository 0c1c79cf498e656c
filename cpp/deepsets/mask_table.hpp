// Masks with a number each, found by hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "deepsets/network.hpp"

namespace hthm::deepsets {

/// Numbers different masks in the order in which they come.
class MaskTable {
 public:
  static constexpr std::int32_t unknown = -1;

  void clear() {
    masks_.clear();
    hashes_.clear();
    slots_.assign(fewest_slots, unknown);
  }
  std::size_t count() const { return masks_.size(); }
  const Mask& mask(std::int64_t number) const { return masks_[static_cast<std::size_t>(number)]; }
  std::uint64_t hash(std::int64_t number) const { return hashes_[static_cast<std::size_t>(number)]; }

  /// The number of a mask, or `unknown`; equal masks come with equal hashes.
  std::int32_t find(const Mask& mask, std::uint64_t hash) const { return slots_[slot(mask, hash)]; }

  std::int32_t find_or_add(const Mask& mask, std::uint64_t hash) {
    const std::size_t k = slot(mask, hash);
    if (slots_[k] != unknown) return slots_[k];
    const auto number = static_cast<std::int32_t>(masks_.size());
    slots_[k] = number;
    masks_.push_back(mask);
    hashes_.push_back(hash);
    if (2 * masks_.size() > slots_.size()) {
      slots_.assign(2 * slots_.size(), unknown);
      for (std::size_t m = 0; m < masks_.size(); ++m)
        slots_[slot(masks_[m], hashes_[m])] = static_cast<std::int32_t>(m);
    }
    return number;
  }

 private:
  static constexpr std::size_t fewest_slots = 1024;

  static bool are_equal(const Mask& a, const Mask& b) {  // a call of memcmp takes longer
    std::uint64_t differing = 0;
    for (std::size_t k = 0; k < a.size(); ++k) differing |= a[k] ^ b[k];
    return differing == 0;
  }
  /// Where a mask is, or where it belongs.
  std::size_t slot(const Mask& mask, std::uint64_t hash) const {
    std::size_t k = hash & (slots_.size() - 1);
    for (; slots_[k] != unknown; k = (k + 1) & (slots_.size() - 1)) {
      const auto m = static_cast<std::size_t>(slots_[k]);
      if (hashes_[m] == hash && are_equal(masks_[m], mask)) break;
    }
    return k;
  }

  std::vector<Mask> masks_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::int32_t> slots_ = std::vector<std::int32_t>(fewest_slots, unknown);  // open addressing
};

}  // namespace hthm::deepsets
