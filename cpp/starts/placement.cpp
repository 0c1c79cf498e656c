#include "starts/placement.hpp"

#include <cmath>
#include <vector>

#include "core/narrow.hpp"
#include "core/stoppable_for.hpp"
#include "fixed_step/legal_start.hpp"
#include "fixed_step/pair_finders/cell_grid.hpp"
#include "fixed_step/pair_finders/sorted_cells.hpp"

namespace hthm {
namespace {

/// Whether two disks within the largest diameter of a mixture overlap: those nearer than their own contact distance.
bool overlap(const Setup& setup, const Kinds& kinds, const Vec* positions, std::int64_t i, const Vec& x,
             std::int64_t j) {
  const double contact = kinds.contact(kinds.of(i), kinds.of(j));
  return norm2(separation(x, positions[j], setup.box, setup.box / 2)) < contact * contact;
}

}  // namespace

void count_overlaps(const Setup& setup, const Vec* positions, std::int64_t runs, std::int64_t n, int threads,
                    std::int64_t* counts, StopRequest* stop, const Kinds* kinds) {
  stoppable_for(runs, threads, stop, [&](std::int64_t k) {
    Pace pace{stop};
    SortedCells finder{setup, narrow<std::int32_t>(n, "n"), simd_level(), pace};
    const Vec* of_run = positions + k * n;
    in_pieces(0, n, pace,
              [&](std::int64_t first, std::int64_t last) { require_inside(of_run + first, last - first, setup.box); });
    PairList pairs;
    finder.find({of_run, nullptr, n}, pairs, pace);
    if (kinds) {
      std::erase_if(pairs, [&](const Pair& pair) {
        pace.did(1);
        return !overlap(setup, *kinds, of_run, pair.i(), of_run[pair.i()], pair.j());
      });
    }
    counts[k] = static_cast<std::int64_t>(pairs.size());
  });
}

namespace {

/// Disks placed so far, by cell. With fewer than 3 cells a side there is one cell, and everyone is looked at.
class PlacedDisks {
 public:
  PlacedDisks(const Setup& setup, const Vec* positions, std::int64_t n, const Kinds* kinds)
      : setup_{setup},
        overlap_{setup},
        grid_{setup, std::sqrt(static_cast<double>(n))},
        positions_{positions},
        kinds_{kinds} {
    if (grid_.side < 3) grid_.side = 1;
    cells_.resize(static_cast<std::size_t>(grid_.side * grid_.side));
  }

  /// For disk `next` at x.
  bool has_room(std::int64_t next, const Vec& x, Pace& pace) const {
    const std::int64_t side = grid_.side, reach = side > 1 ? 1 : 0;
    const std::int64_t column = grid_.index(x.x), row = grid_.index(x.y);
    for (std::int64_t dy = -reach; dy <= reach; ++dy) {
      for (std::int64_t dx = -reach; dx <= reach; ++dx) {
        const std::int64_t cell = (row + dy + side) % side * side + (column + dx + side) % side;
        const std::vector<std::int64_t>& others = cells_[static_cast<std::size_t>(cell)];
        pace.did(static_cast<std::int64_t>(others.size()));
        for (const std::int64_t i : others) {
          if (overlap_(x, positions_[i]) && (!kinds_ || overlap(setup_, *kinds_, positions_, next, x, i))) return false;
        }
      }
    }
    return true;
  }

  void add(std::int64_t i) {
    const Vec& x = positions_[i];
    cells_[static_cast<std::size_t>(grid_.index(x.y) * grid_.side + grid_.index(x.x))].push_back(i);
  }

 private:
  Setup setup_;
  OverlapTest overlap_;
  CellGrid grid_;
  const Vec* positions_;
  const Kinds* kinds_;                            // of a mixture, or null
  std::vector<std::vector<std::int64_t>> cells_;  // (side * side,) disks of each cell
};

}  // namespace

Placed place_disks(const Setup& setup, const Vec* candidates, std::int64_t count, Vec* positions, std::int64_t n,
                   std::int64_t placed, StopRequest* stop, const Kinds* kinds) {
  const DefaultFloatingPoint environment;
  Pace pace{stop};
  PlacedDisks disks{setup, positions, n, kinds};
  in_pieces(0, placed, pace, [&](std::int64_t first, std::int64_t last) {
    require_inside(positions + first, last - first, setup.box);
    for (std::int64_t i = first; i < last; ++i) disks.add(i);
  });
  std::int64_t used = 0;
  while (placed < n && used < count) {
    const Vec& x = candidates[used++];
    pace.did(1);
    require_inside(&x, 1, setup.box);
    if (!disks.has_room(placed, x, pace)) continue;
    positions[placed] = x;
    disks.add(placed++);
  }
  return {placed, used};
}

}  // namespace hthm
