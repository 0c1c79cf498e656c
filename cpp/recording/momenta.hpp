// A log kept by what its collisions exchange: one momentum a row, from which with the start both velocities follow.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run.hpp"
#include "recording/replay.hpp"

namespace hthm {

/// A log whose rows have a momentum p: v_i - p and v_j + p, each component rounded once, are the velocities after it.
struct MomentumView {
  const Vec* start;                   // (runs, n) velocities at the start
  const std::int64_t* frame_offsets;  // (runs, frames + 1) first row of each frame, and the end of the last
  const std::int32_t* pairs;          // (rows, 2)
  const Vec* momenta;                 // (rows,)
  const std::int64_t* exact;          // (exact_rows,) ascending: rows that no momentum gives
  const Vec* exact_velocities;        // (exact_rows, 2) the velocities after those
  std::int64_t runs, frames, n, rows, exact_rows;
};

/// Find a momentum of every row, (rows,), that gives its velocities bit for bit from those before it, and return the
/// rows that have none, ascending; their momentum is 0. A rule that adds to one disk what it takes from the other has
/// one for every row, and so has the exact engine, whose units are powers of two, as long as no velocity is subnormal.
/// Throws std::invalid_argument where the log points outside of itself, and Stopped.
std::vector<std::int64_t> find_momenta(const LogView& log, int threads, Vec* momenta, StopRequest* stop = nullptr);

/// The velocities (rows, 2) after every collision. Throws as find_momenta.
void apply_momenta(const MomentumView& log, int threads, Vec* velocities, StopRequest* stop = nullptr);

}  // namespace hthm
