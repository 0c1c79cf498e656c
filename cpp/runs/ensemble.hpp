// Many independent runs of one engine, advanced together, in parallel over runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/run.hpp"
#include "recording/log_rows.hpp"
#include "rules/any_rule.hpp"

namespace hthm {

/// Names of all engines: fixed-step first, then the exact one, then that of the Boltzmann equation.
std::vector<std::string_view> engine_names();

/// Where an ensemble starts: positions and velocities (runs, n).
struct Start {
  const Vec* positions;
  const Vec* velocities;
  std::int64_t runs;
  std::int64_t n;
  std::int64_t first_run = 0;             // the number of its first run, for messages
  const std::uint64_t* random = nullptr;  // (runs, 4) where their random numbers start; engines that draw some need it
  AnyRule rule{};                         // what happens at contact
  Precision precision = Precision::floating;
  Rests rests{};                  // (runs, n, 2, 4) each, or null
  const double* inner = nullptr;  // (runs, n, inner of the rule), or null: 0
};

/// Arrays over all frames of an ensemble, of which a call fills the stretch [first, first + count) of every run.
struct Record {
  std::int64_t frames;  // of the arrays
  std::int64_t first;
  std::int64_t count;
  std::int64_t* collisions;  // (runs, frames)
  Vec* velocities;           // (runs, frames, n), or null: not recorded
  Vec* positions;            // (runs, frames, n), or null: not recorded
  bool log = false;          // whether collisions are logged; `move_log` has them then
  double* inner = nullptr;   // (runs, frames, n, inner of the rule), or null: not recorded
};

class Ensemble {
 public:
  /// Throws std::invalid_argument for an unknown engine or a start that the engine refuses, and Stopped.
  Ensemble(std::string_view engine, const Setup& setup, const Start& start, int threads, StopRequest* stop = nullptr);

  std::int64_t runs() const { return static_cast<std::int64_t>(runs_.size()); }
  std::int64_t n() const { return n_; }

  /// How many numbers a disk carries beside position and velocity.
  int inner() const { return inner_of(rule_); }

  /// Advance every run by record.count frames. The same bits for any number of threads.
  /// Throws Stopped if it was asked to, and Jammed for disks without room; the ensemble can only be destroyed then.
  void advance(const Record& record, int threads, StopRequest* stop = nullptr);

  /// Move what has been logged to the end of the rows of all runs; throws std::bad_alloc, and nothing has moved, or
  /// Stopped, and the rows and the ensemble can only be destroyed.
  void move_log(LogRows& rows, int threads, StopRequest* stop = nullptr) { rows.append(logs_, threads, stop); }

  /// Copy the present state of every run: positions and velocities (runs, n). Throws Stopped.
  void write_state(Vec* positions, Vec* velocities, StopRequest* stop = nullptr) const;

  /// Copy what the disks carry besides, (runs, n, inner of the rule). Throws Stopped.
  void write_inner(double* inner, StopRequest* stop = nullptr) const;

  /// Copy what those doubles leave out, (runs, n, 2, 4) each; runs that carry doubles write nothing. Throws Stopped.
  void write_rests(double* positions, double* velocities, StopRequest* stop = nullptr) const;

  /// Of each run, the collisions that were carried out too late (see `Run::overtaken`).
  std::vector<std::int64_t> overtaken() const;

 private:
  std::int64_t n_;
  std::int64_t first_run_;
  AnyRule rule_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<std::vector<CollisionLog>>
      logs_;  // (runs,) a piece a call of `advance`: a long log is never copied whole
};

}  // namespace hthm
