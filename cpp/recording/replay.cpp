#include "recording/replay.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/stoppable_for.hpp"

namespace hthm {

void write_frames(const LogView& log, const std::int64_t* numbers, std::int64_t count, int threads, Vec* velocities,
                  StopRequest* stop) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));  // places in `numbers`, by ascending number
  std::iota(order.begin(), order.end(), 0);
  if (!std::is_sorted(numbers, numbers + count)) {
    std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return numbers[a] < numbers[b]; });
  }
  std::vector<std::int64_t> groups;  // where in `order` each run that occurs begins, and the end
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t number = numbers[order[static_cast<std::size_t>(k)]];
    if (number < 0 || number >= log.runs * log.frames) {
      throw std::invalid_argument("numbers: must be from 0 to runs * frames - 1.");
    }
    if (k == 0 || number / log.frames != numbers[order[static_cast<std::size_t>(k) - 1]] / log.frames) {
      groups.push_back(k);
    }
  }
  const auto runs = static_cast<std::int64_t>(groups.size());
  groups.push_back(count);

  stoppable_for(runs, threads, stop, [&](std::int64_t group) {
    Pace pace{stop};
    const auto first = groups[static_cast<std::size_t>(group)], last = groups[static_cast<std::size_t>(group) + 1];
    const std::int64_t run = numbers[order[static_cast<std::size_t>(first)]] / log.frames;
    const Vec* before = log.start + run * log.n;
    std::int64_t done = 0;  // frames behind `before`
    for (std::int64_t k = first; k < last; ++k) {
      const std::int64_t place = order[static_cast<std::size_t>(k)];
      const std::int64_t wanted = numbers[place] % log.frames + 1;
      Vec* now = velocities + place * log.n;
      in_pieces(0, log.n, pace,
                [&](std::int64_t begin, std::int64_t end) { std::copy(before + begin, before + end, now + begin); });
      replay(log, run, done, wanted, pace, [now](std::int32_t disk, const Vec& v) { now[disk] = v; });
      before = now;
      done = wanted;
    }
  });
}

}  // namespace hthm
