#include "ensemble.hpp"

#include "fixed_step.hpp"
#include "parallel.hpp"

namespace hthm {

std::vector<std::string_view> engine_names() { return fixed_step_engines(); }

Ensemble::Ensemble(std::string_view engine, const Setup& setup, const Start& start, int threads)
    : n_{start.n}, runs_(static_cast<std::size_t>(start.runs)) {
  parallel_for(start.runs, threads, [&](std::int64_t k) {
    const std::int64_t offset = k * start.n;
    runs_[static_cast<std::size_t>(k)] =
        make_fixed_step_run(engine, setup, start.positions + offset, start.velocities + offset, start.n);
  });
}

void Ensemble::advance(const Record& record, int threads) {
  parallel_for(runs(), threads, [&](std::int64_t k) {
    const std::int64_t frame = k * record.frames + record.first;
    FrameSink sink;
    sink.collisions = record.collisions + frame;
    if (record.velocities) sink.velocities = record.velocities + frame * n_;
    if (record.positions) sink.positions = record.positions + frame * n_;
    runs_[static_cast<std::size_t>(k)]->advance(record.count, sink);
  });
}

void Ensemble::write_state(Vec* positions, Vec* velocities) const {
  for (std::int64_t k = 0; k < runs(); ++k) {
    runs_[static_cast<std::size_t>(k)]->write_state(positions + k * n_, velocities + k * n_);
  }
}

}  // namespace hthm
