// parallel_for that can be stopped from outside at any time.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>

#include "core/parallel.hpp"
#include "core/stop_request.hpp"

namespace hthm {

/// The i of a loop, handed out one at a time, and what became of them.
class Handout {
 public:
  explicit Handout(std::int64_t count) : count_{count}, first_failed_{count} {}

  /// The next i, or `count` where there is none.
  std::int64_t next() {
    return next_.load(std::memory_order_relaxed) < count_ ? std::min(next_.fetch_add(1), count_) : count_;
  }

  void failed(std::int64_t i, std::exception_ptr error) {
    const std::lock_guard lock{mutex_};
    if (i >= first_failed_) return;
    first_failed_ = i;
    error_ = std::move(error);
  }

  void done() {
    if (done_.fetch_add(1) + 1 < count_) return;
    const std::lock_guard lock{mutex_};
    all_done_.notify_all();
  }

  /// Wait until all are done, asking all the while whether to stop; whoever still works stops by itself then.
  void wait(StopRequest& stop) {
    constexpr int short_wait = 2000;  // some microseconds: not worth a sleep
    for (int k = 0; k < short_wait; ++k) {
      if (done_.load(std::memory_order_acquire) == count_) return;
    }
    std::unique_lock lock{mutex_};
    const auto all_done = [this] { return done_.load() == count_; };
    while (!all_done_.wait_for(lock, std::chrono::milliseconds{20}, all_done)) {
      lock.unlock();
      stop.check();
      lock.lock();
    }
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::int64_t count_;
  std::atomic<std::int64_t> next_ = 0, done_ = 0;
  std::mutex mutex_;
  std::condition_variable all_done_;
  std::int64_t first_failed_;
  std::exception_ptr error_;  // of that one
};

/// As parallel_for, until `stop` says so: asked before every i, and by the thread that made it while it waits for the
/// others. Throws Stopped then, whatever else was thrown. A null pointer: never stopped.
template <class Body>
void stoppable_for(std::int64_t count, int threads, StopRequest* stop, const Body& body) {
  if (!stop) return parallel_for(count, threads, body);
  Handout handout{count};
  const std::int64_t team = std::clamp<std::int64_t>(count, 1, std::max(threads, 1));
  // A turn a thread. More of them, so that one is left for the thread that asks, should it come to its first late.
  parallel_for(team > 1 ? 4 * team : 1, static_cast<int>(team), [&](std::int64_t) {
    for (std::int64_t i = handout.next(); i < count; i = handout.next()) {
      try {
        stop->ask();
        if (!stop->stopped()) body(i);
      } catch (...) {
        handout.failed(i, std::current_exception());
      }
      handout.done();
    }
    if (stop->is_owner() && !stop->stopped()) handout.wait(*stop);
  });
  if (stop->stopped()) throw Stopped{};
  handout.rethrow();
}

}  // namespace hthm
