// Stopping long work from outside.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

namespace hthm {

/// Thrown by work that was asked to stop.
struct Stopped {};

/// Whether to go on, for work on several threads: `asked` is called on the thread that made this object alone, whenever
/// that thread checks; once it has returned true, every thread stops at its next check.
class StopRequest {
 public:
  explicit StopRequest(std::function<bool()> asked) : asked_{std::move(asked)} {}

  /// Throws Stopped.
  void check() {
    if (std::this_thread::get_id() == owner_ && !stopped_ && asked_()) stopped_ = true;
    if (stopped_) throw Stopped{};
  }

 private:
  std::function<bool()> asked_;
  std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<bool> stopped_ = false;
};

}  // namespace hthm
