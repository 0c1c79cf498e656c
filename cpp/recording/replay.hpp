// A log of collisions read again: frames of velocities from where the runs started and their rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "core/run.hpp"

namespace hthm {

/// A recorded log, by whoever owns it.
struct LogView {
  const Vec* start;                   // (runs, n) velocities at the start
  const std::int64_t* frame_offsets;  // (runs, frames + 1) first row of each frame, and the end of the last
  const std::int32_t* pairs;          // (rows, 2)
  const Vec* velocities;              // (rows, 2) after the collision
  std::int64_t runs, frames, n, rows;
};

/// Rows [begin, end) of a log.
struct RowRange {
  std::int64_t begin, end;
};

/// The rows of frames [first, last) of a run. Throws std::invalid_argument where they are not rows of the log.
inline RowRange rows_of(const LogView& log, std::int64_t run, std::int64_t first, std::int64_t last) {
  const std::int64_t* offsets = log.frame_offsets + run * (log.frames + 1);
  const RowRange rows{offsets[first], offsets[last]};
  if (rows.begin < 0 || rows.end < rows.begin || rows.end > log.rows) {
    throw std::invalid_argument("frame_offsets: must ascend within the rows of the log.");
  }
  return rows;
}

/// Changes that are handed over at a time.
constexpr std::int64_t replay_block = 128;

/// Call changed(disks, velocities, count) for the disks of every collision of frames [first, last) of a run, two a row,
/// in order and `replay_block` at most at a time. Throws std::invalid_argument where the log points outside of itself,
/// and Stopped.
template <class Changed>
void replay_in_blocks(const LogView& log, std::int64_t run, std::int64_t first, std::int64_t last, Pace& pace,
                      const Changed& changed) {
  const RowRange rows = rows_of(log, run, first, last);
  for (std::int64_t k = 2 * rows.begin, end = 2 * rows.end; k < end; k += replay_block) {
    const std::int64_t count = std::min(replay_block, end - k);
    const std::int32_t* disks = log.pairs + k;
    std::uint32_t furthest = 0;  // one below 0 is beyond all
    for (std::int64_t i = 0; i < count; ++i) furthest = std::max(furthest, static_cast<std::uint32_t>(disks[i]));
    if (furthest >= log.n) throw std::invalid_argument("pairs: must be numbers of disks, from 0 to n - 1.");
    changed(disks, log.velocities + k, count);
    pace.did(count);
  }
}

/// Call changed(disk, velocity) for both disks of every collision of frames [first, last) of a run, in order.
/// Throws std::invalid_argument where the log points outside of itself, and Stopped.
template <class Changed>
void replay(const LogView& log, std::int64_t run, std::int64_t first, std::int64_t last, Pace& pace,
            const Changed& changed) {
  replay_in_blocks(log, run, first, last, pace,
                   [&](const std::int32_t* disks, const Vec* velocities, std::int64_t count) {
                     for (std::int64_t k = 0; k < count; ++k) changed(disks[k], velocities[k]);
                   });
}

/// Velocities (count, n) of frames by number, in any order: frame k of run r has the number r * frames + k.
/// Runs are read in parallel, each once. Throws std::invalid_argument for a number that no frame has, and Stopped.
void write_frames(const LogView& log, const std::int64_t* numbers, std::int64_t count, int threads, Vec* velocities,
                  StopRequest* stop = nullptr);

}  // namespace hthm
