// The velocities of all frames as the network sees them, float32, kept as what changes from one frame to the next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "core/narrow.hpp"
#include "core/scratch_file.hpp"
#include "core/stop_request.hpp"
#include "deepsets/sketch.hpp"
#include "recording/replay.hpp"

namespace hthm::deepsets {

/// A disk whose velocity differs between two consecutive frames.
struct Change {
  std::int32_t disk;
  float old_x, old_y, new_x, new_y;
};

/// A dense recording, (runs, frames, n, 2).
struct DenseFrames {
  const double* velocities;
  std::int64_t runs, frames, n;
};

/// How much the indices of a run have room for; there to be lowered by tests.
struct StoreLimits {
  std::int64_t disks = largest<std::int32_t>;     // of a frame
  std::int64_t changes = largest<std::uint32_t>;  // from frame to frame, in all of a run
};

/// How many bytes of encoded runs stay in memory, and the folder of the file that takes those for which there is no
/// more room.
struct StoreRoom {
  std::int64_t bytes = largest<std::int64_t>;
  std::filesystem::path folder;
};

/// Pairs of consecutive frames by number: pair k of run r is r * (frames - 1) + k. A disk counts as changed if its
/// velocity differs in float32, so that a log and the dense recording of the same run give the same store.
class FrameStore {
 public:
  /// Runs in which more than a quarter of the disks change from frame to frame, or more than there is room for, are not
  /// encoded but read where they are: the velocities must outlive the store. Throws Stopped if `stop` says so, and
  /// std::length_error for more disks than the limits have.
  FrameStore(const DenseFrames& frames, int threads, StopRequest* stop = nullptr, const StoreLimits& limits = {});
  /// Throws std::invalid_argument where the log points outside of itself; std::length_error also for more rows of a
  /// run.
  FrameStore(const LogView& log, int threads, StopRequest* stop = nullptr, const StoreLimits& limits = {});
  /// Of a log in parts: `append` each, some runs with the frames and disks of the others, and then `finish`. Nothing of
  /// a log is kept. They throw as the constructor above does, and ScratchFileError; so does all that reads pairs.
  explicit FrameStore(StoreRoom room = {}) : room_{std::move(room)} {}
  void append(const LogView& log, int threads, StopRequest* stop = nullptr, const StoreLimits& limits = {});
  void finish(int threads, StopRequest* stop = nullptr);

  std::int64_t pairs() const { return runs_count() * (frames_ - 1); }
  std::int64_t n() const { return n_; }
  /// The largest component, in magnitude.
  float reach() const { return reach_; }

  /// At least as many as `changes` gives.
  std::int64_t most_changes(std::int64_t pair) const;
  /// The changes from the first to the second frame of a pair, by disk; `room` is for those that are not in memory.
  std::span<const Change> changes(std::int64_t pair, std::vector<Change>& room) const;
  /// Ask the memory for what `changes`, `sketch` or `frame` of this pair will read: it takes longer than a pair does.
  void prefetch_changes(std::int64_t pair) const;
  void prefetch_sketch(std::int64_t pair) const;
  void prefetch_frame(std::int64_t pair) const;
  /// Likewise the disk, for a whole batch, once it has been waited for; for how many batches more the caller keeps.
  void fetch(const std::int64_t* pairs, std::int64_t count, int& batches) const;
  /// One of the frames of a pair may have a sketch.
  bool has_sketch(std::int64_t pair) const {
    const Run& run = run_of(pair);
    return !run.sketches.empty() || run.sketches_at != in_memory;
  }
  bool is_sketch_of_second(std::int64_t pair) const { return frame_of(pair) % 2 == 1; }
  /// `room` is for one that is not in memory.
  const std::uint16_t* sketch(std::int64_t pair, std::vector<std::uint16_t>& room) const;
  /// Where the sketches of the frames of each period lie; none where there are no sketches.
  const std::vector<SketchRange>& sketch_ranges() const { return sketch_ranges_; }
  /// Where in the plane their disks are.
  const SketchExtent& sketch_extent() const { return sketch_extent_; }
  /// The period that both frames of a pair are in.
  std::size_t period(std::int64_t pair) const { return sketch_period(frame_of(pair)); }
  /// The first frame of a pair; `room` as for `changes`.
  void frame(std::int64_t pair, float* x, float* y, std::vector<Change>& room) const;

 private:
  /// Frames from one key frame to the next: a key frame costs as much as some 13 frames of changes at the paper's
  /// state, and going through 15 frames of changes as long as reading the key frame.
  static constexpr std::size_t key_distance = 16;

  static constexpr std::int64_t in_memory = -1;

  struct Run {
    const double* dense = nullptr;     // (frames, n, 2) where the run is not encoded
    std::vector<std::uint32_t> first;  // changes first[k] to first[k + 1] lead from frame k to frame k + 1
    std::vector<Change> changes;
    std::vector<float> keys;              // x, then y, of frames 0, key_distance, 2 * key_distance ...
    std::vector<std::uint16_t> sketches;  // of frames 0, 2, 4 ...
    std::int64_t changes_at = in_memory, keys_at = in_memory, sketches_at = in_memory;  // or where in the file
    float reach = 0;
    std::vector<double> radii;  // of the ranges of sketches, as far as this run is concerned
  };
  struct SketchMoments;

  std::int64_t runs_count() const { return static_cast<std::int64_t>(runs_.size()); }
  const Run& run_of(std::int64_t pair) const { return runs_[static_cast<std::size_t>(pair / (frames_ - 1))]; }
  std::size_t frame_of(std::int64_t pair) const { return static_cast<std::size_t>(pair % (frames_ - 1)); }
  void encode_dense(const double* velocities, std::int64_t most_changes, StopRequest* stop, Run& run) const;
  void encode_log(const LogView& log, std::int64_t r, std::int64_t most_changes, StopRequest* stop, Run& run) const;
  void end_frame(Run& run, std::size_t frame, const std::vector<float>& x, const std::vector<float>& y) const;
  void make_room(Run& run, StopRequest* stop);
  bool is_to_be_sketched(const Run& run) const;
  template <class Body>
  void sketch_frames(const Run& run, StopRequest* stop, const Body& body) const;
  void find_ranges(int threads, StopRequest* stop);
  std::vector<SketchMoments> moments(const Run& run, StopRequest* stop, std::vector<char>& visited) const;
  void make_sketches(StopRequest* stop, Run& run) const;

  StoreRoom room_;
  std::int64_t bytes_ = 0;             // of runs in memory
  std::unique_ptr<ScratchFile> file_;  // of the others
  std::int64_t frames_ = 0, n_ = 0;
  float reach_ = 0;
  std::vector<Run> runs_;
  std::vector<SketchRange> sketch_ranges_;
  SketchExtent sketch_extent_;
};

}  // namespace hthm::deepsets
