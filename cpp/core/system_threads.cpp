#include "core/system_threads.hpp"

#if defined(_WIN32)
#include <windows.h>
#else
#include <pthread.h>
#include <unistd.h>
#endif

namespace hthm {

#if defined(_WIN32)

WithoutSignals::WithoutSignals() = default;
WithoutSignals::~WithoutSignals() = default;

void in_forked_children(void (*)()) {}

void sleep_for_ever() {
  for (;;) Sleep(INFINITE);
}

#else

WithoutSignals::WithoutSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

WithoutSignals::~WithoutSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void in_forked_children(void (*begin)()) { pthread_atfork(nullptr, nullptr, begin); }

void sleep_for_ever() {
  for (;;) pause();
}

#endif

}  // namespace hthm
