// The loops for any CPU, and which loops a CPU gets.
#include "deepsets/kernel.hpp"

#define HTHM_VECTOR_BYTES 16
#include "deepsets/kernel_loops.inl"

namespace hthm::deepsets {

const Kernel portable_kernel = loops;

const Kernel& kernel(Simd level) {
#if defined(__x86_64__)
  if (level == Simd::avx512) return avx512_kernel;
  if (level == Simd::avx2 && __builtin_cpu_supports("fma")) return avx2_kernel;
#else
  static_cast<void>(level);
#endif
  return portable_kernel;
}

}  // namespace hthm::deepsets
