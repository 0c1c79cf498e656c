#include "deepsets/frame_store.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/stoppable_for.hpp"

namespace hthm::deepsets {
namespace {

constexpr auto nodes = static_cast<std::size_t>(SketchGrid::nodes);

/// Frames are alike within a period: a gas relaxes from where it starts, and then stays as it is.
std::size_t period_of(std::size_t frame) { return frame < 16 ? 0 : frame < 64 ? 1 : 2; }

void prefetch(const void* begin, const void* end) {
#if defined(__GNUC__)
  constexpr std::ptrdiff_t line = 64;
  for (auto at = static_cast<const char*>(begin); at < end; at += line) __builtin_prefetch(at);
#else
  static_cast<void>(begin), static_cast<void>(end);
#endif
}

}  // namespace

FrameStore::FrameStore(const DenseFrames& frames, int threads, StopRequest* stop, const StoreLimits& limits)
    : frames_(frames.frames),
      n_(narrow<std::int64_t>(frames.n, "disks of a run", limits.disks)),
      runs_(static_cast<std::size_t>(frames.runs)) {
  stoppable_for(frames.runs, threads, stop, [&](std::int64_t r) {
    encode_dense(frames.velocities + r * frames_ * n_ * 2, limits.changes, stop, runs_[static_cast<std::size_t>(r)]);
  });
  finish(threads, stop);
}

FrameStore::FrameStore(const LogView& log, int threads, StopRequest* stop, const StoreLimits& limits) {
  append(log, threads, stop, limits);
  finish(threads, stop);
}

void FrameStore::append(const LogView& log, int threads, StopRequest* stop, const StoreLimits& limits) {
  if (!runs_.empty() && (log.frames != frames_ || log.n != n_)) {
    throw std::invalid_argument("logs: must be of runs of the same frames and disks");
  }
  frames_ = log.frames;
  n_ = narrow<std::int64_t>(log.n, "disks of a run", limits.disks);
  const std::size_t before = runs_.size();
  runs_.resize(before + static_cast<std::size_t>(log.runs));
  stoppable_for(log.runs, threads, stop, [&](std::int64_t r) {
    encode_log(log, r, limits.changes, stop, runs_[before + static_cast<std::size_t>(r)]);
  });
}

/// What takes all runs to know.
void FrameStore::finish(int threads, StopRequest* stop) {
  for (const Run& run : runs_) reach_ = std::max(reach_, run.reach);
  // Beyond, sums over the disks would overflow.
  if (!(reach_ < std::sqrt(std::numeric_limits<float>::max()))) {
    throw std::invalid_argument("velocities: must be below 1.8e19 in magnitude");
  }
  find_ranges(threads, stop);
  stoppable_for(runs_count(), threads, stop,
                [&](std::int64_t r) { make_sketches(stop, runs_[static_cast<std::size_t>(r)]); });
  for (const Run& run : runs_) {
    for (std::size_t period = 0; period < run.radii.size(); ++period) {
      double& radius = sketch_ranges_[period].radius;
      radius = std::max(radius, run.radii[period]);
    }
  }
}

bool FrameStore::has_sketches(const Run& run) const {
  return run.dense == nullptr && n_ >= SketchGrid::fewest_disks && reach_ >= SketchGrid::least_reach;
}

/// Call body(frame, sketcher) for all frames of a run.
template <class Body>
void FrameStore::sketch_frames(const Run& run, StopRequest* stop, const Body& body) const {
  Pace pace(stop);
  Sketcher sketcher(reach_);
  const auto n = static_cast<std::size_t>(n_);
  for (std::size_t i = 0; i < n; ++i) sketcher.add(run.keys[i], run.keys[n + i]);
  for (std::size_t t = 0; t < run.first.size(); ++t) {
    for (std::size_t c = t == 0 ? 0 : run.first[t - 1]; c < run.first[t]; ++c) {
      sketcher.remove(run.changes[c].old_x, run.changes[c].old_y);
      sketcher.add(run.changes[c].new_x, run.changes[c].new_y);
    }
    body(t, sketcher);
    pace.did(SketchGrid::nodes + (run.first[t] - (t == 0 ? 0 : run.first[t - 1])));
  }
}

/// Mean and spread of the sketches in each period, from some of the frames, and the unit to keep them in.
void FrameStore::find_ranges(int threads, StopRequest* stop) {
  constexpr std::size_t every = 5;  // no divisor of the lengths of periods, and odd
  struct Moments {
    double frames = 0;
    std::vector<double> sum, squares;
  };
  std::vector<std::vector<Moments>> of_runs(runs_.size());
  std::vector<double> largest(runs_.size(), 0);
  std::vector<std::vector<char>> visited(runs_.size());
  stoppable_for(runs_count(), threads, stop, [&](std::int64_t r) {
    const Run& run = runs_[static_cast<std::size_t>(r)];
    if (!has_sketches(run)) return;
    std::vector<Moments>& of_run = of_runs[static_cast<std::size_t>(r)];
    of_run.assign(period_of(run.first.size() - 1) + 1, {0, std::vector<double>(nodes), std::vector<double>(nodes)});
    sketch_frames(run, stop, [&](std::size_t t, const Sketcher& sketcher) {
      if (t + 1 == run.first.size()) visited[static_cast<std::size_t>(r)] = sketcher.visited();
      if (t % every != 0) return;
      Moments& moments = of_run[period_of(t)];
      ++moments.frames;
      for (std::size_t g = 0; g < nodes; ++g) {
        const double weight = sketcher.weights()[g];
        moments.sum[g] += weight;
        moments.squares[g] += weight * weight;
        largest[static_cast<std::size_t>(r)] = std::max(largest[static_cast<std::size_t>(r)], weight);
      }
    });
  });
  double most = 0;
  for (const double of_run : largest) most = std::max(most, of_run);
  if (most == 0) return;
  for (const std::vector<char>& of_run : visited) {
    if (!of_run.empty()) sketch_extent_.add(of_run);
  }
  std::vector<char> has_weight(nodes, 0);
  for (std::size_t row = 0; row <= SketchGrid::side; ++row) {
    const SketchExtent::Row columns = sketch_extent_.of_nodes(row);
    for (std::size_t j = columns.first; j < columns.end; ++j) has_weight[row * (SketchGrid::side + 1) + j] = 1;
  }
  // A node that hardly ever has a disk must not make those frames seem far away in which it has one.
  const double least = static_cast<double>(n_) / (16.0 * SketchGrid::nodes);
  for (std::size_t period = 0; period <= period_of(static_cast<std::size_t>(frames_ - 1)); ++period) {
    Moments all{0, std::vector<double>(nodes), std::vector<double>(nodes)};
    for (const std::vector<Moments>& of_run : of_runs) {
      if (of_run.empty()) continue;
      all.frames += of_run[period].frames;
      for (std::size_t g = 0; g < nodes; ++g) {
        all.sum[g] += of_run[period].sum[g];
        all.squares[g] += of_run[period].squares[g];
      }
    }
    SketchRange range;
    range.unit = 4 * most / std::numeric_limits<std::uint16_t>::max();  // room for more than these frames have
    for (std::size_t g = 0; g < nodes; ++g) {
      const double frames = std::max(all.frames, 1.0), mean = all.sum[g] / frames;
      range.mean.push_back(mean);
      const double variance = std::max(all.squares[g] / frames - mean * mean, 0.0) + least;
      range.spread.push_back(has_weight[g] != 0 ? std::sqrt(variance) : 0);
    }
    sketch_ranges_.push_back(std::move(range));
  }
}

void FrameStore::make_sketches(StopRequest* stop, Run& run) const {
  if (!has_sketches(run)) return;
  run.sketches.reserve((run.first.size() + 1) / 2 * nodes);
  run.radii.assign(sketch_ranges_.size(), 0);
  bool fit = true;
  sketch_frames(run, stop, [&](std::size_t t, const Sketcher& sketcher) {
    // The last frame of a pair may be the first of a period: it counts in both.
    for (const std::size_t pair : {t, t == 0 ? 0 : t - 1}) {
      double& radius = run.radii[period_of(pair)];
      radius = std::max(radius, sketch_ranges_[period_of(pair)].distance(sketcher));
    }
    if (t % 2 == 0) fit = fit && sketcher.write(sketch_ranges_.front().unit, run.sketches);
  });
  if (!fit) run.sketches = {};
}

std::size_t FrameStore::period(std::int64_t pair) const { return period_of(frame_of(pair)); }

FrameStore::Sketch FrameStore::sketch(std::int64_t pair) const {
  const Run& run = run_of(pair);
  const std::size_t k = frame_of(pair);
  if (run.sketches.empty()) return {nullptr, false};
  return {&run.sketches[(k + 1) / 2 * nodes], k % 2 == 1};
}

std::int64_t FrameStore::most_changes(std::int64_t pair) const {
  const Run& run = run_of(pair);
  const std::size_t k = frame_of(pair);
  return run.dense != nullptr ? n_ : run.first[k + 1] - run.first[k];
}

std::span<const Change> FrameStore::changes(std::int64_t pair, std::vector<Change>& room) const {
  const Run& run = run_of(pair);
  const std::size_t k = frame_of(pair);
  if (run.dense == nullptr) return {run.changes.data() + run.first[k], run.changes.data() + run.first[k + 1]};
  const double* before = run.dense + static_cast<std::int64_t>(k) * n_ * 2;
  const double* after = before + n_ * 2;
  room.clear();
  for (std::int64_t i = 0; i < n_; ++i) {
    const Change change{static_cast<std::int32_t>(i), static_cast<float>(before[2 * i]),
                        static_cast<float>(before[2 * i + 1]), static_cast<float>(after[2 * i]),
                        static_cast<float>(after[2 * i + 1])};
    if (change.new_x != change.old_x || change.new_y != change.old_y) room.push_back(change);
  }
  return room;
}

void FrameStore::prefetch_changes(std::int64_t pair) const {
  const Run& run = run_of(pair);
  if (run.dense != nullptr) return;
  const std::size_t k = frame_of(pair);
  prefetch(run.changes.data() + run.first[k], run.changes.data() + run.first[k + 1]);
}

void FrameStore::prefetch_sketch(std::int64_t pair) const {
  const std::uint16_t* numbers = sketch(pair).numbers;
  if (numbers != nullptr) prefetch(numbers, numbers + nodes);
}

void FrameStore::prefetch_frame(std::int64_t pair) const {
  const Run& run = run_of(pair);
  if (run.dense != nullptr) return;
  const std::size_t k = frame_of(pair), key = k / key_distance, size = 2 * static_cast<std::size_t>(n_);
  prefetch(run.keys.data() + key * size, run.keys.data() + (key + 1) * size);
  prefetch(run.changes.data() + run.first[key * key_distance], run.changes.data() + run.first[k]);
}

void FrameStore::frame(std::int64_t pair, float* x, float* y) const {
  const Run& run = run_of(pair);
  const std::size_t k = frame_of(pair);
  if (run.dense != nullptr) {
    const double* velocities = run.dense + static_cast<std::int64_t>(k) * n_ * 2;
    for (std::int64_t i = 0; i < n_; ++i) {
      x[i] = static_cast<float>(velocities[2 * i]);
      y[i] = static_cast<float>(velocities[2 * i + 1]);
    }
    return;
  }
  const std::size_t key = k / key_distance;
  const float* at_key = run.keys.data() + key * 2 * static_cast<std::size_t>(n_);
  std::copy(at_key, at_key + n_, x);
  std::copy(at_key + n_, at_key + 2 * n_, y);
  for (std::size_t c = run.first[key * key_distance]; c < run.first[k]; ++c) {
    const Change& change = run.changes[c];
    x[change.disk] = change.new_x;
    y[change.disk] = change.new_y;
  }
}

}  // namespace hthm::deepsets
