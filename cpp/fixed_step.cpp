#include "fixed_step.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "collision.hpp"
#include "pair_finders/all_pairs.hpp"
#include "pair_finders/cell_list.hpp"

namespace hthm {
namespace {

/// Step 1 of the rule for one component: move by v * dt and wrap into [0, box), never to -0.0.
/// The two subtractions and the addition give the bits of fmod wherever they are used.
inline double drifted(double x, double v, double dt, double box) {
  const double y = x + v * dt;
  if (y >= 0 && y < box) return y + 0.0;
  if (y >= box && y < 2 * box) return y - box;
  double m = y < 0 && y > -box ? y : std::fmod(y, box);
  if (m < 0) m = m + box;
  if (m >= box) m = 0;
  return m + 0.0;
}

template <class Finder>
class FixedStepRun final : public Run {
 public:
  FixedStepRun(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n)
      : setup_{setup},
        positions_(positions, positions + n),
        velocities_(velocities, velocities + n),
        finder_{setup, n} {}

  void advance(std::int64_t frames, const FrameSink& sink) override {
    const auto n = static_cast<std::int64_t>(positions_.size());
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      drift();
      pairs_.clear();
      finder_.find({positions_.data(), velocities_.data(), n}, pairs_);
      std::sort(pairs_.begin(), pairs_.end());
      sink.collisions[frame] = collide_all(sink.log);
      if (sink.velocities) std::copy(velocities_.begin(), velocities_.end(), sink.velocities + frame * n);
      if (sink.positions) std::copy(positions_.begin(), positions_.end(), sink.positions + frame * n);
    }
  }

  void write_state(Vec* positions, Vec* velocities) const override {
    std::copy(positions_.begin(), positions_.end(), positions);
    std::copy(velocities_.begin(), velocities_.end(), velocities);
  }

 private:
  void drift() {
    for (std::size_t i = 0; i < positions_.size(); ++i) {
      positions_[i].x = drifted(positions_[i].x, velocities_[i].x, setup_.dt, setup_.box);
      positions_[i].y = drifted(positions_[i].y, velocities_[i].y, setup_.dt, setup_.box);
    }
  }

  std::int64_t collide_all(CollisionLog* log) {
    const double half_box = setup_.box / 2;
    std::int64_t collisions = 0;
    for (const Pair& pair : pairs_) {
      const auto i = static_cast<std::size_t>(pair.i()), j = static_cast<std::size_t>(pair.j());
      const Vec d = separation(positions_[i], positions_[j], setup_.box, half_box);
      if (!collide(d, norm2(d), velocities_[i], velocities_[j])) continue;
      ++collisions;
      if (log) log->add(pair.i(), pair.j(), velocities_[i], velocities_[j]);
    }
    return collisions;
  }

  Setup setup_;
  std::vector<Vec> positions_, velocities_;  // (n,)
  Finder finder_;
  PairList pairs_;  // overlapping pairs of the current step
};

template <class Finder>
std::unique_ptr<Run> make(const Setup& setup, const Vec* positions, const Vec* velocities, std::int64_t n) {
  return std::make_unique<FixedStepRun<Finder>>(setup, positions, velocities, n);
}

struct Engine {
  std::string_view name;
  std::unique_ptr<Run> (*make)(const Setup&, const Vec*, const Vec*, std::int64_t);
};

constexpr Engine engines[] = {
    {"all_pairs", &make<AllPairs>},
    {"cell_list", &make<CellList>},
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
                                         const Vec* velocities, std::int64_t n) {
  for (const Engine& engine : engines) {
    if (engine.name == name) return engine.make(setup, positions, velocities, n);
  }
  throw std::invalid_argument("engine: unknown name " + std::string{name});
}

}  // namespace hthm
