// The instruction sets of this machine that have paths of their own.
#pragma once

#include <vector>

#include "core/cpu_features.hpp"

inline std::vector<hthm::Simd> levels() {
  std::vector<hthm::Simd> all;
  for (const hthm::Simd level : {hthm::Simd::portable, hthm::Simd::avx2, hthm::Simd::avx512}) {
    if (level <= hthm::best_simd_level()) all.push_back(level);
  }
  return all;
}
