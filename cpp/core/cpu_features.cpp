#include "core/cpu_features.hpp"

#include <algorithm>
#include <cstdlib>

namespace hthm {
namespace {

constexpr Simd levels[] = {Simd::portable, Simd::avx2, Simd::avx512};

Simd chosen_level() {
  const Simd best = best_simd_level();
  const char* wanted = std::getenv("HTHM_SIMD");
  if (!wanted) return best;
  for (const Simd level : levels) {
    if (name(level) == wanted) return std::min(level, best);
  }
  return best;
}

}  // namespace

Simd best_simd_level() {
#if defined(__x86_64__)
  // These ask the operating system too: a level is there only if it saves the registers.
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw")) {
    return Simd::avx512;
  }
  if (__builtin_cpu_supports("avx2")) return Simd::avx2;
#endif
  return Simd::portable;
}

Simd simd_level() {
  static const Simd level = chosen_level();
  return level;
}

std::string_view name(Simd level) {
  switch (level) {
    case Simd::avx512:
      return "avx512";
    case Simd::avx2:
      return "avx2";
    case Simd::portable:
      break;
  }
  return "portable";
}

}  // namespace hthm
