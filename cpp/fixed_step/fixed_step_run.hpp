// One run by the fixed step, whichever finder looks for pairs and whatever rule says what happens at contact.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/large_array.hpp"
#include "core/narrow.hpp"
#include "core/run.hpp"
#include "fixed_step/drift.hpp"
#include "fixed_step/legal_start.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"
#include "fixed_step/pair_finders/sort_pairs.hpp"
#include "rules/rule.hpp"

namespace hthm {

/// A copy whose pages are not all touched at once: of very many disks that takes a while.
inline void copy_start(const Vec* from, std::int64_t n, Pace& pace, LargeArray<Vec>& to) {
  to.reserve(static_cast<std::size_t>(n));
  in_pieces(0, n, pace, [&](std::int64_t first, std::int64_t last) { to.insert(to.end(), from + first, from + last); });
}

template <class Finder, CollisionRule Rule>
class FixedStepRun final : public Run {
 public:
  FixedStepRun(const Rule& rule, const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n,
               Simd level, StopRequest* stop = nullptr)
      : rule_{rule},
        setup_{setup},
        level_{level},
        finder_{{setup.box, rule.reach(setup.diameter), setup.dt}, narrow<std::int32_t>(n, "n"), level} {
    Pace pace{stop};
    copy_start(positions, n, pace, positions_);
    copy_start(velocities, n, pace, velocities_);
    inner_.resize(Rule::inner > 0 ? static_cast<std::size_t>(n) : 1);
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
      if constexpr (Rule::inner > 0) {
        if (sink.inner) write_inner(sink.inner + frame * n * Rule::inner);
      }
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
    Steps steps{pace};
    for (const Pair& pair : pairs_) {
      steps.did(1);
      const auto i = static_cast<std::size_t>(pair.i()), j = static_cast<std::size_t>(pair.j());
      const Vec d = separation(positions_[i], positions_[j], setup_.box, half_box);
      const Vec v{velocities_[i].x - velocities_[j].x, velocities_[i].y - velocities_[j].y};
      if (!rule_.touch(setup_.diameter, d, v)) continue;
      const Body<Rule, double> a{velocities_[i], inner(i)}, b{velocities_[j], inner(j)};
      if (!rule_.collide(d, norm2(d), a, b)) continue;
      ++collisions;
      if (!log) continue;
      log->add(pair.i(), pair.j(), velocities_[i], velocities_[j]);
      if constexpr (Rule::inner > 0) log->add_inner(a.inner.values, b.inner.values);
    }
    return collisions;
  }

  Inner<double, Rule::inner>& inner(std::size_t i) { return inner_[Rule::inner > 0 ? i : 0]; }

  void write_inner(double* to) const {
    for (const auto& inner : inner_) to = std::copy(inner.values.begin(), inner.values.end(), to);
  }

  Rule rule_;
  Setup setup_;
  Simd level_;
  LargeArray<Vec> positions_, velocities_;        // (n,)
  LargeArray<Inner<double, Rule::inner>> inner_;  // (n,), or one for all that carry nothing
  Finder finder_;
  PairList pairs_;  // those within reach in the current step
};

}  // namespace hthm
