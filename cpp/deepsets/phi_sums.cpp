#include "deepsets/phi_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/paced_array.hpp"
#include "core/stoppable_for.hpp"

namespace hthm::deepsets {
namespace {

/// Cells are found in float32, where squares of what is larger overflow.
constexpr float most_reach = 0x1p64f;

/// A fast disk that comes later is most often within this times the fastest so far, and needs no cells of its own.
constexpr float ahead = 1.5f;

float magnitude(float reach, const Vec& v) {
  return std::max({reach, std::fabs(static_cast<float>(v.x)), std::fabs(static_cast<float>(v.y))});
}

}  // namespace

/// A block of velocities as the kernel takes them.
struct PhiSums::Points {
  std::int32_t cells[replay_block];
  float x[replay_block], y[replay_block];

  void set(std::int64_t k, const Disk& disk) {
    cells[k] = disk.cell;
    x[k] = disk.x;
    y[k] = disk.y;
  }
  PointsInCells first(std::int64_t count) const { return {.cells = cells, .x = x, .y = y, .count = count}; }
};

/// Cells for all velocities of a log. Tables do not depend on how far they reach, nor does phi.
void PhiSums::reach_to(const LogView& log, int threads, StopRequest* stop) {
  std::vector<float> reaches(static_cast<std::size_t>(log.runs), 0);
  stoppable_for(log.runs, threads, stop, [&](std::int64_t run) {
    Pace pace{stop};
    float& reach = reaches[static_cast<std::size_t>(run)];
    const auto look_at = [&](const Vec* velocities, std::int64_t first, std::int64_t last) {
      in_pieces(first, last, pace, [&](std::int64_t begin, std::int64_t end) {
        bool is_number = true;
        for (std::int64_t k = begin; k < end; ++k) {
          reach = magnitude(reach, velocities[k]);
          is_number = is_number && velocities[k].x == velocities[k].x && velocities[k].y == velocities[k].y;
        }
        if (!is_number) reach = std::numeric_limits<float>::infinity();
      });
    };
    const RowRange rows = rows_of(log, run, 0, log.frames);
    look_at(log.start, run * log.n, (run + 1) * log.n);
    look_at(log.velocities, 2 * rows.begin, 2 * rows.end);
  });
  const float reach =
      std::accumulate(reaches.begin(), reaches.end(), 0.0f, [](float a, float b) { return std::max(a, b); });
  if (!(reach < most_reach)) throw std::invalid_argument("velocities: must be numbers below 2^64.");
  if (reach <= reach_) return;
  reach_ = ahead * reach;
  phi_.build(Network<const float>(weights_.data(), width_), reach_, *kernel_, threads);
}

PhiSums::Disk PhiSums::located(const Vec& v, Unknown& unknown) const {
  Disk disk{static_cast<float>(v.x), static_cast<float>(v.y), PlaneCells::unknown};
  disk.cell = phi_.cells().locate(disk.x, disk.y);
  if (disk.cell == PlaneCells::unknown) [[unlikely]]
    unknown.push_back(disk);
  return disk;
}

/// The sums (frames, D) of a run, which are only right where no cell is unknown.
PhiSums::Unknown PhiSums::sum_run(const LogView& log, std::int64_t run, StopRequest* stop, double* sums) const {
  Pace pace{stop};
  Unknown unknown;
  const std::int64_t padded = phi_.table_size() / 3;
  std::vector<double> total(static_cast<std::size_t>(padded), 0), gain(total), loss(total);
  auto now = defaults<Disk>(log.n, pace);
  Points after, before;
  for (std::int64_t first = 0; first < log.n; first += replay_block) {
    const std::int64_t count = std::min(replay_block, log.n - first);
    for (std::int64_t k = 0; k < count; ++k) {
      Disk& disk = now[static_cast<std::size_t>(first + k)];
      disk = located(log.start[run * log.n + first + k], unknown);
      after.set(k, disk);
    }
    if (unknown.empty()) phi_.add(after.first(count), total.data());
    pace.did(count);
  }
  for (std::int64_t frame = 0; frame < log.frames; ++frame) {
    std::fill(gain.begin(), gain.end(), 0.0);
    std::fill(loss.begin(), loss.end(), 0.0);
    replay_in_blocks(log, run, frame, frame + 1, pace,
                     [&](const std::int32_t* disks, const Vec* velocities, std::int64_t count) {
                       for (std::int64_t k = 0; k < count; ++k) {
                         Disk& disk = now[static_cast<std::size_t>(disks[k])];
                         before.set(k, disk);
                         disk = located(velocities[k], unknown);
                         after.set(k, disk);
                       }
                       if (!unknown.empty()) return;
                       phi_.add(after.first(count), gain.data());
                       phi_.add(before.first(count), loss.data());
                     });
    for (std::size_t k = 0; k < total.size(); ++k) total[k] += gain[k] - loss[k];
    sums = std::copy(total.begin(), total.begin() + width_, sums);
    pace.did(padded);
  }
  return unknown;
}

void PhiSums::operator()(const LogView& log, int threads, double* sums, StopRequest* stop) {
  reach_to(log, threads, stop);
  std::vector<std::int64_t> runs(static_cast<std::size_t>(log.runs));
  std::iota(runs.begin(), runs.end(), 0);
  while (!runs.empty()) {  // twice, where there are cells that no square of the plane has met
    std::vector<Unknown> unknown(runs.size());
    stoppable_for(static_cast<std::int64_t>(runs.size()), threads, stop, [&](std::int64_t k) {
      const std::int64_t run = runs[static_cast<std::size_t>(k)];
      unknown[static_cast<std::size_t>(k)] = sum_run(log, run, stop, sums + run * log.frames * width_);
    });
    std::vector<std::int64_t> again;
    for (std::size_t k = 0; k < runs.size(); ++k) {
      for (const Disk& disk : unknown[k]) phi_.cells().locate_or_add(disk.x, disk.y);
      if (!unknown[k].empty()) again.push_back(runs[k]);
    }
    phi_.complete(threads);
    runs = std::move(again);
  }
}

}  // namespace hthm::deepsets
