#include "core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "core/processor.hpp"
#include "core/system_threads.hpp"

namespace hthm {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

/// How long a worker looks round for the next loop before it sleeps. The loops of a training step follow each other
/// within microseconds, and to wake takes tens of them; a worker that looks round for longer only takes time from
/// others.
constexpr microseconds worker_patience{200};

/// How long a caller looks whether the last work is done before it sleeps. If the processor of a worker is busy with
/// another program, this one may be the next that the worker gets.
constexpr microseconds caller_patience{50};

/// How often a caller that waits asks whether to stop.
constexpr std::chrono::milliseconds between_questions{50};

/// From what time on a caller's wait is a stall, if it is also so many times what the caller did itself: a worker has
/// begun something and its processor has gone to another program.
constexpr microseconds least_stall{300};
constexpr int times_own_work = 4;

/// For so many times the length of a stall, within these bounds, workers are shy: they leave short loops to the caller,
/// and come to those that have lasted for a while.
constexpr int times_stall = 20;
constexpr std::chrono::milliseconds least_shyness{20}, most_shyness{200};
constexpr microseconds a_while{500};

/// How often workers that are shy, or have to share the processor of a caller, look whether a loop has lasted.
constexpr std::chrono::milliseconds between_looks{1};

/// How often a worker tries to find itself another processor than the caller's.
constexpr std::chrono::milliseconds between_moves{10};

/// How long no worker is hired after the system refused one.
constexpr std::chrono::seconds after_refusal{1};

/// Whether this thread is in a body.
thread_local bool is_inside = false;

class Inside {
 public:
  Inside() : before_{std::exchange(is_inside, true)} {}
  ~Inside() { is_inside = before_; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  bool before_;
};

/// One call of parallel_for. Workers may still hold it when the caller has gone on: they find nothing left to begin,
/// and touch the body no more.
class Loop {
 public:
  Loop(std::int64_t count, const LoopBody& body) : count_{count}, body_{body}, first_index_{count} {}

  /// Do what nobody has begun.
  void work() {
    const Inside inside;
    std::int64_t mine = 0;
    for (std::int64_t i = next_.fetch_add(1); i < count_; i = next_.fetch_add(1), ++mine) attempt(i);
    if (mine == 0 || done_.fetch_add(mine) + mine < count_) return;
    const std::lock_guard lock(mutex_);
    finished_.notify_one();
  }

  /// Wait for what others have begun; afterwards nobody touches the body. Returns for how long, if it was a stall.
  Clock::duration wait(StopRequest* stop) {
    const auto is_done = [&] { return done_ == count_; };
    const Clock::time_point alone = Clock::now();
    if (looked_round(caller_patience, is_done)) return {};
    std::unique_lock lock(mutex_);
    while (!is_done()) {
      if (stop == nullptr) {
        finished_.wait(lock);
      } else if (finished_.wait_for(lock, between_questions) == std::cv_status::timeout) {
        lock.unlock();
        stop->ask();
        lock.lock();
      }
    }
    const Clock::duration waited = Clock::now() - alone;
    return waited > std::max<Clock::duration>(least_stall, times_own_work * (alone - begin_)) ? waited
                                                                                              : Clock::duration{};
  }

  /// Whether it has lasted, so that a worker is of use to it wherever that runs.
  bool has_lasted(Clock::time_point now) const { return now - begin_ > a_while; }
  int callers_processor() const { return processor_; }

  void rethrow() {
    // The exception goes with the caller: a worker that lets go of the loop later must not be the one to end it.
    if (first_error_) std::rethrow_exception(std::exchange(first_error_, nullptr));
  }

 private:
  void attempt(std::int64_t i) {
    try {
      body_.call(body_.body, i);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (i < first_index_) {
        first_index_ = i;
        first_error_ = std::current_exception();
      }
    }
  }

  const std::int64_t count_;
  const LoopBody body_;
  const Clock::time_point begin_ = Clock::now();
  const int processor_ = this_processor();
  alignas(64) std::atomic<std::int64_t> next_{0};  // the first that nobody has begun
  alignas(64) std::atomic<std::int64_t> done_{0};
  std::mutex mutex_;
  std::condition_variable finished_;
  std::exception_ptr first_error_;
  std::int64_t first_index_;
};

/// The workers. There are as many as the loops that were ever open together wanted, and they stay.
class Pool {
 public:
  /// Call for this many workers.
  void open(const std::shared_ptr<Loop>& loop, int wanted) {
    std::unique_lock lock(mutex_);
    open_.push_back({loop, wanted});
    wanted_ += wanted;
    ++posted_;
    while (workers_ < wanted_ && hire()) ++workers_;
    int to_wake = std::min(wanted - looking_, asleep_);  // who looks round need not be told
    if (is_shy()) to_wake = polling_ > 0 ? 0 : std::min(1, asleep_);
    lock.unlock();
    for (; to_wake > 0; --to_wake) wake_.notify_one();
  }

  /// No more workers for this loop.
  void close(const std::shared_ptr<Loop>& loop, int wanted) {
    const std::lock_guard lock(mutex_);
    wanted_ -= wanted;
    const auto place = std::find_if(open_.begin(), open_.end(), [&](const Open& open) { return open.loop == loop; });
    if (place != open_.end()) open_.erase(place);
  }

  /// A worker has kept a caller waiting for so long.
  void had_stall(Clock::duration length) {
    const std::lock_guard lock(mutex_);
    shy_until_ = Clock::now() + std::clamp<Clock::duration>(times_stall * length, least_shyness, most_shyness);
  }

 private:
  struct Open {
    std::shared_ptr<Loop> loop;
    int seats;  // for workers yet to come
  };

  bool is_shy() const { return shy_until_ > Clock::time_point{} && Clock::now() < shy_until_; }

  /// A loop that wants a worker, or none. The lock is given up for a moment where the worker has to move.
  std::shared_ptr<Loop> take_seat(std::unique_lock<std::mutex>& lock, Clock::time_point& last_move) {
    if (open_.empty()) return nullptr;
    const Clock::time_point now = Clock::now();
    const bool shy = now < shy_until_;
    const auto suits = [&](const Open& open) {
      const bool is_elsewhere = this_processor() < 0 || open.loop->callers_processor() != this_processor();
      return open.loop->has_lasted(now) || (!shy && is_elsewhere);
    };
    auto place = std::find_if(open_.begin(), open_.end(), suits);
    if (place == open_.end() && !shy && now - last_move > between_moves) {
      last_move = now;
      lock.unlock();
      leave_processor(this_processor());
      lock.lock();
      place = std::find_if(open_.begin(), open_.end(), suits);
    }
    if (place == open_.end()) return nullptr;
    std::shared_ptr<Loop> loop = place->loop;
    if (--place->seats == 0) open_.erase(place);
    if (shy && !open_.empty()) wake_.notify_one();  // `open` called for one worker only
    return loop;
  }

  /// One worker more, unless the system refuses.
  bool hire() {
    if (Clock::now() < no_hiring_before_) return false;
    const WithoutSignals quiet;  // they are for the threads of the program
    try {
      std::thread([this] { serve(); }).detach();
    } catch (const std::exception&) {  // no thread, or no memory for one
      no_hiring_before_ = Clock::now() + after_refusal;
      return false;
    }
    return true;
  }

  /// The life of a worker.
  void serve() {
    std::fesetenv(FE_DFL_ENV);
    Clock::time_point last_move{};
    std::unique_lock lock(mutex_);
    for (;;) {
      const std::uint64_t seen = posted_;
      const auto is_news = [&] { return posted_ != seen; };
      if (std::shared_ptr<Loop> loop = take_seat(lock, last_move)) {
        lock.unlock();
        loop->work();
        loop.reset();
        lock.lock();
      } else if (!open_.empty() || is_shy()) {
        ++polling_;
        wake_.wait_for(lock, between_looks);
        --polling_;
      } else {
        ++looking_;
        lock.unlock();
        looked_round(worker_patience, is_news);
        lock.lock();
        --looking_;
        ++asleep_;
        wake_.wait(lock, is_news);
        --asleep_;
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Open> open_;
  std::atomic<std::uint64_t> posted_{0};  // loops so far
  int workers_ = 0, wanted_ = 0;
  int looking_ = 0, polling_ = 0, asleep_ = 0;  // what the workers that do not work do
  Clock::time_point shy_until_{}, no_hiring_before_{};
};

/// The pool of this process. It is never destroyed: workers sleep in it until the process ends.
class ThePool {
 public:
  ThePool() {
    ::new (memory_) Pool;
    // A forked child has none of the threads, and inherits whatever state they left behind: it begins anew.
    in_forked_children([] { ::new (memory_) Pool; });
  }
  Pool* operator->() { return std::launder(reinterpret_cast<Pool*>(memory_)); }

 private:
  alignas(Pool) static inline std::byte memory_[sizeof(Pool)];
};

ThePool pool;

}  // namespace

void run_loop(std::int64_t count, int threads, const LoopBody& body, StopRequest* stop) {
  const DefaultFloatingPoint environment;
  const auto helpers = static_cast<int>(std::clamp<std::int64_t>(count, 1, std::max(threads, 1))) - 1;
  if (helpers == 0 || is_inside || has_one_processor()) {
    Loop alone(count, body);
    alone.work();
    alone.rethrow();
    return;
  }
  const auto loop = std::make_shared<Loop>(count, body);
  pool->open(loop, helpers);
  loop->work();
  pool->close(loop, helpers);
  if (const Clock::duration stall = loop->wait(stop); stall > Clock::duration{}) pool->had_stall(stall);
  loop->rethrow();
}

}  // namespace hthm
