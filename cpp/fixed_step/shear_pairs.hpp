// Pairs that may touch in a gas that is sheared: Verlet's list in two stages, made from cells whose neighbours across
// the upper edge are looked for where they have slid to.
#pragma once

#include <cstdint>
#include <vector>

#include "fixed_step/pair_finders/cell_grid.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"
#include "fixed_step/shear_flow.hpp"
#include "fixed_step/shear_loops.hpp"

namespace hthm {

class ShearPairs {
 public:
  /// Of `n` disks that touch within `reach`, at most half the box.
  ShearPairs(double box, double reach, double dt, std::int64_t n);

  /// Every pair within reach once, in any order, in place of what `pairs` had. In the step before it every disk has
  /// moved with the flow and, at no more than the speed `fastest`, through it. That becomes the largest of all now and
  /// then.
  void find(const ShearFlow& flow, const ShearedDisks& disks, double& fastest, PairList& pairs, Pace& pace);

 private:
  /// Pairs within a distance, until some that were not may have come within reach.
  struct Stage {
    double skin = 0;   // the distance less reach
    double left = -1;  // of the skin; below zero the pairs are of no use
    PairList pairs;    // in any order
  };

  struct Placed {
    double x, y;
    std::int64_t disk;
  };

  void choose_skins(double rate, double fastest);
  void search(const ShearFlow& flow, const ShearedDisks& disks, Pace& pace);
  void sort_by_cell(const CellGrid& grid, const ShearedDisks& disks);
  std::int64_t keep_near(const Placed& from, double x, std::int64_t first, std::int64_t last, double within2,
                         std::int64_t count);
  std::int64_t begin(std::int64_t cell) const { return begins_[static_cast<std::size_t>(cell)]; }
  double closing(double rate, double fastest, double within) const;

  double box_, reach_, dt_;
  std::int64_t n_;
  Stage far_, near_;                  // those near are among those far
  std::vector<std::size_t> cells_;    // (n,) of each disk, row by row
  std::vector<std::int64_t> begins_;  // (cells + 2,) where each cell begins in the sorted disks
  std::vector<Placed> sorted_;        // (n,) cell by cell
};

}  // namespace hthm
