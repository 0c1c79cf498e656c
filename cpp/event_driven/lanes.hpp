// Eight disks at a time: which of them a disk cannot possibly hit, told in single precision.
// `python -m bench.compare`, with HTHM_SIMD=portable and without, shows what the level buys.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/cpu_features.hpp"
#include "core/vec2.hpp"

namespace hthm::event_driven {

/// Up to eight disks of one cell, in the units of `LaneUnits`. A position is where the disk would have been at time 0,
/// had it always flown as now: one that has not collided needs no new entry. Empty lanes hold NaN, which hits nothing.
struct alignas(64) Lanes {
  static constexpr int count = 8;
  static constexpr float nobody = std::numeric_limits<float>::quiet_NaN();

  float x[count] = {nobody, nobody, nobody, nobody, nobody, nobody, nobody, nobody};
  float y[count] = {};
  float vx[count] = {}, vy[count] = {};
};

/// A block of lanes to look at, and the way from the disk that looks to the corner of its cell.
struct Look {
  std::int32_t block;
  float x, y;
};

/// The disk that looks, and the bounds that decide (see `LaneUnits`): with the way d to another disk and the velocity v
/// of that one relative to this, a hit is possible if (d x v)^2 <= reach2 v^2 + slack2, which is about the direction,
/// and d^2 + horizon d . v <= near1 v^2 + near0, which is about the time.
struct Sight {
  float vx, vy, time;
  float reach2, slack2;
  float horizon, near1, near0;
};

/// A bit for each lane of up to 9 blocks, eight a block in their order.
struct Possible {
  std::uint64_t eight;  // of the first eight blocks
  std::uint64_t ninth;
};

/// What a disk sees in some cells around it.
template <std::size_t count>
struct View {
  Sight sight;
  std::array<Look, count> looks;  // the first block of each cell
  Possible possible;
  std::int32_t crowded;  // -1 unless a cell has more blocks than one
};

/// Look at a number of blocks that the compiler knew.
using LaneFilter = Possible (*)(const Lanes* lanes, const Sight& sight, const Look* looks);

/// The filters of a level: for the blocks of the 9 cells around a disk, for those of 3 that have become neighbours, and
/// for one block, where a cell is crowded and has more than one.
struct LaneFilters {
  LaneFilter nine, three, one;
};

/// The filters for a level, which the CPU must have.
LaneFilters lane_filters(Simd level);

/// What the lanes are measured in, and how far single precision can be off. Lengths are in boxes, velocities in the
/// greatest speed that the energy allows any disk, so no speed exceeds 1.
///
/// With u = 2^-24, cells of width w and times up to T, the separation d of two disks in neighbouring cells is off by
/// at most u (14 w + 9 T |v_i| + 9 T |v|), their relative velocity v by u (3 |v_i| + 3 |v|), and |d| <= 3 w; so d x v
/// and d . v are off by at most u |v| (32 w + 9 T |v_i|) + 9 u T v^2 + 9 u w |v_i|, and d^2 by u w (130 w + 170 T).
/// A hit within a time h needs |d x v| <= sigma |v| and d^2 - sigma^2 <= -2 h d . v. As |v| <= 2, 2 |v| q <= v^2 + q^2
/// for any q, and (a + b)^2 <= (1 + 1/64) a^2 + 65 b^2, these become bounds without a root, generous by a tenth and
/// more: a hit is never missed, and where lanes are too coarse to tell (disks that are tiny beside the box) everything
/// is possible.
class LaneUnits {
 public:
  /// `crossing` is the time in which that greatest speed crosses the box, `longest` the last time that will be asked.
  LaneUnits(double box, double diameter, double width, double crossing, double longest, std::int64_t n)
      : per_length_{1 / box},
        per_speed_{std::isfinite(crossing) ? crossing / box : 0},
        per_time_{std::isfinite(crossing) ? 1 / crossing : 0},
        width_{static_cast<float>(width / box)} {
    const double w = width / box, t = std::isfinite(crossing) ? longest / crossing : 0;
    const double sigma = diameter / box, typical = 1 / std::sqrt(static_cast<double>(n));  // speed, root mean square
    const double reach = sigma + unit * (40 * w + 30 * t), slack = 14 * unit * w;
    reach2_ = static_cast<float>(reach * reach * (1 + 1.0 / 64) * (1 + 0x1p-18));
    slack2_ = static_cast<float>(65 * slack * slack);
    touching_ = static_cast<float>(sigma * sigma * (1 + 0x1p-20) + unit * w * (150 * w + 190 * t));
    receding1_ = static_cast<float>(unit * (11 * t + 18 * w / typical));
    receding1_speed_ = static_cast<float>(unit * 6 * t / typical);
    receding0_ = static_cast<float>(unit * 18 * w * typical);
    receding0_speed_ = static_cast<float>(unit * (6 * t * typical + 11 * w));
  }

  float length(double x) const { return static_cast<float>(x * per_length_); }
  float speed(double v) const { return static_cast<float>(v * per_speed_); }
  float width() const { return width_; }

  /// Where, at time 0, a disk would have been that is at `x` at `time`.
  float origin(double x, double v, double time) const { return static_cast<float>((x - v * time) * per_length_); }

  /// A disk that looks for hits in the next `ahead`.
  Sight sight(const Vec2<double>& v, double time, double ahead) const {
    const float vx = speed(v.x), vy = speed(v.y), fastest = std::abs(vx) + std::abs(vy);
    const float horizon = 2.0001F * static_cast<float>(std::min(ahead * per_time_, 1e12));
    return {vx,
            vy,
            static_cast<float>(time * per_time_),
            reach2_,
            slack2_,
            horizon,
            horizon * (receding1_ + receding1_speed_ * fastest),
            horizon * (receding0_ + receding0_speed_ * fastest) + touching_};
  }

 private:
  static constexpr double unit = 0x1p-24;

  double per_length_, per_speed_, per_time_;
  float width_;  // of a cell
  float reach2_, slack2_, touching_;
  float receding1_, receding1_speed_, receding0_, receding0_speed_;  // how far d . v can be off, over v^2 and |v_i|
};

}  // namespace hthm::event_driven
