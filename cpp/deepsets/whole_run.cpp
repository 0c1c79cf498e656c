#include "deepsets/whole_run.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "core/narrow.hpp"
#include "deepsets/smooth_kernel.hpp"

namespace hthm::deepsets {

WholeRun::WholeRun(std::int64_t n, std::int64_t steps, const std::int32_t* disks, const std::int64_t* step,
                   std::int64_t changes)
    : n_(n), steps_(steps), disks_(disks, disks + changes), step_(step, step + changes) {
  // States have rows of their own, up to a tile for each change.
  narrow<std::int32_t>(n + 1 + (rows_of_tile + 1) * changes, "run: disks and changes");
  std::vector<std::int32_t> last(static_cast<std::size_t>(n));
  std::iota(last.begin(), last.end(), 0);
  replaced_.reserve(disks_.size());
  auto row = static_cast<std::int32_t>(n);
  for (const std::int32_t disk : disks_) {
    std::int32_t& at = last[static_cast<std::size_t>(disk)];
    replaced_.push_back(at);
    at = row++;
  }
}

/// Which changes each part has, and in how many steps.
void Chains::sort(const WholeRun& run, const std::int64_t* part, std::int64_t count, Pace& pace) {
  const auto size = static_cast<std::size_t>(count), all = static_cast<std::size_t>(run.changes());
  const std::vector<std::int64_t>& step = run.step();
  changes_.assign(size + 1, 0);
  steps_.assign(size + 1, 0);
  order_.resize(all);
  if (!part) {
    changes_[1] = run.changes();
    for (std::size_t c = 0; c < all; ++c) steps_[1] += c == 0 || step[c] != step[c - 1] ? 1 : 0;
    std::iota(order_.begin(), order_.end(), 0);
    return pace.did(run.changes());
  }
  last_step_.assign(size, -1);
  for (std::size_t c = 0; c < all; ++c) {
    pace.did(1);
    const auto p = static_cast<std::size_t>(part[run.disks()[c]]);
    if (p == size) continue;
    ++changes_[p + 1];
    if (last_step_[p] != step[c]) ++steps_[p + 1];
    last_step_[p] = step[c];
  }
  std::partial_sum(changes_.begin(), changes_.end(), changes_.begin());
  std::partial_sum(steps_.begin(), steps_.end(), steps_.begin());
  std::vector<std::int64_t> next(changes_.begin(), changes_.end());
  for (std::size_t c = 0; c < all; ++c) {
    pace.did(1);
    const auto p = static_cast<std::size_t>(part[run.disks()[c]]);
    if (p < size) order_[static_cast<std::size_t>(next[p]++)] = static_cast<std::int32_t>(c);
  }
}

void Chains::build(const WholeRun& run, const std::int64_t* part, std::int64_t count, Pace& pace) {
  parts = count;
  const auto size = static_cast<std::size_t>(count);
  sort(run, part, count, pace);
  const auto used = static_cast<std::size_t>(changes_[size]);
  pieces.clear();
  rows = whole_tiles(count + 1);
  for (std::size_t p = 0; p < size; ++p) {
    for (std::int64_t first = steps_[p]; first < steps_[p + 1]; first += most_steps) {
      const std::int64_t length = std::min(most_steps, steps_[p + 1] - first);
      pieces.push_back({static_cast<std::int64_t>(p), first, length, rows});
      rows += whole_tiles(length);
    }
  }
  const auto nobody = static_cast<std::int32_t>(never());
  birth.assign(static_cast<std::size_t>(run.rows()), nobody);
  death.assign(birth.size(), nobody);
  for (std::size_t d = 0; d < static_cast<std::size_t>(run.n()); ++d) {
    birth[d] = part ? static_cast<std::int32_t>(part[d]) : 0;
  }
  born.resize(used);
  died.resize(used);
  terms.clear();
  offsets.clear();
  std::size_t e = 0;
  for (const Piece& piece : pieces) {
    for (std::int64_t s = 0; s < piece.count; ++s) {
      pace.did(1);
      const std::int64_t step = run.step()[static_cast<std::size_t>(order_[e])];
      terms.push_back(step * count + piece.part);
      offsets.push_back(static_cast<std::int64_t>(e));
      const std::int64_t end = changes_[static_cast<std::size_t>(piece.part) + 1];
      for (; static_cast<std::int64_t>(e) < end; ++e) {
        const auto change = static_cast<std::size_t>(order_[e]);
        if (run.step()[change] != step) break;
        pace.did(1);
        born[e] = static_cast<std::int32_t>(run.n()) + order_[e];
        died[e] = run.replaced()[change];
        birth[static_cast<std::size_t>(born[e])] = static_cast<std::int32_t>(piece.row + s);
        death[static_cast<std::size_t>(died[e])] = static_cast<std::int32_t>(piece.row + s);
      }
    }
  }
  offsets.push_back(static_cast<std::int64_t>(used));
}

}  // namespace hthm::deepsets
