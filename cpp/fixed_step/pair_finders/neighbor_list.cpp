#include "fixed_step/pair_finders/neighbor_list.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/paced_array.hpp"
#include "fixed_step/pair_finders/sort_pairs.hpp"

namespace hthm {

NeighborList::NeighborList(const Setup& setup, std::int64_t n, Simd level, Pace& pace)
    : setup_{setup}, level_{level}, overlap_{setup}, reference_(defaults<Vec>(n, pace)) {}

void NeighborList::find(const Disks& disks, PairList& pairs, Pace& pace) {
  if (moved_too_far(disks, pace)) rebuild(disks, pace);
  const std::size_t before = pairs.size();
  pairs.resize(before + list_.size());
  Pair* found = pairs.data() + before;
  in_pieces(0, static_cast<std::int64_t>(list_.size()), pace, [&](std::int64_t first, std::int64_t last) {
    const Vec* positions = disks.positions;
    const auto overlap = overlap_;
    Pair* to = found;
    for (const Pair *pair = list_.data() + first, *end = list_.data() + last; pair != end; ++pair) {
      *to = *pair;
      to += overlap(positions[pair->i()], positions[pair->j()]);  // no branch: not to be foreseen
    }
    found = to;
  });
  pairs.resize(static_cast<std::size_t>(found - pairs.data()));
}

/// Whether two disks may have come nearer to each other by more than the skin. Displacements are taken round the box:
/// the triangle inequality holds there too, however often a disk has gone round.
bool NeighborList::moved_too_far(const Disks& disks, Pace& pace) const {
  // A part in 2^20 of the skin, and of the box what coordinates can be off by, for rounding.
  const double reach = (skin_ * (1 - 0x1p-20) - setup_.box * 0x1p-48) / 2;
  if (!(reach > 0)) return true;
  const double half_box = setup_.box / 2;
  double furthest2 = 0;
  in_pieces(0, disks.n, pace, [&](std::int64_t first, std::int64_t last) {
    double furthest = furthest2;
    for (std::int64_t i = first; i < last; ++i) {
      const Vec d = separation(disks.positions[i], reference_[static_cast<std::size_t>(i)], setup_.box, half_box);
      furthest = std::max(furthest, norm2(d));
    }
    furthest2 = furthest;
  });
  return furthest2 > reach * reach;
}

void NeighborList::rebuild(const Disks& disks, Pace& pace) {
  const double skin = best_skin(disks, pace);
  if (!neighbours_ || skin != skin_) {
    skin_ = skin;
    neighbours_.emplace(Setup{setup_.box, setup_.diameter + skin, setup_.dt}, disks.n, level_, pace);
  }
  list_.clear();
  neighbours_->find(disks, list_, pace);
  sort_pairs(list_, disks.n, pace);
  copy(disks.positions, disks.n, reference_.data(), pace);
}

/// The skin with the least work a step: a thick one makes a long list to look through, a thin one a short-lived list.
double NeighborList::best_skin(const Disks& disks, Pace& pace) const {
  double fastest2 = 0;
  in_pieces(0, disks.n, pace, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) fastest2 = std::max(fastest2, norm2(disks.velocities[i]));
  });
  const double apart = 2 * std::sqrt(fastest2) * setup_.dt;  // what two disks can approach each other in a step
  const double n = static_cast<double>(disks.n), area = setup_.box * setup_.box;
  const double thinnest = std::max(setup_.diameter / 8, setup_.box / (64 * std::sqrt(n)));  // of points, too
  double best = thinnest, least = HUGE_VAL;
  // In units of one look at a pair, from profiles; cells have (3 reach)^2 in place of pi reach^2, half of it looked at.
  constexpr double build_disk = 6, build_pair = 4, watch_disk = 0.5;
  for (double skin = thinnest; setup_.diameter + skin <= setup_.box / 2; skin *= 1.25) {
    const double reach = setup_.diameter + skin;
    const double listed = n * std::numbers::pi * reach * reach / (2 * area);  // pairs a disk
    const double looked_at = n * 9 * reach * reach / (2 * area);
    const double steps = std::max(1.0, std::floor(skin / apart) + 1);
    const double work = watch_disk + listed + (build_disk + looked_at + build_pair * listed) / steps;
    if (work < least) {
      least = work;
      best = skin;
    }
    if (steps > 1e6) break;  // disks at rest
  }
  return best;
}

}  // namespace hthm
