// Which instruction set the fast paths use. In the fixed-step simulation every level gives the same bits; in the exact
// engine and in the training kernel levels differ by rounding.
#pragma once

#include <string_view>

namespace hthm {

/// Instruction sets that have paths of their own, each including those before it. avx512 means F, VL, DQ and BW.
enum class Simd { portable, avx2, avx512 };

/// The level in use: the best one the CPU has, or a lower one named by the environment variable HTHM_SIMD (portable,
/// avx2 or avx512; anything else is ignored). Read once, at the first call.
Simd simd_level();

/// The best level the CPU and the operating system have.
Simd best_simd_level();

/// The name that HTHM_SIMD has for a level.
std::string_view name(Simd level);

}  // namespace hthm
