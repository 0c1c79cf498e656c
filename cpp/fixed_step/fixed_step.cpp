#include "fixed_step/fixed_step.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "core/large_array.hpp"
#include "core/narrow.hpp"
#include "fixed_step/drift.hpp"
#include "fixed_step/legal_start.hpp"
#include "fixed_step/pair_finders/all_pairs.hpp"
#include "fixed_step/pair_finders/cell_list.hpp"
#include "fixed_step/pair_finders/neighbor_list.hpp"
#include "fixed_step/pair_finders/sort_pairs.hpp"
#include "fixed_step/pair_finders/sorted_cells.hpp"
#include "fixed_step/pair_finders/sweep_and_prune.hpp"
#include "rules/collision.hpp"

namespace hthm {
namespace {

/// A copy whose pages are not all touched at once: of very many disks that takes a while.
void copy_start(const Vec* from, std::int64_t n, Pace& pace, LargeArray<Vec>& to) {
  to.reserve(static_cast<std::size_t>(n));
  in_pieces(0, n, pace, [&](std::int64_t first, std::int64_t last) { to.insert(to.end(), from + first, from + last); });
}

template <class Finder>
class FixedStepRun final : public Run {
 public:
  FixedStepRun(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n, Simd level,
               StopRequest* stop)
      : setup_{setup}, level_{level}, finder_{setup, narrow<std::int32_t>(n, "n"), level} {
    Pace pace{stop};
    copy_start(positions, n, pace, positions_);
    copy_start(velocities, n, pace, velocities_);
    in_pieces(0, n, pace, [this](std::int64_t first, std::int64_t last) {
      require_inside(positions_.data() + first, last - first, setup_.box);
      require_finite(velocities_.data() + first, last - first);
    });
  }

  void advance(std::int64_t frames, const FrameSink& sink) override {
    const auto n = static_cast<std::int64_t>(positions_.size());
    Pace pace{sink.stop};
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      in_pieces(0, n, pace, [this](std::int64_t first, std::int64_t last) {
        drift(&positions_[static_cast<std::size_t>(first)].x, &velocities_[static_cast<std::size_t>(first)].x,
              2 * (last - first), setup_.dt, setup_.box, level_);
      });
      pairs_.clear();
      finder_.find({positions_.data(), velocities_.data(), n}, pairs_, pace);
      sort_pairs(pairs_, n, pace);
      sink.collisions[frame] = collide_all(sink.log, pace);
      if (sink.velocities) record(velocities_, pace, sink.velocities + frame * n);
      if (sink.positions) record(positions_, pace, sink.positions + frame * n);
    }
  }

  void write_state(Vec* positions, Vec* velocities) const override {
    std::copy(positions_.begin(), positions_.end(), positions);
    std::copy(velocities_.begin(), velocities_.end(), velocities);
  }

 private:
  static void record(const LargeArray<Vec>& from, Pace& pace, Vec* to) {
    in_pieces(0, static_cast<std::int64_t>(from.size()), pace,
              [&](std::int64_t first, std::int64_t last) { std::copy(&from[0] + first, &from[0] + last, to + first); });
  }

  std::int64_t collide_all(CollisionLog* log, Pace& pace) {
    const double half_box = setup_.box / 2;
    std::int64_t collisions = 0;
    for (const Pair& pair : pairs_) {
      pace.did(1);
      const auto i = static_cast<std::size_t>(pair.i()), j = static_cast<std::size_t>(pair.j());
      const Vec d = separation(positions_[i], positions_[j], setup_.box, half_box);
      if (!collide(d, norm2(d), velocities_[i], velocities_[j])) continue;
      ++collisions;
      if (log) log->add(pair.i(), pair.j(), velocities_[i], velocities_[j]);
    }
    return collisions;
  }

  Setup setup_;
  Simd level_;
  LargeArray<Vec> positions_, velocities_;  // (n,)
  Finder finder_;
  PairList pairs_;  // overlapping pairs of the current step
};

template <class Finder>
std::unique_ptr<Run> make(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n, Simd level,
                          StopRequest* stop) {
  return std::make_unique<FixedStepRun<Finder>>(setup, positions, velocities, n, level, stop);
}

struct Engine {
  std::string_view name;
  std::unique_ptr<Run> (*make)(const Setup&, const Vec*, const Vec*, std::int64_t, Simd, StopRequest*);
};

constexpr Engine engines[] = {
    {"all_pairs", &make<AllPairs>},
    {"cell_list", &make<CellList>},
    {"sorted_cells", &make<SortedCells>},
    {"neighbor_list", &make<NeighborList>},
    {"sweep_and_prune", &make<SweepAndPrune>},
};

}  // namespace

const std::vector<std::string_view>& fixed_step_engines() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Engine& engine : engines) all.push_back(engine.name);
    return all;
  }();
  return names;
}

std::unique_ptr<Run> make_fixed_step_run(std::string_view name, const Setup& setup, const Vec* positions,
                                         const Vec* velocities, std::int64_t n, Simd level, StopRequest* stop) {
  for (const Engine& engine : engines) {
    if (engine.name == name) return engine.make(setup, positions, velocities, n, level, stop);
  }
  throw std::invalid_argument("engine: unknown name " + std::string{name});
}

}  // namespace hthm
