#include "runs/ensemble.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string>

#include "core/narrow.hpp"
#include "core/stoppable_for.hpp"
#include "dsmc/dsmc_run.hpp"
#include "event_driven/event_run.hpp"
#include "fixed_step/fixed_step.hpp"

namespace hthm {
namespace {

constexpr std::string_view event_engine = "event", dsmc_engine = "dsmc";
constexpr std::int64_t long_rests = 2 * 4;  // doubles a disk

/// What the disks of a run carry at its start; null: nothing, or 0.
const double* inner_at(const Start& start, std::int64_t k) {
  return start.inner ? start.inner + k * start.n * inner_of(start.rule) : nullptr;
}

/// A run of the exact engine; what it refuses is told with the number of the run.
std::unique_ptr<Run> make_exact_run(const Setup& setup, const Start& start, std::int64_t k, StopRequest* stop) {
  const std::int64_t n = start.n, run = start.first_run + k;
  Rests rests;
  if (start.rests.positions) rests.positions = start.rests.positions + k * n * long_rests;
  if (start.rests.velocities) rests.velocities = start.rests.velocities + k * n * long_rests;
  try {
    return make_event_run(setup, start.positions + k * n, start.velocities + k * n, n, simd_level(), stop, start.rule,
                          start.precision, rests, inner_at(start, k));
  } catch (const OverlappingStart& overlap) {
    std::ostringstream text;
    text << "state: disks " << overlap.i << " and " << overlap.j << " of run " << run << " overlap, "
         << overlap.distance << " apart with diameter " << setup.diameter;
    if (const double least = nearest(start.rule, setup.diameter, overlap.i, overlap.j); of_kinds(start.rule)) {
      text << " of the largest, and by their kinds and rule come no nearer than " << least;
    } else if (least != setup.diameter) {
      text << ", and by their rule come no nearer than " << least;
    }
    text << ". The exact engine needs a start without overlaps: sample(overlaps='reject') or lattice_state().";
    throw std::invalid_argument(text.str());
  }
}

/// A run of the Boltzmann equation, with random numbers of its own.
std::unique_ptr<Run> make_random_run(const Setup& setup, const Vec* positions, const Vec* velocities,
                                     const Start& start, std::int64_t k, StopRequest* stop) {
  if (!start.random) throw std::invalid_argument("random: must be given for dsmc");
  dsmc::Generator::State state;
  std::copy_n(start.random + k * 4, 4, state.begin());
  return make_dsmc_run(setup, positions, velocities, start.n, state, stop, start.rule, inner_at(start, k));
}

std::unique_ptr<Run> make_run(std::string_view engine, const Setup& setup, const Start& start, std::int64_t k,
                              StopRequest* stop) {
  const std::int64_t offset = k * start.n;
  const Vec *positions = start.positions + offset, *velocities = start.velocities + offset;
  if (engine == event_engine) return make_exact_run(setup, start, k, stop);
  if (engine == dsmc_engine) return make_random_run(setup, positions, velocities, start, k, stop);
  return make_fixed_step_run(engine, setup, positions, velocities, start.n, simd_level(), stop, start.rule,
                             inner_at(start, k));
}

}  // namespace

std::vector<std::string_view> engine_names() {
  std::vector<std::string_view> names = fixed_step_engines();
  names.push_back(event_engine);
  names.push_back(dsmc_engine);
  return names;
}

Ensemble::Ensemble(std::string_view engine, const Setup& setup, const Start& start, int threads, StopRequest* stop)
    : n_{narrow<std::int32_t>(start.n, "n")},  // disks are numbered so, by every engine
      first_run_{start.first_run},
      rule_{start.rule},
      runs_(static_cast<std::size_t>(start.runs)),
      logs_(static_cast<std::size_t>(start.runs)) {
  stoppable_for(start.runs, threads, stop,
                [&](std::int64_t k) { runs_[static_cast<std::size_t>(k)] = make_run(engine, setup, start, k, stop); });
}

/// Runs are shared out among threads; where there are fewer, each run in turn has all, if it can share out its work.
void Ensemble::advance(const Record& record, int threads, StopRequest* stop) {
  const bool in_turn = threads > runs() && runs() > 0 && runs_.front()->shares_out();
  const auto advance_run = [&](std::int64_t k) {
    const std::int64_t frame = k * record.frames + record.first;
    FrameSink sink;
    sink.collisions = record.collisions + frame;
    if (record.velocities) sink.velocities = record.velocities + frame * n_;
    if (record.positions) sink.positions = record.positions + frame * n_;
    if (record.inner) sink.inner = record.inner + frame * n_ * inner();
    if (record.log) sink.log = &logs_[static_cast<std::size_t>(k)].emplace_back();
    sink.stop = stop;
    if (in_turn) sink.threads = threads;
    try {
      runs_[static_cast<std::size_t>(k)]->advance(record.count, sink);
    } catch (const Jammed& jammed) {
      const char* advice =
          loses_energy(rule_)
              ? ". Collisions that lose energy may follow one another without end, where disks gather "
                "and come to rest: take an engine of fixed step, a restitution nearer to 1, or less time."
              : ". The exact engine needs room between disks: take a smaller diameter or a larger box.";
      throw Jammed{"state: in run " + std::to_string(first_run_ + k) + ' ' + jammed.what() + advice};
    }
  };
  if (!in_turn) return stoppable_for(runs(), threads, stop, advance_run);
  const DefaultFloatingPoint environment;
  for (std::int64_t k = 0; k < runs(); ++k) advance_run(k);
}

void Ensemble::write_state(Vec* positions, Vec* velocities, StopRequest* stop) const {
  Pace pace{stop};
  for (std::int64_t k = 0; k < runs(); ++k) {
    runs_[static_cast<std::size_t>(k)]->write_state(positions + k * n_, velocities + k * n_, pace);
  }
}

void Ensemble::write_inner(double* inner, StopRequest* stop) const {
  Pace pace{stop};
  for (std::int64_t k = 0; k < runs(); ++k) {
    runs_[static_cast<std::size_t>(k)]->write_inner(inner + k * n_ * this->inner(), pace);
  }
}

void Ensemble::write_rests(double* positions, double* velocities, StopRequest* stop) const {
  Pace pace{stop};
  for (std::int64_t k = 0; k < runs(); ++k) {
    const std::int64_t offset = k * n_ * long_rests;
    runs_[static_cast<std::size_t>(k)]->write_rests(positions + offset, velocities + offset, pace);
  }
}

std::vector<std::int64_t> Ensemble::overtaken() const {
  std::vector<std::int64_t> counts;
  for (const auto& run : runs_) counts.push_back(run->overtaken());
  return counts;
}

}  // namespace hthm
