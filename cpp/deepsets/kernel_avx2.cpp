// The loops for CPUs with AVX2 and FMA; compiled with these.
#define HTHM_VECTOR_BYTES 32
#include "deepsets/kernel_loops.inl"

namespace hthm::deepsets {

const Kernel avx2_kernel = loops;

}  // namespace hthm::deepsets
