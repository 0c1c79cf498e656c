#include "recording/log_rows.hpp"

#include <algorithm>

#include "core/parallel.hpp"

namespace hthm {

void LogRows::append(std::vector<std::vector<CollisionLog>>& runs, int threads) {
  std::vector<std::int64_t> first{0};  // (runs + 1,) row of each run among those appended
  for (const auto& pieces : runs) {
    std::int64_t count = 0;
    for (const CollisionLog& piece : pieces) count += static_cast<std::int64_t>(piece.pairs.size() / 2);
    first.push_back(first.back() + count);
  }
  const std::int64_t more = first.back();
  pairs.reserve(2 * (rows() + more));
  velocities.reserve(2 * (rows() + more));
  if (timed) times.reserve(rows() + more);

  std::int32_t* to_pairs = pairs.extend(2 * more);
  Vec* to_velocities = velocities.extend(2 * more);
  double* to_times = timed ? times.extend(more) : nullptr;
  parallel_for(static_cast<std::int64_t>(runs.size()), threads, [&](std::int64_t run) {
    std::int64_t row = first[static_cast<std::size_t>(run)];
    for (CollisionLog& piece : runs[static_cast<std::size_t>(run)]) {
      const CollisionLog moved = std::move(piece);
      std::copy(moved.pairs.begin(), moved.pairs.end(), to_pairs + 2 * row);
      std::copy(moved.velocities.begin(), moved.velocities.end(), to_velocities + 2 * row);
      if (timed) std::copy(moved.times.begin(), moved.times.end(), to_times + row);
      row += static_cast<std::int64_t>(moved.pairs.size() / 2);
    }
    runs[static_cast<std::size_t>(run)].clear();
  });
}

}  // namespace hthm
