// What a rule of collision is: how near two disks touch, and what happens then. Engines are templates over it.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>

#include "core/vec2.hpp"

namespace hthm {

/// What a disk carries beside its position and velocity, such as a spin: so many numbers, of which none take no room.
template <class Real, int count>
struct Inner {
  std::array<Real, count> values{};
};

template <class Real>
struct Inner<Real, 0> {};

/// A disk at contact, to be changed by it.
template <class Rule, class Real>
struct Body {
  Vec2<Real>& velocity;
  Inner<Real, Rule::inner>& inner;
};

/// What the disks of a run carry at its start, (n, inner of the rule); null: 0.
template <int count>
void set_inner(Inner<double, count>& to, const double* from, std::int64_t disk) {
  if constexpr (count > 0) {
    if (from) std::copy_n(from + disk * count, count, to.values.begin());
  }
}

// A rule is a class with
//   static constexpr int inner;
//     How many numbers a disk carries beside position and velocity, each for a unit of time, as spins are.
//   Rule scaled(int power) const;
//     The same with lengths multiplied by 2^power.
//   double reach(double diameter) const;
//     The largest distance at which two disks touch: what searches look for.
//   double nearest(double diameter) const;
//     The smallest distance to which two disks come. The exact engine refuses a start where two are nearer.
//   bool touch(diameter, d, v) const;
//     Whether two disks within reach, d = x_i - x_j apart, touch where they move at v = v_i - v_j. The fixed step asks.
//   Real contact2(diameter, d, v) const;
//     The square of the distance at which they will touch. The exact engine asks; v is constant until then, and so is
//     whatever the answer may depend on, such as the side on which they pass. A pair within it that approaches, as a
//     third disk may have made it do, touches at once.
//   double sine(double diameter, double impact) const;
//     Of the angle between d and -v at contact, for an impact that is uniform in (-1, 1): 2 diameters of impact
//     parameters lead to a collision, whatever the rule. The engine of the Boltzmann equation asks.
//   bool collide(d, d2, Body i, Body j) const;
//     Change both. False, and nothing is changed, where they do not collide after all: eq. (8) of arXiv:2508.14003.
// One whose disks carry something has besides
//   bool turns() const;
//     Whether collisions ever change that.
//   Vec2<double> bound(velocity, Inner inner) const;
//     A vector, as long as the velocity would be if the disk had all of its energy in it. The exact engine asks: no
//     disk is ever faster than all of them together.
// What has a length is in the unit of the diameter that comes with it.
// A rule of a mixture has instead, of two disks,
//   const Other& between(std::int64_t i, std::int64_t j) const;
//     The rule between them, which has all of the above but `scaled` and `turns`, with a `bound` of disk i; reach and
//     nearest of the mixture are those of its largest disks.
//   double typical_diameter() const;
//     That of equal disks that would cover as much.

/// Whether what happens at contact depends on which disks meet.
template <class Rule>
concept OfKinds = requires(const Rule& rule) { rule.between(std::int64_t{0}, std::int64_t{0}); };

/// The rule between two disks, which most often is that of all.
template <class Rule>
const auto& between(const Rule& rule, [[maybe_unused]] std::int64_t i, [[maybe_unused]] std::int64_t j) {
  if constexpr (OfKinds<Rule>) {
    return rule.between(i, j);
  } else {
    return rule;
  }
}

/// As large as disks are on the whole, where the largest of them have this diameter.
template <class Rule>
double typical_diameter(const Rule& rule, double diameter) {
  if constexpr (OfKinds<Rule>) {
    return rule.typical_diameter();
  } else {
    return diameter;
  }
}

/// Whether a disk may have more energy, or less, than its velocity tells of one of mass 1.
template <class Rule>
inline constexpr bool has_bounds = Rule::inner > 0 || OfKinds<Rule>;

template <class Rule>
concept CollisionRule =
    requires(const Rule& rule, double diameter, const Vec2<double>& d, Body<Rule, double> body) {
      { Rule::inner } -> std::convertible_to<int>;
      { rule.scaled(1) } -> std::same_as<Rule>;
      { rule.reach(diameter) } -> std::convertible_to<double>;
      { rule.nearest(diameter) } -> std::convertible_to<double>;
      { between(rule, 0, 0).touch(diameter, d, d) } -> std::same_as<bool>;
      { between(rule, 0, 0).contact2(diameter, d, d) } -> std::convertible_to<double>;
      { between(rule, 0, 0).sine(diameter, diameter) } -> std::same_as<double>;
      { between(rule, 0, 0).collide(d, diameter, body, body) } -> std::same_as<bool>;
    } &&
    (Rule::inner == 0 ||
     requires(const Rule& rule) {
       { rule.turns() } -> std::same_as<bool>;
     }) &&
    (!has_bounds<Rule> || requires(const Rule& rule, const Vec2<double>& v, const Inner<double, Rule::inner>& inner) {
      { between(rule, 0, 0).bound(v, inner) } -> std::same_as<Vec2<double>>;
    });

}  // namespace hthm
