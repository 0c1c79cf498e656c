// A mixture: a rule between disks of several kinds, of other diameters and masses.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rules/collision.hpp"
#include "rules/kinds.hpp"
#include "rules/rule.hpp"

namespace hthm {

template <class Rule>
class Mixed;

/// The rule between a disk i of one kind and a disk j of another or the same. The diameter that it is asked with is
/// that of the gas; it has its own.
template <class Rule>
struct Between {
  Rule rule;         // of disks of the radius of i, where it has one
  double contact;    // half the sum of the diameters
  Unlike unlike;     // what becomes of a collision
  double heaviness;  // root of the mass of i in units of the least

  double reach(double) const { return rule.reach(contact); }
  double nearest(double) const { return rule.nearest(contact); }

  /// The largest disks reach as far as the search, others less far.
  bool touch(double, const Vec2<double>& d, const Vec2<double>& v) const {
    const double far = rule.reach(contact);
    return norm2(d) < far * far && rule.touch(contact, d, v);
  }

  template <class Real>
  Real contact2(const Real&, const Vec2<Real>& d, const Vec2<Real>& v) const {
    return rule.contact2(Real(contact), d, v);
  }

  double sine(double, double impact) const { return rule.sine(contact, impact); }

  template <class Real>
  bool collide(const Vec2<Real>& d, const Real& d2, Body<Mixed<Rule>, Real> i, Body<Mixed<Rule>, Real> j) const {
    return rule.collide(d, d2, Body<Rule, Real>{i.velocity, i.inner}, Body<Rule, Real>{j.velocity, j.inner}, unlike);
  }

  /// Of disk i: as fast as the lightest disk would be with its energy.
  Vec2<double> bound(const Vec2<double>& velocity, const Inner<double, Rule::inner>& inner) const {
    Vec2<double> all = velocity;
    if constexpr (Rule::inner > 0) all = rule.bound(velocity, inner);
    return {heaviness * all.x, heaviness * all.y};
  }
};

/// The diameter of the gas is that of its largest disks: what searches and cells go by.
template <class Rule>
class Mixed {
 public:
  static constexpr int inner = Rule::inner;

  /// rule_of(diameter) is the rule between disks of this diameter, all of them of one set of other numbers.
  template <class RuleOf>
  Mixed(const Kinds& kinds, const RuleOf& rule_of) : kinds_{kinds} {
    const double least = kinds.least_mass();
    for (std::size_t a = 0; a < kinds.size(); ++a) {
      const double wide = kinds[a].diameter / kinds.largest_diameter();
      typical_ += static_cast<double>(kinds[a].n) / static_cast<double>(kinds.disks()) * wide * wide;
    }
    typical_ = std::sqrt(typical_) * kinds.largest_diameter();
    for (std::size_t a = 0; a < kinds.size(); ++a) {
      for (std::size_t b = 0; b < kinds.size(); ++b) {
        const Kind &i = kinds[a], &j = kinds[b];
        between_.push_back({rule_of(i.diameter), kinds.contact(a, b),
                            Unlike::of(i.mass, j.mass, i.diameter, j.diameter), std::sqrt(i.mass / least)});
      }
    }
  }

  Mixed scaled(int power) const {
    Mixed other = *this;
    other.typical_ = std::ldexp(typical_, power);
    for (Between<Rule>& one : other.between_) {
      one.rule = one.rule.scaled(power);
      one.contact = std::ldexp(one.contact, power);
    }
    return other;
  }

  /// Of the largest disks, whose diameter is given.
  double reach(double diameter) const { return between_.front().rule.reach(diameter); }
  double nearest(double diameter) const { return between_.front().rule.nearest(diameter); }

  bool turns() const
    requires(inner > 0)
  {
    return between_.front().rule.turns();
  }

  double typical_diameter() const { return typical_; }

  /// Between disk i and disk j, in this order; of i and i: what is of disk i alone.
  const Between<Rule>& between(std::int64_t i, std::int64_t j) const {
    return between_[kinds_.of(i) * kinds_.size() + kinds_.of(j)];
  }

 private:
  double typical_ = 0;
  Kinds kinds_;                         // their diameters in the unit of the user
  std::vector<Between<Rule>> between_;  // (kinds, kinds)
};

}  // namespace hthm
