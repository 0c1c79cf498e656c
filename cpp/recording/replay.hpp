// A log of collisions read again: frames of velocities from where the runs started and their rows.
#pragma once

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

/// Call changed(disk, velocity) for both disks of every collision of frames [first, last) of a run, in order.
/// Throws std::invalid_argument where the log points outside of itself, and Stopped.
template <class Changed>
void replay(const LogView& log, std::int64_t run, std::int64_t first, std::int64_t last, Pace& pace,
            const Changed& changed) {
  const RowRange rows = rows_of(log, run, first, last);
  in_pieces(2 * rows.begin, 2 * rows.end, pace, [&, n = log.n](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) {
      const std::int32_t disk = log.pairs[k];
      if (disk < 0 || disk >= n) throw std::invalid_argument("pairs: must be numbers of disks, from 0 to n - 1.");
      changed(disk, log.velocities[k]);
    }
  });
}

/// Velocities (count, n) of frames by number, in any order: frame k of run r has the number r * frames + k.
/// Runs are read in parallel, each once. Throws std::invalid_argument for a number that no frame has, and Stopped.
void write_frames(const LogView& log, const std::int64_t* numbers, std::int64_t count, int threads, Vec* velocities,
                  StopRequest* stop = nullptr);

}  // namespace hthm
