#include "measures/log_histogram.hpp"

#include <algorithm>
#include <vector>

#include "core/narrow.hpp"
#include "core/paced_array.hpp"
#include "core/stoppable_for.hpp"

namespace hthm {
namespace {

/// Call counted(frame, counts, changed) for every frame of every run, numbered through all runs, with counts (bins +
/// 1,) of its speeds, those out of range last; `changed` says whether they may differ from those of the frame before.
template <class Counted>
void count_speeds(const SpeedBins& bins, const LogView& log, int threads, StopRequest* stop, const Counted& counted) {
  static_cast<void>(narrow<std::int32_t>(bins.bins(), "bins"));  // as they are kept below, a disk each
  stoppable_for(log.runs, threads, stop, [&](std::int64_t run) {
    Pace pace{stop};
    std::vector<std::int64_t> counts(static_cast<std::size_t>(bins.bins()) + 1);
    auto bin_of = defaults<std::int32_t>(log.n, pace);
    in_pieces(0, log.n, pace, [&](std::int64_t first, std::int64_t last) {
      bins.find(log.start + run * log.n + first, last - first, bin_of.data() + first);
      for (std::int64_t i = first; i < last; ++i)
        ++counts[static_cast<std::size_t>(bin_of[static_cast<std::size_t>(i)])];
    });
    for (std::int64_t frame = 0; frame < log.frames; ++frame) {
      bool changed = frame == 0;
      pace.did(bins.bins());
      replay_in_blocks(log, run, frame, frame + 1, pace,
                       [&](const std::int32_t* disks, const Vec* velocities, std::int64_t count) {
                         std::int32_t found[replay_block];
                         bins.find(velocities, count, found);
                         for (std::int64_t k = 0; k < count; ++k) {
                           std::int32_t& bin = bin_of[static_cast<std::size_t>(disks[k])];
                           --counts[static_cast<std::size_t>(bin)];
                           bin = found[k];
                           ++counts[static_cast<std::size_t>(bin)];
                         }
                         changed = true;
                       });
      counted(run * log.frames + frame, counts, changed);
    }
  });
}

}  // namespace

void speed_counts(const SpeedBins& bins, const LogView& log, int threads, std::int64_t* counts, StopRequest* stop) {
  count_speeds(bins, log, threads, stop, [&](std::int64_t frame, const std::vector<std::int64_t>& in_bin, bool) {
    std::copy(in_bin.begin(), in_bin.end() - 1, counts + frame * bins.bins());
  });
}

void speed_h(const SpeedBins& bins, const LogView& log, int threads, double* h, std::int64_t* beyond, StopRequest* stop,
             const double* terms) {
  const CountEntropy entropy{log.n, stop, terms};
  count_speeds(bins, log, threads, stop,
               [&](std::int64_t frame, const std::vector<std::int64_t>& in_bin, bool changed) {
                 h[frame] = changed ? entropy(in_bin.data(), bins.bins(), bins.width()) : h[frame - 1];
                 beyond[frame] = in_bin.back();
               });
}

void velocity_h(const LogView& log, const double* temperature, std::int64_t bins, double reach, int threads, double* h,
                std::int64_t* beyond, StopRequest* stop, const double* terms) {
  const CountEntropy entropy{log.n, stop, terms};
  stoppable_for(log.runs, threads, stop, [&](std::int64_t run) {
    Pace pace{stop};
    VelocityCells h_of{entropy, log.n, bins, reach};
    LargeArray<Vec> velocities = copied(log.start + run * log.n, log.n, pace);
    for (std::int64_t frame = 0; frame < log.frames; ++frame) {
      bool changed = frame == 0 || temperature;
      replay(log, run, frame, frame + 1, pace, [&](std::int32_t disk, const Vec& v) {
        velocities[static_cast<std::size_t>(disk)] = v;
        changed = true;
      });
      const std::int64_t k = run * log.frames + frame;
      h[k] = changed ? h_of(velocities.data(), temperature ? temperature + k : nullptr, pace) : h[k - 1];
      beyond[k] = h_of.beyond();
    }
  });
}

}  // namespace hthm
