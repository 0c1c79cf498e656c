// Functions between which the inputs of rho lie over the whole plane of velocities, simple enough to be summed over a
// frame from its sketch.
#pragma once

#include <cstdint>
#include <vector>

#include "deepsets/frame_store.hpp"
#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"
#include "deepsets/phi.hpp"
#include "deepsets/sketch.hpp"

namespace hthm::deepsets {

/// What bounds need of a network's weights, D' being the padded width.
struct LayersOfBounds {
  void build(const Network<const float>& network, const Kernel& kernel, int threads);

  int width = 0, padded = 0;
  std::vector<double> lines;  // (3, D'): a, b and c of the first layer
  std::vector<float> last;    // (D, D'): w3, transposed
  /// (2 D, 2, D'): how far f of each unit may be below its interpolant, and above, where a unit of phi's second layer,
  /// and then of its first, is below its own by 1.
  std::vector<float> through;
  std::vector<double> bias;  // (D')

 private:
  std::vector<float> abs_last_, second_, abs_second_;  // (D, D'): |w3|, transposed; w2, transposed; |w2|
};

/// z_k = sum over the disks of f_k(v) + b3_k with f = W3 phi. Over the whole plane f_k lies between two functions that
/// are bilinear in the squares of the coarse grid: its interpolant moved down, or up, by what f_k does at the nodes of
/// a finer grid, and by at most E_k between them: a ReLU of a number z that is bilinear is never above its own
/// interpolant (it is convex), and below it by at most p q / (p + q) where z goes from -q to p at the corners. What is
/// off in one layer is passed on times the weights of the next, whose signs say whether f_k is below its interpolant by
/// that, or above. The sums of those two functions are linear in a sketch. All that only where disks are.
class Envelope {
 public:
  /// Of some units of rho, with `finer` fine squares along a side of a coarse one.
  void build(const LayersOfBounds& layers, std::vector<std::int32_t> units, int finer, const Phi& phi,
             const FrameStore& frames, const Kernel& kernel, int threads);

  /// In this order the units stand in all that follows.
  const std::vector<std::int32_t>& units() const { return units_; }
  /// low <= z <= high (Q) for all frames of a range; returns whether that leaves a sign open even for their mean.
  bool bound(const SketchRange& range, double* low, double* high) const;

  /// Of one unit: the functions at the nodes of the coarse grid, with zeros up to whole vectors; in each of the fine
  /// squares the interpolant of f, as `Kernel::interpolate` has it, and by how much f may be off from that.
  void copy(std::size_t unit, float* low, float* high, float* interpolant, float* errors) const;
  std::size_t fine_side() const { return fine_side_; }
  double bias(std::size_t unit) const { return bias_[unit]; }
  /// By how much rounding may move z, also where the functions are summed in float32.
  double slack(std::size_t unit) const { return slack_[unit]; }

 private:
  template <class Real>
  const Real* choose(const std::vector<Real>& from, std::vector<Real>& to) const;
  void find_values(const Phi& phi, const FrameStore& frames, int threads);
  void find_functions(const FrameStore& frames, int threads);
  void find_slack(const FrameStore& frames);

  const Kernel* kernel_ = nullptr;
  std::vector<std::int32_t> units_;
  const LayersOfBounds* layers_ = nullptr;
  int chosen_ = 0;  // Q, the padded number of units
  double disks_ = 0, largest_z_ = 0;
  std::size_t finer_ = 1, fine_side_ = 0, fine_nodes_ = 0;  // fine squares, and nodes, along a side
  std::vector<float> z_, f_;                                // (fine nodes, P): of phi's second layer; (fine nodes, Q)
  std::vector<std::uint64_t> active_;                       // (fine nodes, words): of phi's second layer
  std::vector<float> errors_;                               // (fine squares, 2, Q): of f between the fine nodes
  const float *last_ = nullptr, *through_ = nullptr;        // (D, Q), (2 D, 2, Q): those of the layers
  std::vector<float> chosen_last_, chosen_through_;         // where the units are not all
  std::vector<float> below_, above_;                        // (squares, Q): of f minus its interpolant
  std::vector<float> low_, high_;                           // (nodes, Q): the functions that f lies between
  std::vector<double> bias_, slack_;                        // (Q)
};

}  // namespace hthm::deepsets
