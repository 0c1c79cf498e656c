// What a step of a sheared gas does to all disks, several at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/cpu_features.hpp"
#include "core/large_array.hpp"
#include "core/run.hpp"
#include "fixed_step/shear_flow.hpp"

namespace hthm {

/// The disks of one run, each number in an array of its own, (n,).
struct ShearedDisks {
  LargeArray<double> x, y, vx, vy;
  std::int64_t n;

  ShearedDisks(const Vec* positions, const Vec* velocities, std::int64_t count) : n{count} {
    for (LargeArray<double>* array : {&x, &y, &vx, &vy}) array->reserve(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) {
      x.push_back(positions[i].x);
      y.push_back(positions[i].y);
      vx.push_back(velocities[i].x);
      vy.push_back(velocities[i].y);
    }
  }

  /// Of a speed.
  double largest_square() const {
    double largest = 0;
    for (std::size_t i = 0; i < vx.size(); ++i) largest = std::max(largest, vx[i] * vx[i] + vy[i] * vy[i]);
    return largest;
  }

  void write(Vec* positions, Vec* velocities) const {
    for (std::size_t i = 0; i < x.size(); ++i) {
      positions[i] = {x[i], y[i]};
      velocities[i] = {vx[i], vy[i]};
    }
  }
};

/// Over all disks, of vx vx, vx vy and vy vy. A sum is that of eight: every eighth disk, in order; then those of 0 and
/// 4, 1 and 5, 2 and 6, 3 and 7; of these 0 and 2, 1 and 3; and of these both.
using Squares = std::array<double, 3>;

/// The loops of one instruction set: the same bits in each.
struct ShearLoops {
  /// Free flight for a time with the flow, whose offset is that of its end, and back into the box.
  void (*drift)(ShearedDisks& disks, const ShearFlow& flow, double dt);
  Squares (*squares)(const ShearedDisks& disks);
  /// All velocities times a factor.
  void (*scale)(ShearedDisks& disks, double factor);
};

ShearLoops shear_loops(Simd level);

}  // namespace hthm
