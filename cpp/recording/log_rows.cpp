#include "recording/log_rows.hpp"

#include <algorithm>

#include "core/stoppable_for.hpp"

namespace hthm {

void LogRows::append(std::vector<std::vector<CollisionLog>>& runs, int threads, StopRequest* stop) {
  std::vector<std::int64_t> first{0};  // (runs + 1,) row of each run among those appended
  for (const auto& pieces : runs) {
    std::int64_t count = 0;
    for (const CollisionLog& piece : pieces) count += piece.pairs.size() / 2;
    first.push_back(first.back() + count);
  }
  const std::int64_t more = first.back();
  pairs.reserve(2 * (rows() + more));
  velocities.reserve(2 * (rows() + more));
  if (timed) times.reserve(rows() + more);
  if (carried) inner.reserve(2 * carried * (rows() + more));

  std::int32_t* to_pairs = pairs.extend(2 * more);
  Vec* to_velocities = velocities.extend(2 * more);
  double* to_inner = carried ? inner.extend(2 * carried * more) : nullptr;
  double* to_times = timed ? times.extend(more) : nullptr;
  stoppable_for(static_cast<std::int64_t>(runs.size()), threads, stop, [&](std::int64_t run) {
    Pace pace{stop};
    std::int64_t row = first[static_cast<std::size_t>(run)];
    for (CollisionLog& piece : runs[static_cast<std::size_t>(run)]) {
      const CollisionLog moved = std::move(piece);
      const auto count = moved.pairs.size() / 2;
      in_pieces(0, count, pace, [&](std::int64_t begin, std::int64_t end) {
        const auto copy = [&](const auto& from, auto* to, std::int64_t a_row) {
          std::copy(from.data() + a_row * begin, from.data() + a_row * end, to + a_row * (row + begin));
        };
        copy(moved.pairs, to_pairs, 2);
        copy(moved.velocities, to_velocities, 2);
        if (timed) copy(moved.times, to_times, 1);
        if (carried) copy(moved.inner, to_inner, 2 * carried);
      });
      row += count;
    }
    runs[static_cast<std::size_t>(run)].clear();
  });
}

}  // namespace hthm
