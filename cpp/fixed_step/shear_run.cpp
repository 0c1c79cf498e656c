#include "fixed_step/shear_run.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/narrow.hpp"
#include "core/stoppable_for.hpp"
#include "fixed_step/drift.hpp"
#include "fixed_step/legal_start.hpp"
#include "fixed_step/pair_finders/sort_pairs.hpp"
#include "fixed_step/shear_loops.hpp"
#include "fixed_step/shear_pairs.hpp"

namespace hthm {
namespace {

template <CollisionRule Rule>
class ShearRun {
 public:
  ShearRun(const Rule& rule, const Setup& setup, double rate, const Vec* positions, const Vec* velocities,
           double offset, std::int64_t n, Simd level)
      : rule_{rule},
        setup_{setup},
        flow_{rate, setup.box, offset},
        disks_{positions, velocities, n},
        loops_{shear_loops(level)},
        pairs_{setup.box, rule.reach(setup.diameter), setup.dt, n},
        fastest_{std::sqrt(disks_.largest_square())} {}

  /// `energy`: of every step's end; below zero where it is left to itself.
  void advance(std::int64_t steps, double energy, Momentum& momentum, Pace& pace) {
    const double strain = flow_.rate * setup_.dt;
    for (std::int64_t step = 0; step < steps; ++step) {
      flow_.slide(strain);
      loops_.drift(disks_, flow_, setup_.dt);
      pairs_.find(flow_, disks_, fastest_, touching_, pace);
      fastest_ *= 1 + std::abs(strain);  // the drift may have turned a velocity by so much of it
      sort_pairs(touching_, disks_.n, pace);
      collide_all(momentum, pace);
      Squares squares = loops_.squares(disks_);
      if (energy >= 0) scale(squares, energy);
      for (std::size_t k = 0; k < 3; ++k) momentum.carried[k] += squares[k];
      pace.did(disks_.n);
    }
  }

  void write(Vec* positions, Vec* velocities, double& offset) const {
    disks_.write(positions, velocities);
    offset = flow_.offset;
  }

 private:
  /// In the frame of disk j, in which i is carried along by the flow between them.
  void collide_all(Momentum& momentum, Pace& pace) {
    Steps steps{pace};
    for (const Pair& pair : touching_) {
      steps.did(1);
      const auto i = static_cast<std::size_t>(pair.i()), j = static_cast<std::size_t>(pair.j());
      const Vec d = flow_.separation({disks_.x[i], disks_.y[i]}, {disks_.x[j], disks_.y[j]});
      const double carried = flow_.rate * d.y;
      Vec v_i{disks_.vx[i] + carried, disks_.vy[i]}, v_j{disks_.vx[j], disks_.vy[j]};
      if (!rule_.touch(setup_.diameter, d, {v_i.x - v_j.x, v_i.y - v_j.y})) continue;
      Inner<double, Rule::inner> nothing;
      const Body<Rule, double> a{v_i, nothing}, b{v_j, nothing};
      if (!rule_.collide(d, norm2(d), a, b)) continue;
      const Vec given{disks_.vx[j] - v_j.x, disks_.vy[j] - v_j.y};
      momentum.transferred[0] += given.x * d.x;
      momentum.transferred[1] += given.x * d.y;
      momentum.transferred[2] += given.y * d.x;
      momentum.transferred[3] += given.y * d.y;
      ++momentum.collisions;
      disks_.vx[i] = v_i.x - carried;
      disks_.vy[i] = v_i.y;
      disks_.vx[j] = v_j.x;
      disks_.vy[j] = v_j.y;
      for (const std::size_t k : {i, j}) fastest_ = std::max(fastest_, std::hypot(disks_.vx[k], disks_.vy[k]));
    }
  }

  void scale(Squares& squares, double energy) {
    const double now = squares[0] + squares[2];
    if (!(now > 0)) return;
    const double factor = std::sqrt(energy / now), square = factor * factor;
    loops_.scale(disks_, factor);
    for (double& sum : squares) sum *= square;
    fastest_ *= factor;
  }

  Rule rule_;
  Setup setup_;
  ShearFlow flow_;
  ShearedDisks disks_;
  ShearLoops loops_;
  ShearPairs pairs_;
  double fastest_;     // no disk is faster
  PairList touching_;  // in this step
};

template <CollisionRule Rule>
void shear_by(const Rule& rule, const Sheared& sheared, const Setup& setup, double rate, std::int64_t steps,
              Momentum* momenta, int threads, StopRequest* stop, Simd level) {
  const std::int64_t n = narrow<std::int32_t>(sheared.n, "n");
  stoppable_for(sheared.runs, threads, stop, [&](std::int64_t k) {
    Vec *positions = sheared.positions + k * n, *velocities = sheared.velocities + k * n;
    require_inside(positions, n, setup.box);
    require_finite(velocities, n);
    Pace pace{stop};
    ShearRun<Rule> run{rule, setup, rate, positions, velocities, sheared.offsets[k], n, level};
    run.advance(steps, sheared.energies ? sheared.energies[k] : -1, momenta[k], pace);
    run.write(positions, velocities, sheared.offsets[k]);
  });
}

}  // namespace

void shear(const Sheared& sheared, const Setup& setup, const AnyRule& rule, double rate, std::int64_t steps,
           Momentum* momenta, int threads, StopRequest* stop, Simd level) {
  const auto of_rule = [&]<class Rule>(const Rule& one) {
    if constexpr (OfKinds<Rule>) {
      throw std::invalid_argument("rule: must be of disks of one kind. The thermostat counts all masses as one.");
    } else if constexpr (Rule::inner > 0) {
      throw std::invalid_argument("rule: must change velocities only. Spins take up momentum that a flow would give.");
    } else {
      shear_by(one, sheared, setup, rate, steps, momenta, threads, stop, level);
    }
  };
  std::visit(of_rule, rule);
}

}  // namespace hthm
