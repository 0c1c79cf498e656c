#include "fixed_step/shear_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fixed_step/drift.hpp"
#include "fixed_step/pair_finders/cell_grid.hpp"

namespace hthm {
namespace {

constexpr double margin = 1 + 0x1p-20;  // for what rounding does to distances and speeds

/// Put those of some pairs that are within a distance in place of others.
void filter(const ShearFlow& flow, const ShearedDisks& disks, const PairList& from, double distance, PairList& to,
            Pace& pace) {
  to.resize(from.size());
  // Copies: as far as the compiler knows, what the loop writes may change the members.
  const ShearFlow here = flow;
  const double *x = disks.x.data(), *y = disks.y.data(), distance2 = distance * distance;
  Pair* end = to.data();
  in_pieces(0, static_cast<std::int64_t>(from.size()), pace, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t k = first; k < last; ++k) {
      const Pair pair = from[static_cast<std::size_t>(k)];
      const auto i = pair.i(), j = pair.j();
      *end = pair;  // no branch on what is found, which nobody foresees
      end += norm2(here.separation({x[i], y[i]}, {x[j], y[j]})) < distance2;
    }
  });
  to.resize(static_cast<std::size_t>(end - to.data()));
}

}  // namespace

ShearPairs::ShearPairs(double box, double reach, double dt, std::int64_t n)
    : box_{box}, reach_{reach}, dt_{dt}, n_{n} {}

void ShearPairs::find(const ShearFlow& flow, const ShearedDisks& disks, double& fastest, PairList& pairs, Pace& pace) {
  for (Stage* stage : {&far_, &near_}) stage->left -= closing(flow.rate, fastest, reach_ + stage->skin);
  if (!(near_.left >= 0)) {
    fastest = std::sqrt(disks.largest_square());
    if (!(far_.left >= near_.skin)) {  // else those near would be taken from too few, before they are taken anew
      choose_skins(flow.rate, fastest);
      search(flow, disks, pace);
      far_.left = far_.skin;
    }
    filter(flow, disks, far_.pairs, (reach_ + near_.skin) * margin, near_.pairs, pace);
    near_.left = near_.skin;
  }
  filter(flow, disks, near_.pairs, reach_, pairs, pace);
}

/// The most by which two disks can approach in a step that they end, or begin, so near each other.
double ShearPairs::closing(double rate, double fastest, double within) const {
  const double apart = 2 * fastest;
  return margin * dt_ * (apart + std::abs(rate) * (within + apart * dt_));
}

/// The skins with the least work a step, among some: thick ones make many pairs, thin ones do not last. Of 0 they last
/// one step.
void ShearPairs::choose_skins(double rate, double fastest) {
  constexpr double a_disk = 30, a_look = 1.5;  // nanoseconds of a search for a disk, and of a look at a pair
  const double density = static_cast<double>(n_) / box_ / box_;
  const auto looks = [&](double within) { return a_look * density * 5 / 3 * within * within; };  // a disk
  const auto lasts = [&](double skin) { return std::max(1.0, skin / closing(rate, fastest, reach_ + skin)); };
  double least = std::numeric_limits<double>::infinity();
  near_.skin = far_.skin = 0;
  double near = reach_ / 4;
  for (int k = 0; k < 16; ++k, near *= 1.25) {
    double far = 2 * near;
    for (int m = 0; m < 10 && reach_ + far <= box_ / 3; ++m, far *= 1.25) {
      const double work = looks(reach_ + near) + looks(reach_ + far) / lasts(near) +
                          (a_disk + 6 * looks(reach_ + far)) / lasts(far - near);
      if (!(work < least)) continue;
      least = work;
      near_.skin = near;
      far_.skin = far;
    }
  }
}

void ShearPairs::search(const ShearFlow& flow, const ShearedDisks& disks, Pace& pace) {
  const double within = (reach_ + far_.skin) * margin, within2 = within * within;
  PairList& pairs = far_.pairs;
  pairs.resize(std::max(pairs.size(), static_cast<std::size_t>(4 * n_)));
  std::int64_t count = 0;
  const auto look = [&](const Placed& from, double x, std::int64_t first, std::int64_t last) {
    if (pairs.size() < static_cast<std::size_t>(count + last - first)) {
      pairs.resize(2 * static_cast<std::size_t>(count + last - first));
    }
    count = keep_near(from, x, first, last, within2, count);
  };
  const CellGrid grid{{box_, within, dt_}, 2 * std::sqrt(static_cast<double>(n_))};
  if (grid.side < 3) {
    pairs.clear();
    for (std::int64_t i = 1; i < n_; ++i) {
      for (std::int64_t j = 0; j < i; ++j) {
        const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
        const Vec d = flow.separation({disks.x[a], disks.y[a]}, {disks.x[b], disks.y[b]});
        if (norm2(d) < within2) pairs.emplace_back(i, j);
      }
      pace.did(i);
    }
    return;
  }
  sort_by_cell(grid, disks);
  const std::int64_t side = grid.side;
  // Of two neighbours one is later in the same cell, or to the right in the same row, or in the row above.
  for (std::int64_t k = 0; k < n_; ++k) {
    const Placed& at = sorted_[static_cast<std::size_t>(k)];
    const std::int64_t row = grid.index(at.y), column = grid.index(at.x), in_row = row * side;
    look(at, at.x, k + 1, begin(in_row + column + 1));
    const std::int64_t right = in_row + (column + 1 < side ? column + 1 : 0);
    look(at, at.x, begin(right), begin(right + 1));
    // The box above has slid by the offset: whoever of it is near stands at x - offset in this one.
    const bool edge = row + 1 == side;
    const double x = edge ? wrapped(at.x - flow.offset, box_) : at.x;
    const std::int64_t under = edge ? grid.index(x) : column, above = edge ? 0 : in_row + side;
    if (under > 0 && under + 1 < side) {
      look(at, x, begin(above + under - 1), begin(above + under + 2));
    } else {
      for (const std::int64_t c : {under > 0 ? under - 1 : side - 1, under, under + 1 < side ? under + 1 : 0}) {
        look(at, x, begin(above + c), begin(above + c + 1));
      }
    }
    pace.did(8);
  }
  pairs.resize(static_cast<std::size_t>(count));
}

/// Disks in the order of their cells, and where each cell begins.
void ShearPairs::sort_by_cell(const CellGrid& grid, const ShearedDisks& disks) {
  const auto count = static_cast<std::size_t>(n_);
  begins_.assign(static_cast<std::size_t>(grid.side * grid.side + 2), 0);
  cells_.resize(count);
  sorted_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    cells_[i] = static_cast<std::size_t>(grid.index(disks.y[i]) * grid.side + grid.index(disks.x[i]));
    ++begins_[cells_[i] + 2];
  }
  for (std::size_t c = 1; c < begins_.size(); ++c) begins_[c] += begins_[c - 1];
  for (std::size_t i = 0; i < count; ++i) {  // each cell's begin is where its next disk goes, and ends as the next's
    sorted_[static_cast<std::size_t>(begins_[cells_[i] + 1]++)] = {disks.x[i], disks.y[i],
                                                                   static_cast<std::int64_t>(i)};
  }
}

/// Of the disks [first, last) those near one that stands at `x` there, after so many pairs; return how many there are.
std::int64_t ShearPairs::keep_near(const Placed& from, double x, std::int64_t first, std::int64_t last, double within2,
                                   std::int64_t count) {
  const Placed* others = sorted_.data();
  Pair* end = far_.pairs.data() + count;
  for (std::int64_t k = first; k < last; ++k) {
    const double across = std::abs(x - others[k].x), up = std::abs(from.y - others[k].y);
    const Vec d{std::min(across, box_ - across), std::min(up, box_ - up)};
    *end = Pair{from.disk, others[k].disk};  // no branch on what is found, as above
    end += norm2(d) < within2;
  }
  return end - far_.pairs.data();
}

}  // namespace hthm
