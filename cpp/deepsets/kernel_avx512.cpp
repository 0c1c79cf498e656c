// The loops for CPUs with AVX-512; compiled with it.
#define HTHM_VECTOR_BYTES 64
#include "deepsets/kernel_loops.inl"

namespace hthm::deepsets {

const Kernel avx512_kernel = loops;

}  // namespace hthm::deepsets
