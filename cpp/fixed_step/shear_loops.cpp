#include "fixed_step/shear_loops.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "fixed_step/drift.hpp"

#if defined(__x86_64__)
#define HTHM_AVX2 __attribute__((target("avx2")))
#define HTHM_INLINE __attribute__((always_inline)) inline
#else
#define HTHM_INLINE inline
#endif

namespace hthm {
namespace {

/// Back into the box: through its upper or lower edge into the image there, which has slid, then from side to side.
void wrap(double& x, double& y, const ShearFlow& flow) {
  const double inside = wrapped(y, flow.box), rows = std::round((y - inside) / flow.box);
  x = wrapped(x - rows * flow.offset, flow.box);
  y = inside;
}

HTHM_INLINE void drift_loop(ShearedDisks& disks, const ShearFlow& flow, double dt) {
  constexpr std::int64_t block = 32;
  const double box = flow.box, half = flow.half_box, rate = flow.rate, inside = std::nextafter(box, 0);
  double* __restrict x = disks.x.data(), * __restrict y = disks.y.data(), * __restrict vx = disks.vx.data();
  const double* __restrict vy = disks.vy.data();
  for (std::int64_t first = 0; first < disks.n; first += block) {
    const std::int64_t last = std::min(first + block, disks.n);
    std::int64_t signs = 0;  // negative if a coordinate or what it leaves of the box is
    for (std::int64_t i = first; i < last; ++i) {
      const double rise = vy[i] * dt;
      const double to_x = x[i] + (vx[i] + rate * (y[i] - half)) * dt, to_y = y[i] + rise;
      vx[i] = vx[i] - rate * rise;
      x[i] = to_x + 0.0;
      y[i] = to_y + 0.0;
      signs |= std::bit_cast<std::int64_t>(to_x) | std::bit_cast<std::int64_t>(inside - to_x) |
               std::bit_cast<std::int64_t>(to_y) | std::bit_cast<std::int64_t>(inside - to_y);
    }
    if (signs >= 0) continue;
    for (std::int64_t i = first; i < last; ++i) {
      if (!(x[i] >= 0 && x[i] < box && y[i] >= 0 && y[i] < box)) wrap(x[i], y[i], flow);
    }
  }
}

/// The sum of the products of two arrays, (n,).
HTHM_INLINE double product(const double* __restrict a, const double* __restrict b, std::int64_t n) {
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;  // in registers, as an array would not be
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
    s4 += a[i + 4] * b[i + 4];
    s5 += a[i + 5] * b[i + 5];
    s6 += a[i + 6] * b[i + 6];
    s7 += a[i + 7] * b[i + 7];
  }
  double sums[8] = {s0, s1, s2, s3, s4, s5, s6, s7};
  for (std::int64_t lane = 0; i < n; ++i, ++lane) sums[lane] += a[i] * b[i];
  for (std::int64_t half = 4; half > 0; half /= 2) {
    for (std::int64_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

HTHM_INLINE Squares squares_loop(const ShearedDisks& disks) {
  const double *vx = disks.vx.data(), *vy = disks.vy.data();
  return {product(vx, vx, disks.n), product(vx, vy, disks.n), product(vy, vy, disks.n)};
}

HTHM_INLINE void scale_loop(ShearedDisks& disks, double factor) {
  double* __restrict vx = disks.vx.data(), * __restrict vy = disks.vy.data();
  for (std::int64_t i = 0; i < disks.n; ++i) vx[i] *= factor;
  for (std::int64_t i = 0; i < disks.n; ++i) vy[i] *= factor;
}

void drift_portable(ShearedDisks& disks, const ShearFlow& flow, double dt) { drift_loop(disks, flow, dt); }
Squares squares_portable(const ShearedDisks& disks) { return squares_loop(disks); }
void scale_portable(ShearedDisks& disks, double factor) { scale_loop(disks, factor); }

#if defined(__x86_64__)
HTHM_AVX2 void drift_avx2(ShearedDisks& disks, const ShearFlow& flow, double dt) { drift_loop(disks, flow, dt); }
HTHM_AVX2 Squares squares_avx2(const ShearedDisks& disks) { return squares_loop(disks); }
HTHM_AVX2 void scale_avx2(ShearedDisks& disks, double factor) { scale_loop(disks, factor); }
#endif

}  // namespace

ShearLoops shear_loops(Simd level) {
#if defined(__x86_64__)
  if (level != Simd::portable) return {&drift_avx2, &squares_avx2, &scale_avx2};
#else
  static_cast<void>(level);
#endif
  return {&drift_portable, &squares_portable, &scale_portable};
}

}  // namespace hthm
