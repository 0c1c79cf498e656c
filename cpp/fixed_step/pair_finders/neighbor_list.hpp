// Verlet's list: pairs within a diameter and a skin, noted once and looked at every step until some disk has moved half
// the skin. Positions alone decide when that is, so the list is sound at any speed and whatever the collisions do.
// L. Verlet, Phys. Rev. 159, 98 (1967), https://doi.org/10.1103/PhysRev.159.98
#pragma once

#include <optional>

#include "core/large_array.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"
#include "fixed_step/pair_finders/sorted_cells.hpp"

namespace hthm {

class NeighborList {
 public:
  NeighborList(const Setup& setup, std::int64_t n, Simd level, Pace& pace);
  void find(const Disks& disks, PairList& pairs, Pace& pace);

 private:
  bool moved_too_far(const Disks& disks, Pace& pace) const;
  void rebuild(const Disks& disks, Pace& pace);
  double best_skin(const Disks& disks, Pace& pace) const;

  Setup setup_;
  Simd level_;
  OverlapTest overlap_;
  double skin_ = -1;                       // negative: no list yet
  std::optional<SortedCells> neighbours_;  // finds pairs within diameter + skin
  LargeArray<Vec> reference_;              // (n,) positions at which the list was made
  PairList list_;                          // in ascending order
};

}  // namespace hthm
