#include "deepsets/frame_store.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/stoppable_for.hpp"

namespace hthm::deepsets {
namespace {

constexpr auto nodes = static_cast<std::size_t>(SketchGrid::nodes);
constexpr std::size_t bytes_of_sketch = nodes * sizeof(std::uint16_t);

/// Where in the file a number of a run lies.
std::int64_t place(std::int64_t begin, std::size_t number, std::size_t bytes) {
  return begin + static_cast<std::int64_t>(number * bytes);
}

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
  for (std::size_t r = before; r < runs_.size(); ++r) make_room(runs_[r], stop);
}

/// Move a run to the file where memory has no room for it and its sketches.
void FrameStore::make_room(Run& run, StopRequest* stop) {
  const std::size_t changes = run.changes.size() * sizeof(Change), keys = run.keys.size() * sizeof(float);
  const std::size_t sketches = n_ >= SketchGrid::fewest_disks ? (run.first.size() + 1) / 2 * bytes_of_sketch : 0;
  const auto bytes = static_cast<std::int64_t>(changes + keys + sketches);
  if (bytes <= room_.bytes - bytes_) {
    bytes_ += bytes;
    return;
  }
  if (file_ == nullptr) file_ = std::make_unique<ScratchFile>(room_.folder);
  run.changes_at = file_->append(run.changes.data(), changes, stop);
  run.keys_at = file_->append(run.keys.data(), keys, stop);
  run.changes = std::vector<Change>();  // {} would be an empty list, which keeps the memory
  run.keys = std::vector<float>();
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

const std::uint16_t* FrameStore::sketch(std::int64_t pair, std::vector<std::uint16_t>& room) const {
  const Run& run = run_of(pair);
  const std::size_t number = (frame_of(pair) + 1) / 2;
  if (run.sketches_at == in_memory) return &run.sketches[number * nodes];
  room.resize(nodes);
  file_->read(place(run.sketches_at, number, bytes_of_sketch), room.data(), bytes_of_sketch);
  return room.data();
}

std::int64_t FrameStore::most_changes(std::int64_t pair) const {
  const Run& run = run_of(pair);
  const std::size_t k = frame_of(pair);
  return run.dense != nullptr ? n_ : run.first[k + 1] - run.first[k];
}

std::span<const Change> FrameStore::changes(std::int64_t pair, std::vector<Change>& room) const {
  const Run& run = run_of(pair);
  const std::size_t k = frame_of(pair);
  if (run.changes_at != in_memory) {
    room.resize(run.first[k + 1] - run.first[k]);
    file_->read(place(run.changes_at, run.first[k], sizeof(Change)), room.data(), room.size() * sizeof(Change));
    return room;
  }
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

void FrameStore::fetch(const std::int64_t* pairs, std::int64_t count, int& batches) const {
  if (file_ == nullptr) return;
  constexpr int many = 64;  // batches for which it is fetched once more than a few pairs had to wait
  if (file_->waits() > count / 32) batches = many;
  if (batches == 0) return;
  --batches;
  for (std::int64_t p = 0; p < count; ++p) {
    const Run& run = run_of(pairs[p]);
    if (run.changes_at == in_memory) continue;
    const std::size_t k = frame_of(pairs[p]), first = run.first[k], changes = run.first[k + 1] - first;
    if (changes > 0) file_->fetch(place(run.changes_at, first, sizeof(Change)), changes * sizeof(Change));
    if (run.sketches_at == in_memory) continue;
    file_->fetch(place(run.sketches_at, (k + 1) / 2, bytes_of_sketch), bytes_of_sketch);
  }
}

void FrameStore::prefetch_changes(std::int64_t pair) const {
  const Run& run = run_of(pair);
  if (run.changes.empty()) return;
  const std::size_t k = frame_of(pair);
  prefetch(run.changes.data() + run.first[k], run.changes.data() + run.first[k + 1]);
}

void FrameStore::prefetch_sketch(std::int64_t pair) const {
  const Run& run = run_of(pair);
  if (run.sketches.empty()) return;
  const std::uint16_t* numbers = &run.sketches[(frame_of(pair) + 1) / 2 * nodes];
  prefetch(numbers, numbers + nodes);
}

void FrameStore::prefetch_frame(std::int64_t pair) const {
  const Run& run = run_of(pair);
  if (run.keys.empty()) return;
  const std::size_t k = frame_of(pair), key = k / key_distance, size = 2 * static_cast<std::size_t>(n_);
  prefetch(run.keys.data() + key * size, run.keys.data() + (key + 1) * size);
  prefetch(run.changes.data() + run.first[key * key_distance], run.changes.data() + run.first[k]);
}

void FrameStore::frame(std::int64_t pair, float* x, float* y, std::vector<Change>& room) const {
  const Run& run = run_of(pair);
  const std::size_t k = frame_of(pair), n = static_cast<std::size_t>(n_);
  if (run.dense != nullptr) {
    const double* velocities = run.dense + static_cast<std::int64_t>(k) * n_ * 2;
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = static_cast<float>(velocities[2 * i]);
      y[i] = static_cast<float>(velocities[2 * i + 1]);
    }
    return;
  }
  const std::size_t key = k / key_distance, first = run.first[key * key_distance], end = run.first[k];
  std::span<const Change> changes;
  if (run.changes_at == in_memory) {
    const float* at_key = run.keys.data() + key * 2 * n;
    std::copy(at_key, at_key + n_, x);
    std::copy(at_key + n_, at_key + 2 * n_, y);
    changes = {run.changes.data() + first, run.changes.data() + end};
  } else {
    const std::int64_t at_key = place(run.keys_at, key, 2 * n * sizeof(float));
    file_->read(at_key, x, n * sizeof(float));
    file_->read(place(at_key, n, sizeof(float)), y, n * sizeof(float));
    room.resize(end - first);
    file_->read(place(run.changes_at, first, sizeof(Change)), room.data(), room.size() * sizeof(Change));
    changes = room;
  }
  for (const Change& change : changes) {
    x[change.disk] = change.new_x;
    y[change.disk] = change.new_y;
  }
}

}  // namespace hthm::deepsets
