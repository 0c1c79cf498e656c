// parallel_for over runs or samples: the only OpenMP of the project, and everything that threads bring with them.
#pragma once

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <cfenv>
#include <cstdint>
#include <exception>

namespace hthm {

/// Default floating-point environment (round to nearest, no flush to zero) for as long as it lives.
/// Other libraries in the process turn flush-to-zero on, and threads inherit it.
class DefaultFloatingPoint {
 public:
  DefaultFloatingPoint() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloatingPoint() { std::fesetenv(&before_); }
  DefaultFloatingPoint(const DefaultFloatingPoint&) = delete;
  DefaultFloatingPoint& operator=(const DefaultFloatingPoint&) = delete;

 private:
  std::fenv_t before_;
};

/// libgomp keeps its threads waiting for the next parallel region. A forked child inherits the bookkeeping but not the
/// threads, and hangs in its first region; so the forking thread lets its threads go just before every fork.
inline void let_threads_go_before_fork() {
  static const int registered =
      pthread_atfork([] { static_cast<void>(omp_pause_resource_all(omp_pause_hard)); }, nullptr, nullptr);
  static_cast<void>(registered);
}

/// Call body(i) for i in [0, count) on `threads` threads. Which thread gets which i is left to the clock, so a body
/// may write only what belongs to its i. Every i is attempted; of several exceptions the one of the lowest i is
/// rethrown on the caller, whatever the timing.
template <class Body>
void parallel_for(std::int64_t count, int threads, const Body& body) {
  let_threads_go_before_fork();
  const int team = static_cast<int>(std::clamp<std::int64_t>(count, 1, std::max(threads, 1)));
  std::exception_ptr first_error;
  std::int64_t first_index = count;
#pragma omp parallel num_threads(team)
  {
    const DefaultFloatingPoint environment;
#pragma omp for schedule(dynamic, 1)
    for (std::int64_t i = 0; i < count; ++i) {
      try {
        body(i);
      } catch (...) {
#pragma omp critical(hthm_first_error)
        if (i < first_index) {
          first_index = i;
          first_error = std::current_exception();
        }
      }
    }
  }
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace hthm
