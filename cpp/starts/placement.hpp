// Overlaps of a start, and starts without any.
#pragma once

#include <cstdint>

#include "core/run.hpp"
#include "rules/kinds.hpp"

namespace hthm {

/// Number of overlapping pairs of each run: positions (runs, n), counts (runs,). In a mixture, whose largest diameter
/// is that of the setup, a pair overlaps where it is nearer than its own contact distance; null: disks are all alike.
/// Throws std::invalid_argument where a position is not in the box, and Stopped.
void count_overlaps(const Setup& setup, const Vec* positions, std::int64_t runs, std::int64_t n, int threads,
                    std::int64_t* counts, StopRequest* stop = nullptr, const Kinds* kinds = nullptr);

/// Disks placed so far, and candidates looked at by the call.
struct Placed {
  std::int64_t disks;
  std::int64_t used;
};

/// Random sequential addition: take candidates (count,) one after the other and keep each that overlaps none of the
/// disks kept before, until positions (n,) is full. The first `placed` of them are there already. Throws as
/// count_overlaps does.
Placed place_disks(const Setup& setup, const Vec* candidates, std::int64_t count, Vec* positions, std::int64_t n,
                   std::int64_t placed, StopRequest* stop = nullptr, const Kinds* kinds = nullptr);

}  // namespace hthm
