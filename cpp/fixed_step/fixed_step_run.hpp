// One run by the fixed step, whichever finder looks for pairs and whatever rule says what happens at contact.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/paced_array.hpp"
#include "core/run.hpp"
#include "core/stoppable_for.hpp"
#include "fixed_step/drift.hpp"
#include "fixed_step/legal_start.hpp"
#include "fixed_step/pair_finders/pair_list.hpp"
#include "fixed_step/pair_finders/sort_pairs.hpp"
#include "rules/rule.hpp"

namespace hthm {

template <class Finder, CollisionRule Rule>
class FixedStepRun final : public Run {
 public:
  /// `n` fits 32 bits; `carried` (n, inner of the rule) or null: 0.
  FixedStepRun(const Rule& rule, const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n,
               Simd level, Pace& pace, const double* carried = nullptr)
      : rule_{rule},
        setup_{setup},
        level_{level},
        positions_(copied(positions, n, pace)),
        velocities_(copied(velocities, n, pace)),
        inner_(defaults<Inner<double, Rule::inner>>(Rule::inner > 0 ? n : 1, pace)),
        finder_{{setup.box, rule.reach(setup.diameter), setup.dt}, n, level, pace} {
    in_pieces(0, n, pace, [&](std::int64_t first, std::int64_t last) {
      require_inside(positions_.data() + first, last - first, setup_.box);
      require_finite(velocities_.data() + first, last - first);
      if constexpr (Rule::inner > 0) {
        for (std::int64_t i = first; i < last; ++i) set_inner(inner_[static_cast<std::size_t>(i)], carried, i);
      }
    });
  }

  void advance(std::int64_t frames, const FrameSink& sink) override {
    const auto n = static_cast<std::int64_t>(positions_.size());
    Pace pace{sink.stop, sink.threads};
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      share_out_pieces(n, pace, [this](std::int64_t first, std::int64_t last) {
        drift(&positions_[static_cast<std::size_t>(first)].x, &velocities_[static_cast<std::size_t>(first)].x,
              2 * (last - first), setup_.dt, setup_.box, level_);
      });
      pairs_.clear();
      finder_.find({positions_.data(), velocities_.data(), n}, pairs_, pace);
      sort_pairs(pairs_, n, pace);
      sink.collisions[frame] = collide_all(sink.log, pace);
      if (sink.velocities) record(velocities_, sink.velocities + frame * n, pace);
      if (sink.positions) record(positions_, sink.positions + frame * n, pace);
      if constexpr (Rule::inner > 0) {
        if (sink.inner) write_inner(sink.inner + frame * n * Rule::inner, pace);
      }
    }
  }

  bool shares_out() const override {
    if constexpr (requires { Finder::fewest_to_share; }) {
      return static_cast<std::int64_t>(positions_.size()) >= Finder::fewest_to_share;
    }
    return false;
  }

  void write_state(Vec* positions, Vec* velocities, Pace& pace) const override {
    copy(positions_.data(), static_cast<std::int64_t>(positions_.size()), positions, pace);
    copy(velocities_.data(), static_cast<std::int64_t>(velocities_.size()), velocities, pace);
  }

  void write_inner(double* to, Pace& pace) const override {
    if constexpr (Rule::inner > 0) {
      in_pieces(0, static_cast<std::int64_t>(inner_.size()), pace, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) {
          const auto& values = inner_[static_cast<std::size_t>(i)].values;
          to = std::copy(values.begin(), values.end(), to);
        }
      });
    }
  }

 private:
  static void record(const LargeArray<Vec>& from, Vec* to, Pace& pace) {
    share_out_pieces(static_cast<std::int64_t>(from.size()), pace, [&](std::int64_t first, std::int64_t last) {
      std::copy(from.data() + first, from.data() + last, to + first);
    });
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
      const auto& rule = between(rule_, pair.i(), pair.j());
      if (!rule.touch(setup_.diameter, d, v)) continue;
      const Body<Rule, double> a{velocities_[i], inner(i)}, b{velocities_[j], inner(j)};
      if (!rule.collide(d, norm2(d), a, b)) continue;
      ++collisions;
      if (!log) continue;
      log->add(pair.i(), pair.j(), velocities_[i], velocities_[j]);
      if constexpr (Rule::inner > 0) log->add_inner(a.inner.values, b.inner.values);
    }
    return collisions;
  }

  Inner<double, Rule::inner>& inner(std::size_t i) { return inner_[Rule::inner > 0 ? i : 0]; }

  Rule rule_;
  Setup setup_;
  Simd level_;
  LargeArray<Vec> positions_, velocities_;        // (n,)
  LargeArray<Inner<double, Rule::inner>> inner_;  // (n,), or one for all that carry nothing
  Finder finder_;
  PairList pairs_;  // those within reach in the current step
};

}  // namespace hthm
