// What a system may do with the threads of a process besides running them: signals, and copies of the process.
#pragma once

#if !defined(_WIN32)
#include <signal.h>
#endif

namespace hthm {

/// Signals are for other threads than this one, and than those that are begun, while it lives. Windows has none that
/// interrupt a thread.
class WithoutSignals {
 public:
  WithoutSignals();
  ~WithoutSignals();
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;

 private:
#if !defined(_WIN32)
  sigset_t before_;
#endif
};

/// Call `begin` in every copy of this process, which has one of its threads only, before that goes on. Windows copies
/// no process.
void in_forked_children(void (*begin)());

/// Never return, and do nothing.
[[noreturn]] void sleep_for_ever();

}  // namespace hthm
