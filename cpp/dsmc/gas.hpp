// Disks without places: pairs of them collide at random, as the Boltzmann equation of a homogeneous gas has it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "core/large_array.hpp"
#include "core/paced_array.hpp"
#include "core/run.hpp"
#include "dsmc/generator.hpp"
#include "rules/rule.hpp"

namespace hthm::dsmc {

/// Kac's process of hard disks in two dimensions: each pair collides at the rate 2σ|g|/A, g its relative velocity and A
/// the area of the box, with an impact parameter uniform in [-σ, σ], or in what else of that width the rule has. For
/// many disks it is the Boltzmann equation.
///
/// Bird's scheme of a majorant: candidates come at a rate that no pair exceeds, and one is a collision with the
/// probability |g| over the largest that |g| could be, in a mixture times their σ over that of the largest. All times
/// are drawn, none is a step: frames only look on, and how far they are apart changes nothing.
template <CollisionRule Rule>
class Gas {
 public:
  /// Velocities (n,) and what the disks carry besides (n, inner of the rule), or null: 0. They are copied.
  Gas(const Rule& rule, const Setup& setup, const Vec* velocities, std::int64_t n, const Generator::State& state,
      Pace& pace, const double* carried = nullptr)
      : rule_{rule},
        diameter_{setup.diameter},
        random_{state},
        any_{static_cast<std::uint32_t>(n)},
        another_{static_cast<std::uint32_t>(std::max<std::int64_t>(n - 1, 1))},
        candidates_{static_cast<double>(n) * static_cast<double>(n - 1) * setup.diameter / (setup.box * setup.box)},
        velocities_(copied(velocities, n, pace)),
        inner_(defaults<Inner<double, Rule::inner>>(Rule::inner > 0 ? n : 1, pace)) {
    in_pieces(0, n, pace, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        if constexpr (Rule::inner > 0) set_inner(inner_[static_cast<std::size_t>(i)], carried, i);
        mean_.x += velocities[i].x / static_cast<double>(n);
        mean_.y += velocities[i].y / static_cast<double>(n);
      }
    });
    bound_anew(pace);
  }

  std::int64_t size() const { return static_cast<std::int64_t>(velocities_.size()); }
  const Vec& velocity(std::int32_t i) const { return velocities_[static_cast<std::size_t>(i)]; }
  const Inner<double, Rule::inner>& inner(std::int32_t i) const {
    return inner_[Rule::inner > 0 ? static_cast<std::size_t>(i) : 0];
  }

  /// Let all collisions before `end` happen; collided(i, j, time) is told of each. Throws Stopped.
  template <class OnCollision>
  void advance_to(double end, const OnCollision& collided, Pace& pace) {
    if (size() < 2 || fastest2_ == 0) return;
    for (;;) {
      if (!waiting_ && clock_ < end) find_next(end, pace);
      if (clock_ >= end) return;
      waiting_ = false;
      if (collide()) collided(i_, j_, clock_);
      if (++since_bound_ >= size()) bound_anew(pace);
    }
  }

 private:
  /// Beyond what rounding adds to the square of a difference of two velocities.
  static constexpr double margin = 1 + 1e-12;
  /// Times between candidates are -ln of numbers in (0, 1), of which the product is kept for as long as it is a number.
  static constexpr double least_product = 1e-290;
  /// Between two candidates, of disks that are all but points: a number still, and longer than any run.
  static constexpr double longest_wait = 0x1p1000;

  Vec& at(std::int32_t i) { return velocities_[static_cast<std::size_t>(i)]; }
  Body<Rule, double> body(std::int32_t i) { return {at(i), inner_[Rule::inner > 0 ? static_cast<std::size_t>(i) : 0]}; }
  Vec relative() { return {at(i_).x - at(j_).x, at(i_).y - at(j_).y}; }

  /// Go through candidates until one is a collision, whose time may be after `end`, or none is before `end`.
  void find_next(double end, Pace& pace) {
    Generator random = random_;  // in registers
    const double largest2 = largest2_, wait = std::min(1 / (candidates_ * std::sqrt(largest2)), longest_wait);
    double product = 1;
    std::int64_t tried = 0;
    for (;;) {
      ++tried;
      const std::uint64_t pair = random.next(), chances = random.next();
      const std::int32_t i = any_.of(static_cast<std::uint32_t>(pair >> 32), random);
      std::int32_t j = another_.of(static_cast<std::uint32_t>(pair), random);
      j += j >= i;
      product *= unit_of(static_cast<std::uint32_t>(chances));
      const double chance = unit_of(static_cast<std::uint32_t>(chances >> 32));
      const Vec &v_i = velocity(i), &v_j = velocity(j);
      const double g2 = norm2(Vec{v_i.x - v_j.x, v_i.y - v_j.y});
      if (chance * chance * largest2 < g2) {
        if (!(g2 <= largest2)) throw std::logic_error("dsmc: a pair is faster than the bound of all pairs");
        i_ = std::min(i, j);
        j_ = std::max(i, j);
        waiting_ = true;
        break;
      }
      if (product < least_product) [[unlikely]] {
        clock_ -= std::log(product) * wait;
        product = 1;
        if (clock_ >= end) break;
        pace.did(std::exchange(tried, 0));
      }
    }
    clock_ -= std::log(product) * wait;
    random_ = random;
    pace.did(tried);
  }

  /// Collide the pair that was found: by its impact parameter, the line of centres has the sine b with the relative
  /// velocity. False for a graze in which nothing is left to exchange.
  bool collide() {
    const auto& rule = between(rule_, i_, j_);
    if constexpr (OfKinds<Rule>) {
      if (rule.contact < diameter_ && random_.unit() * diameter_ >= rule.contact) return false;
    }
    const Vec g = relative();
    const double b = rule.sine(diameter_, 2 * random_.unit() - 1);
    const double cosine = std::sqrt(1 - b * b);
    const Vec d{-cosine * g.x - b * g.y, b * g.x - cosine * g.y};  // from j to i, against which they approach
    if (!rule.collide(d, norm2(d), body(i_), body(j_))) return false;
    raise_bound(std::max(speed2(at(i_)), speed2(at(j_))));
    return true;
  }

  /// Squared speed about the mean velocity, which collisions of equal masses keep; any other would do as well.
  double speed2(const Vec& v) const { return norm2(Vec{v.x - mean_.x, v.y - mean_.y}); }

  void raise_bound(double speed2_now) {
    if (speed2_now <= fastest2_) return;
    fastest2_ = speed2_now;
    largest2_ = 4 * margin * fastest2_;
  }

  /// The bound by the fastest disk of now: it slows down, too.
  void bound_anew(Pace& pace) {
    double fastest2 = 0;
    in_pieces(0, size(), pace, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i)
        fastest2 = std::max(fastest2, speed2(velocity(static_cast<std::int32_t>(i))));
    });
    fastest2_ = 0;
    largest2_ = 0;
    since_bound_ = 0;
    raise_bound(fastest2);
  }

  Rule rule_;
  double diameter_;
  Generator random_;
  Below any_, another_;         // a disk, and one of the others
  double candidates_;           // per unit time and of the largest relative velocity: N(N - 1)/2 pairs, 2σ/A each
  LargeArray<Vec> velocities_;  // (n,)
  LargeArray<Inner<double, Rule::inner>> inner_;  // (n,), or one for all that carry nothing
  Vec mean_{};                                    // of all of them
  double fastest2_ = 0;                           // no disk is faster about the mean: its square
  double largest2_ = 0;                           // no pair is faster: its square
  std::int64_t since_bound_ = 0;                  // collisions since the bound was found anew
  double clock_ = 0;                              // up to which all candidates are known
  bool waiting_ = false;                          // whether the pair below collides at that time
  std::int32_t i_ = 0, j_ = 0;                    // i < j
};

}  // namespace hthm::dsmc
