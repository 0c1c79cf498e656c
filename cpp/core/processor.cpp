#include "core/processor.hpp"

#if defined(__linux__)
#include <sched.h>

#include <cstddef>
#elif defined(_WIN32)
#include <windows.h>

#include <bit>
#endif

namespace hthm {

#if defined(__linux__)

int this_processor() { return sched_getcpu(); }

bool has_one_processor() {
  cpu_set_t allowed;
  return sched_getaffinity(0, sizeof(allowed), &allowed) == 0 && CPU_COUNT(&allowed) == 1;
}

void leave_processor(int processor) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (processor < 0 || processor >= CPU_SETSIZE || sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t others = allowed;
  CPU_CLR(static_cast<std::size_t>(processor), &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof(others), &others) != 0) return;
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

#elif defined(_WIN32)

namespace {

/// A bit for each processor that this process may run on, of the up to 64 in its group.
DWORD_PTR allowed() {
  DWORD_PTR ours = 0, systems = 0;
  return GetProcessAffinityMask(GetCurrentProcess(), &ours, &systems) ? ours : 0;
}

}  // namespace

int this_processor() { return static_cast<int>(GetCurrentProcessorNumber()); }

bool has_one_processor() { return std::has_single_bit(allowed()); }

void leave_processor(int processor) {
  if (processor < 0 || processor >= 64) return;
  const DWORD_PTR others = allowed() & ~(DWORD_PTR{1} << processor);
  if (others == 0) return;
  const DWORD_PTR before = SetThreadAffinityMask(GetCurrentThread(), others);
  if (before != 0) SetThreadAffinityMask(GetCurrentThread(), before);
}

#else

int this_processor() { return -1; }

bool has_one_processor() { return false; }

void leave_processor(int) {}

#endif

}  // namespace hthm
