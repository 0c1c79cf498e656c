// Every pair is looked at: n(n-1)/2 tests a step. The reference for the others, and the fastest for a few dozen disks.
#pragma once

#include "pair_list.hpp"

namespace hthm {

class AllPairs {
 public:
  AllPairs(const Setup& setup, std::int64_t) : overlap_{setup} {}

  void find(const Disks& disks, PairList& pairs) const {
    for (std::int64_t i = 0; i < disks.n; ++i) {
      for (std::int64_t j = i + 1; j < disks.n; ++j) {
        if (overlap_(disks.positions[i], disks.positions[j])) pairs.emplace_back(i, j);
      }
    }
  }

 private:
  OverlapTest overlap_;
};

}  // namespace hthm
