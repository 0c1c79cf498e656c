// The processor that a thread is on: which it is, how to leave it, and how to wait on it.
#pragma once

#include <chrono>

namespace hthm {

/// The number of the processor that this thread runs on, or -1 where the system does not say.
int this_processor();

/// Whether this thread may run on one processor alone, as far as the system says: what threads that are started by it
/// bring is nothing then, and with another program there it is less.
bool has_one_processor();

/// Go to any other processor that this thread may run on. Threads that sleep and wake within microseconds may be left
/// together on one for as long as they like: the system spreads those that keep running.
void leave_processor(int processor);

/// Say that this thread waits for another.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Whether something came true within that time. The thread stays awake.
template <class Condition>
bool looked_round(std::chrono::microseconds patience, const Condition& is_true) {
  const auto end = std::chrono::steady_clock::now() + patience;
  do {
    for (int look = 0; look < 32; ++look) {
      if (is_true()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace hthm
