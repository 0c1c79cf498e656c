// parallel_for over runs or samples: the only threads of the project, and everything that threads bring with them.
#pragma once

#include <cfenv>
#include <cstdint>

#if defined(_WIN32) && defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/stop_request.hpp"

namespace hthm {

/// Default floating-point environment (round to nearest, no flush to zero) for as long as it lives.
/// Other libraries in the process turn flush-to-zero on, and threads inherit it.
class DefaultFloatingPoint {
 public:
  DefaultFloatingPoint() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
#if defined(_WIN32) && defined(__x86_64__)
    controls_ = _mm_getcsr();
    _mm_setcsr(0x1f80);  // the C library of MinGW-w64 leaves the vector unit as it is
#endif
  }
  ~DefaultFloatingPoint() {
    std::fesetenv(&before_);
#if defined(_WIN32) && defined(__x86_64__)
    _mm_setcsr(controls_);
#endif
  }
  DefaultFloatingPoint(const DefaultFloatingPoint&) = delete;
  DefaultFloatingPoint& operator=(const DefaultFloatingPoint&) = delete;

 private:
  std::fenv_t before_;
#if defined(_WIN32) && defined(__x86_64__)
  unsigned controls_;
#endif
};

/// What parallel_for calls, without its type.
struct LoopBody {
  void (*call)(const void* body, std::int64_t i);
  const void* body;
};

/// parallel_for of a body without its type.
void run_loop(std::int64_t count, int threads, const LoopBody& body, StopRequest* stop);

/// Call body(i) for i in [0, count) on at most `threads` threads: the caller, and workers that are shared by all
/// callers and sleep between loops. Which thread gets which i is left to the clock, so a body may write only what
/// belongs to its i. The caller waits for what others have begun and for nothing else: where the processors are busy
/// with another program, or the system has no thread to give, it does the work itself. Every i is attempted; of several
/// exceptions the one of the lowest i is rethrown on the caller, whatever the timing. While the caller waits it asks
/// `stop`, if there is one, so that bodies that check it end. Within a body, another parallel_for stays on its thread.
template <class Body>
void parallel_for(std::int64_t count, int threads, const Body& body, StopRequest* stop = nullptr) {
  const auto call = [](const void* of, std::int64_t i) { (*static_cast<const Body*>(of))(i); };
  run_loop(count, threads, {call, &body}, stop);
}

}  // namespace hthm
