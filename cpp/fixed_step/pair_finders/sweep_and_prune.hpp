// Disks in the order of their x, kept from step to step: only those whose x is within a diameter can overlap. Disks
// move little in a step, so insertion sort mends the order in about n moves.
#pragma once

#include <vector>

#include "core/large_array.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"
#include "fixed_step/pair_finders/strip.hpp"

namespace hthm {

class SweepAndPrune {
 public:
  SweepAndPrune(const Setup& setup, std::int64_t n, Simd level, Pace& pace);
  void find(const Disks& disks, PairList& pairs, Pace& pace);

 private:
  void sort(const Disks& disks, Pace& pace);
  void test(std::size_t k, std::size_t first, std::size_t last, PairList& pairs);

  OverlapTest overlap_;
  StripTest test_;
  double reach_;                    // overlapping disks are no further apart in x
  LargeArray<std::int32_t> order_;  // (n,) disks by ascending x
  LargeArray<double> x_, y_;        // (n,) coordinates in this order
  LargeArray<std::int32_t> found_;
};

}  // namespace hthm
