// parallel_for that can be stopped from outside at any time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/parallel.hpp"
#include "core/stop_request.hpp"

namespace hthm {

/// As parallel_for, until `stop` says so: asked before every i, and by the thread that made it while it waits for the
/// others. Throws Stopped then, whatever else was thrown. A null pointer: never stopped.
template <class Body>
void stoppable_for(std::int64_t count, int threads, StopRequest* stop, const Body& body) {
  if (!stop) return parallel_for(count, threads, body);
  const auto unless_stopped = [&](std::int64_t i) {
    stop->ask();
    if (!stop->stopped()) body(i);
  };
  try {
    parallel_for(count, threads, unless_stopped, stop);
  } catch (...) {
    if (stop->stopped()) throw Stopped{};
    throw;
  }
  if (stop->stopped()) throw Stopped{};
}

/// Call body(i, pace) for i in [0, count), on the threads of `pace`, each with a pace of its own.
template <class Body>
void share_out(std::int64_t count, Pace& pace, const Body& body) {
  if (pace.threads() == 1) {
    for (std::int64_t i = 0; i < count; ++i) body(i, pace);
    return;
  }
  stoppable_for(count, pace.threads(), pace.stop(), [&](std::int64_t i) {
    Pace own{pace.stop()};
    body(i, own);
  });
}

/// Call body(first, last) for pieces of [0, count), likewise: what belongs to one is written by no other.
template <class Body>
void share_out_pieces(std::int64_t count, Pace& pace, const Body& body) {
  constexpr std::int64_t piece = Pace::steps;
  share_out((count + piece - 1) / piece, pace, [&](std::int64_t i, Pace& own) {
    const std::int64_t first = i * piece, last = std::min(first + piece, count);
    body(first, last);
    own.did(last - first);
  });
}

}  // namespace hthm
