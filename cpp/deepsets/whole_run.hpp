// A run as the training on the arrow of time goes through it, and the states of its parts in a row.
#pragma once

#include <cstdint>
#include <vector>

#include "core/stop_request.hpp"
#include "deepsets/smooth_kernel.hpp"

namespace hthm::deepsets {

/// A run of n disks: where it began, and which velocities came in place of which. Of its rows of velocities the first n
/// are those of the first state, disk by disk, and the others those of the changes, in order.
class WholeRun {
 public:
  /// disks, step (changes): which disk changes, from 0 to n - 1, and in which step, ascending from 0 to steps - 1.
  /// Throws std::length_error for more rows than have numbers in 32 bits.
  WholeRun(std::int64_t n, std::int64_t steps, const std::int32_t* disks, const std::int64_t* step,
           std::int64_t changes);

  std::int64_t n() const { return n_; }
  std::int64_t steps() const { return steps_; }
  std::int64_t changes() const { return static_cast<std::int64_t>(disks_.size()); }
  std::int64_t rows() const { return n_ + changes(); }
  /// Which disk changes.
  const std::vector<std::int32_t>& disks() const { return disks_; }
  /// In which step.
  const std::vector<std::int64_t>& step() const { return step_; }
  /// The row in whose place a change comes.
  const std::vector<std::int32_t>& replaced() const { return replaced_; }

 private:
  std::int64_t n_, steps_;
  std::vector<std::int32_t> disks_, replaced_;
  std::vector<std::int64_t> step_;
};

/// The disks of a run in equal parts, and the chain of states of each part: the first, and one after every step that
/// changes it. Chains are cut into pieces of bounded length, each of which has whole tiles of rows to itself. States
/// are named by rows: first those that the chains begin with, then `never`, then those of the pieces.
struct Chains {
  static constexpr std::int64_t most_steps = most_steps_at_a_time;

  /// Some steps of one part.
  struct Piece {
    std::int64_t part;
    std::int64_t first, count;  // of its steps among all
    std::int64_t row;           // of the first of them
  };

  /// part (n): that of each disk, `count` for none; or null where all belong to the only one. Throws Stopped.
  void build(const WholeRun& run, const std::int64_t* part, std::int64_t count, Pace& pace);

  std::int64_t parts = 0, rows = 0;
  std::vector<Piece> pieces;               // part by part
  std::vector<std::int64_t> terms;         // by step among all: number of the run's step * parts + part
  std::vector<std::int64_t> offsets;       // by step among all, of the first of its exchanges
  std::vector<std::int32_t> born, died;    // rows of velocities, by exchange
  std::vector<std::int32_t> birth, death;  // by row of velocities: the state in which it came, and in which it went

  /// The row of a state that never comes.
  std::int64_t never() const { return parts; }

 private:
  void sort(const WholeRun& run, const std::int64_t* part, std::int64_t count, Pace& pace);

  std::vector<std::int64_t> changes_, steps_, last_step_;  // by part
  std::vector<std::int32_t> order_;                        // of changes, part by part
};

}  // namespace hthm::deepsets
