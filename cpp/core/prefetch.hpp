// Memory that will be needed soon.
#pragma once

namespace hthm {

/// Have the line of the cache at an address fetched, to be read and perhaps written; any address will do. GCC takes a
/// function that does nothing else for one without effect, and silently drops the calls of it: the empty statement of
/// assembler, which is no instruction, is an effect.
inline void prefetch(const void* address) {
  __builtin_prefetch(address, 1);
  __asm__ volatile("");
}

}  // namespace hthm
