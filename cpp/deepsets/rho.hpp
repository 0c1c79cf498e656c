// rho, the network of a frame, for pairs of frames: how h changes, and what the gradient needs of that.
#pragma once

#include <cstdint>
#include <vector>

#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"

namespace hthm::deepsets {

/// h = w4 . max(z, 0) + b4 with z = W3 S + b3. Between two consecutive frames hardly ever a unit switches, and where
/// none does, Delta h depends on the change of S alone.
class Rho {
 public:
  void build(const Network<const float>& network, const Kernel& kernel);

  /// w3 (P) of a unit.
  const double* row(std::size_t unit) const { return &rows_[unit * last_.size()]; }
  /// z of a unit for a sum S.
  double z_of_unit(std::size_t unit, const double* sums) const;
  /// Bound on how far z is off where every component of S is off by at most 1.
  double amplification() const { return amplification_; }
  /// w4 of a unit.
  double last(std::size_t unit) const { return last_[unit]; }

  /// slopes (P): how h depends on S where these units are active.
  void slopes(const Mask& mask, double* out) const;
  /// The number of a pattern of active units; equal patterns have equal numbers.
  std::int32_t pattern(const Mask& mask);
  /// The slopes of each pattern, (patterns, P).
  Matrix<double> slopes() const { return {slopes_.data(), patterns(), padded_}; }

  std::int64_t patterns() const { return static_cast<std::int64_t>(patterns_.size()); }
  /// (patterns, P), for the gradient: the sum of weight * phi over what acts through each pattern, to be added to.
  double* sums() { return sums_.data(); }
  /// Likewise the sum of the weights of frames.
  void add_constant(std::int32_t pattern, double weight) { constant_[static_cast<std::size_t>(pattern)] += weight; }
  /// gradient.w3, b3, w4 and b4 of all that was added.
  void gradient(const Network<float>& gradient) const;

 private:
  const Kernel* kernel_ = nullptr;
  int width_ = 0, padded_ = 0;
  double amplification_ = 0;
  std::vector<double> rows_;     // (D, P): w3
  std::vector<double> columns_;  // (D, P): w3 transposed
  std::vector<double> bias_;     // (P)
  std::vector<double> last_;     // (P): w4
  std::vector<Mask> patterns_;
  std::vector<double> slopes_;    // (patterns, P)
  std::vector<double> sums_;      // (patterns, P): of weight * S
  std::vector<double> constant_;  // (patterns)
};

}  // namespace hthm::deepsets
