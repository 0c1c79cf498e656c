// Stopping long work from outside.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

namespace hthm {

/// Thrown by work that was asked to stop.
struct Stopped {};

/// Whether to go on, for work on several threads: `asked` is called on the thread that made this object alone, when
/// that thread checks and has not asked for `interval`; once it has returned true, every thread stops at its next
/// check.
class StopRequest {
 public:
  using Clock = std::chrono::steady_clock;

  explicit StopRequest(std::function<bool()> asked, Clock::duration interval = {})
      : asked_{std::move(asked)}, interval_{interval} {}

  /// Throws Stopped.
  void check() {
    ask();
    if (stopped_) throw Stopped{};
  }

  /// Find out for all threads whether to stop; on any but the owner's this does nothing.
  void ask() {
    if (!is_owner() || stopped_) return;
    const Clock::time_point now = Clock::now();
    if (now - last_ < interval_) return;
    last_ = now;
    if (asked_()) stopped_ = true;
  }

  bool stopped() const { return stopped_; }

  /// Whether this is the thread on which `asked` is called.
  bool is_owner() const { return std::this_thread::get_id() == owner_; }

 private:
  std::function<bool()> asked_;
  Clock::duration interval_;
  Clock::time_point last_ = Clock::now();
  std::thread::id owner_ = std::this_thread::get_id();
  std::atomic<bool> stopped_ = false;
};

/// One thread's way through long work: a check after so many steps that it costs nothing beside them, and so few that
/// they take some milliseconds at most. A step is what is done with one disk, pair or row. Work that can be shared out,
/// `share_out` in stoppable_for.hpp, may be so among `threads`.
class Pace {
 public:
  static constexpr std::int64_t steps = 1 << 16;

  /// A null pointer: never stopped.
  explicit Pace(StopRequest* stop, int threads = 1) : stop_{stop}, threads_{threads} {}

  StopRequest* stop() const { return stop_; }
  int threads() const { return threads_; }

  /// So many steps are done. Throws Stopped.
  void did(std::int64_t count) {
    left_ -= count;
    if (left_ <= 0) [[unlikely]]
      check();
  }

 private:
  [[gnu::noinline]] void check() {  // out of the way of the loops that call `did`
    left_ = steps;
    if (stop_) stop_->check();
  }

  StopRequest* stop_;
  int threads_;
  std::int64_t left_ = steps;
};

/// Steps of one loop on their way to a Pace: counted in a register, for loops of which every step is short. The few
/// that are left at the end are let go.
class Steps {
 public:
  explicit Steps(Pace& pace) : pace_{pace} {}

  /// So many more are done. Throws Stopped.
  void did(std::int64_t count) {
    done_ += count;
    if (done_ < Pace::steps) [[likely]]
      return;
    pace_.did(std::exchange(done_, 0));
  }

 private:
  Pace& pace_;
  std::int64_t done_ = 0;
};

/// Call body(first, last) for pieces of [begin, end), each a check's worth of steps.
template <class Body>
void in_pieces(std::int64_t begin, std::int64_t end, Pace& pace, const Body& body) {
  while (begin < end) {
    const std::int64_t last = end - begin > Pace::steps ? begin + Pace::steps : end;
    body(begin, last);
    pace.did(last - begin);
    begin = last;
  }
}

}  // namespace hthm
