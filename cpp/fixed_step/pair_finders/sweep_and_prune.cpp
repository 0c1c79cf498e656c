#include "fixed_step/pair_finders/sweep_and_prune.hpp"

#include <algorithm>
#include <numeric>

#include "core/paced_array.hpp"

namespace hthm {

SweepAndPrune::SweepAndPrune(const Setup& setup, std::int64_t n, Simd level, Pace& pace)
    : overlap_{setup},
      test_{strip_test(level)},
      // The margins cover the rounding of differences of coordinates and of their squares.
      reach_{setup.diameter * (1 + 0x1p-40) + setup.box * 0x1p-50},
      order_(defaults<std::int32_t>(n, pace)),
      x_(defaults<double>(n, pace)),
      y_(defaults<double>(n, pace)),
      found_(defaults<std::int32_t>(n + 8, pace)) {
  std::iota(order_.begin(), order_.end(), 0);
}

void SweepAndPrune::find(const Disks& disks, PairList& pairs, Pace& pace) {
  sort(disks, pace);
  const std::size_t n = x_.size();
  // Of two disks, k comes first in the order. Either the way forward from k is the short one (within half a box), or
  // the way on from the later disk, round the border of the box: never both, so no pair is seen twice.
  std::size_t last = 0, wrapped = 0;
  Steps steps{pace};
  for (std::size_t k = 0; k < n; ++k) {
    last = std::max(last, k + 1);
    while (last < n && x_[last] - x_[k] <= reach_ && x_[last] - x_[k] <= overlap_.half_box) ++last;
    test(k, k + 1, last, pairs);
    while (wrapped < k && (x_[wrapped] + overlap_.box) - x_[k] <= reach_ && x_[k] - x_[wrapped] > overlap_.half_box) {
      ++wrapped;
    }
    test(k, 0, wrapped, pairs);
    steps.did(static_cast<std::int64_t>(last - k + wrapped));
  }
}

void SweepAndPrune::test(std::size_t k, std::size_t first, std::size_t last, PairList& pairs) {
  if (first == last) return;
  const std::int64_t count = test_(overlap_, {x_[k], y_[k]}, {x_.data(), y_.data()}, static_cast<std::int64_t>(first),
                                   static_cast<std::int64_t>(last), found_.data());
  for (std::int64_t m = 0; m < count; ++m) {
    pairs.emplace_back(order_[k], order_[static_cast<std::size_t>(found_[static_cast<std::size_t>(m)])]);
  }
}

void SweepAndPrune::sort(const Disks& disks, Pace& pace) {
  const std::size_t n = order_.size();
  // Where disks cross much of the box in a step the old order is worth nothing; so many moves and we sort afresh.
  auto moves_left = static_cast<std::int64_t>(16 * n);
  in_pieces(0, disks.n, pace, [&, order = order_.data(), xs = x_.data()](std::int64_t first, std::int64_t last) {
    std::int64_t left = moves_left;
    for (std::int64_t k = first; k < last && left >= 0; ++k) {
      const std::int32_t disk = order[k];
      const double x = disks.positions[disk].x;
      std::int64_t place = k;
      for (; place > 0 && xs[place - 1] > x && left >= 0; --place, --left) {
        order[place] = order[place - 1];
        xs[place] = xs[place - 1];
      }
      order[place] = disk;
      xs[place] = x;
    }
    moves_left = left;
  });
  if (moves_left < 0) {
    std::sort(order_.begin(), order_.end(), [&](std::int32_t a, std::int32_t b) {
      pace.did(1);
      return disks.positions[a].x < disks.positions[b].x;
    });
  }
  in_pieces(
      0, disks.n, pace,
      [x = disks.positions, order = order_.data(), xs = x_.data(), ys = y_.data()](std::int64_t k, std::int64_t last) {
        for (; k < last; ++k) {
          xs[k] = x[order[k]].x;
          ys[k] = x[order[k]].y;
        }
      });
}

}  // namespace hthm
