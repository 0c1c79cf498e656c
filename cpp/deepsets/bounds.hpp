// Bounds on the z of rho from the sketch of a frame: most often they say which units are active, and no disk that stays
// as it is need be looked at.
#pragma once

#include <cstdint>
#include <vector>

#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"
#include "deepsets/phi.hpp"
#include "deepsets/sketch.hpp"

namespace hthm::deepsets {

/// z_k = sum over the disks of f_k(v) + b3_k with f = W3 phi. In a square of the coarse grid f_k differs from the
/// bilinear interpolant of its corners by what it does at the nodes of a grid 4 times finer, and by at most E_k between
/// them: a ReLU of a number z that is bilinear is off from its own interpolant by at most p q / (p + q) where z goes
/// from -q to p at the corners, and what is off in one layer is passed on times the weights of the next.
class Bounds {
 public:
  static constexpr int finer = SquareOfBounds::finer;

  void build(const Network<const float>& network, const Phi& phi, double reach, std::int64_t n, const Kernel& kernel,
             int threads);
  /// low <= z <= high, each (P), for the frame of a sketch.
  void of(const std::uint16_t* sketch, double* low, double* high) const;

 private:
  static constexpr int fine_side = SketchGrid::side * finer;

  void find_slack(const Network<const float>& network, std::int64_t n);

  const Kernel* kernel_ = nullptr;
  int width_ = 0, padded_ = 0;
  float unit_ = 0;
  std::vector<float> z_, f_;          // (fine nodes, P): of phi's second layer, and f
  std::vector<float> last_;           // (D, P): w3 transposed
  std::vector<float> abs_second_;     // (D, P): |w2| by unit of the first layer
  std::vector<float> abs_last_;       // (D, P): |w3| transposed
  std::vector<float> node_values_;    // (nodes, P): f
  std::vector<float> low_, high_;     // (squares, P): of f minus its interpolant
  std::vector<double> bias_, slack_;  // (P): b3, and what rounding may add
};

}  // namespace hthm::deepsets
