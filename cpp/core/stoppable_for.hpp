// parallel_for that can be stopped from outside at any time.
#pragma once

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

}  // namespace hthm
