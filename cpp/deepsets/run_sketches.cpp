// The sketches of runs, and where they lie.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/stoppable_for.hpp"
#include "deepsets/frame_store.hpp"

namespace hthm::deepsets {
namespace {

constexpr auto nodes = static_cast<std::size_t>(SketchGrid::nodes);
/// Runs whose moments are in memory at a time, 30 kB each.
constexpr std::int64_t runs_at_a_time = 256;

}  // namespace

/// Sums over some frames of a period.
struct FrameStore::SketchMoments {
  double frames = 0, largest = 0;
  std::vector<double> sum = std::vector<double>(nodes), squares = std::vector<double>(nodes);
};

bool FrameStore::is_to_be_sketched(const Run& run) const {
  return run.dense == nullptr && n_ >= SketchGrid::fewest_disks && reach_ >= SketchGrid::least_reach;
}

/// Call body(frame, sketcher) for all frames of a run.
template <class Body>
void FrameStore::sketch_frames(const Run& run, StopRequest* stop, const Body& body) const {
  Pace pace(stop);
  Sketcher sketcher(reach_);
  const auto n = static_cast<std::size_t>(n_);
  std::vector<Change> changes_room;
  std::vector<float> key_room;
  const Change* changes = run.changes.data();
  const float* key = run.keys.data();
  if (run.changes_at != in_memory) {
    changes_room.resize(run.first.back());
    key_room.resize(2 * n);
    file_->read(run.changes_at, changes_room.data(), changes_room.size() * sizeof(Change), stop);
    file_->read(run.keys_at, key_room.data(), key_room.size() * sizeof(float), stop);
    changes = changes_room.data();
    key = key_room.data();
  }
  for (std::size_t i = 0; i < n; ++i) sketcher.add(key[i], key[n + i]);
  for (std::size_t t = 0; t < run.first.size(); ++t) {
    for (std::size_t c = t == 0 ? 0 : run.first[t - 1]; c < run.first[t]; ++c) {
      sketcher.remove(changes[c].old_x, changes[c].old_y);
      sketcher.add(changes[c].new_x, changes[c].new_y);
    }
    body(t, sketcher);
    pace.did(SketchGrid::nodes + (run.first[t] - (t == 0 ? 0 : run.first[t - 1])));
  }
}

/// Of the sketches of a run, by period.
std::vector<FrameStore::SketchMoments> FrameStore::moments(const Run& run, StopRequest* stop,
                                                           std::vector<char>& visited) const {
  constexpr std::size_t every = 5;  // no divisor of the lengths of periods, and odd
  std::vector<SketchMoments> of_run(sketch_period(run.first.size() - 1) + 1);
  sketch_frames(run, stop, [&](std::size_t t, const Sketcher& sketcher) {
    if (t + 1 == run.first.size()) visited = sketcher.visited();
    if (t % every != 0) return;
    SketchMoments& of_period = of_run[sketch_period(t)];
    ++of_period.frames;
    for (std::size_t g = 0; g < nodes; ++g) {
      const double weight = sketcher.weights()[g];
      of_period.sum[g] += weight;
      of_period.squares[g] += weight * weight;
      of_period.largest = std::max(of_period.largest, weight);
    }
  });
  return of_run;
}

/// Mean and spread of the sketches in each period, from some of the frames, and the unit to keep them in.
void FrameStore::find_ranges(int threads, StopRequest* stop) {
  std::vector<SketchMoments> all(sketch_period(static_cast<std::size_t>(frames_ - 1)) + 1);
  double most = 0;
  for (std::int64_t first = 0; first < runs_count(); first += runs_at_a_time) {
    const std::int64_t count = std::min(runs_at_a_time, runs_count() - first);
    std::vector<std::vector<SketchMoments>> of_runs(static_cast<std::size_t>(count));
    std::vector<std::vector<char>> visited(of_runs.size());
    stoppable_for(count, threads, stop, [&](std::int64_t r) {
      const Run& run = runs_[static_cast<std::size_t>(first + r)];
      const auto at = static_cast<std::size_t>(r);
      if (is_to_be_sketched(run)) of_runs[at] = moments(run, stop, visited[at]);
    });
    for (std::size_t r = 0; r < of_runs.size(); ++r) {  // in this order whatever the number of threads
      if (of_runs[r].empty()) continue;
      sketch_extent_.add(visited[r]);
      for (std::size_t period = 0; period < all.size(); ++period) {
        const SketchMoments& of_run = of_runs[r][period];
        most = std::max(most, of_run.largest);
        all[period].frames += of_run.frames;
        for (std::size_t g = 0; g < nodes; ++g) {
          all[period].sum[g] += of_run.sum[g];
          all[period].squares[g] += of_run.squares[g];
        }
      }
    }
  }
  if (most == 0) return;
  std::vector<char> has_weight(nodes, 0);
  for (std::size_t row = 0; row <= SketchGrid::side; ++row) {
    const SketchExtent::Row columns = sketch_extent_.of_nodes(row);
    for (std::size_t j = columns.first; j < columns.end; ++j) has_weight[row * (SketchGrid::side + 1) + j] = 1;
  }
  // A node that hardly ever has a disk must not make those frames seem far away in which it has one.
  const double least = static_cast<double>(n_) / (16.0 * SketchGrid::nodes);
  for (const SketchMoments& of_period : all) {
    SketchRange range;
    range.unit = 4 * most / std::numeric_limits<std::uint16_t>::max();  // room for more than these frames have
    for (std::size_t g = 0; g < nodes; ++g) {
      const double frames = std::max(of_period.frames, 1.0), mean = of_period.sum[g] / frames;
      range.mean.push_back(mean);
      const double variance = std::max(of_period.squares[g] / frames - mean * mean, 0.0) + least;
      range.spread.push_back(has_weight[g] != 0 ? std::sqrt(variance) : 0);
    }
    sketch_ranges_.push_back(std::move(range));
  }
}

void FrameStore::make_sketches(StopRequest* stop, Run& run) const {
  if (!is_to_be_sketched(run)) return;
  run.sketches.reserve((run.first.size() + 1) / 2 * nodes);
  run.radii.assign(sketch_ranges_.size(), 0);
  bool fit = true;
  sketch_frames(run, stop, [&](std::size_t t, const Sketcher& sketcher) {
    // The last frame of a pair may be the first of a period: it counts in both.
    for (const std::size_t pair : {t, t == 0 ? 0 : t - 1}) {
      double& radius = run.radii[sketch_period(pair)];
      radius = std::max(radius, sketch_ranges_[sketch_period(pair)].distance(sketcher));
    }
    if (t % 2 == 0) fit = fit && sketcher.write(sketch_ranges_.front().unit, run.sketches);
  });
  if (fit && run.changes_at != in_memory) {
    run.sketches_at = file_->append(run.sketches.data(), run.sketches.size() * sizeof(std::uint16_t), stop);
  }
  if (!fit || run.changes_at != in_memory) run.sketches = std::vector<std::uint16_t>();
}

}  // namespace hthm::deepsets
