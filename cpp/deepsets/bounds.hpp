// Bounds on the z of rho from sketches: they say which units are active, most often for all frames at once, and no disk
// that stays as it is need be looked at.
#pragma once

#include <cstdint>
#include <vector>

#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"
#include "deepsets/phi.hpp"
#include "deepsets/sketch.hpp"

namespace hthm::deepsets {

/// z_k = sum over the disks of f_k(v) + b3_k with f = W3 phi. Over the whole plane f_k lies between two functions that
/// are bilinear in the squares of the coarse grid: its interpolant moved down, or up, by what f_k does at the nodes of
/// a grid twice as fine, and by at most E_k between them: a ReLU of a number z that is bilinear is off from its own
/// interpolant by at most p q / (p + q) where z goes from -q to p at the corners, and what is off in one layer is
/// passed on times the weights of the next. The sums of those two functions are linear in a sketch.
class Bounds {
 public:
  static constexpr int finer = SquareOfBounds::finer;

  void build(const Network<const float>& network, const Phi& phi, double reach, std::int64_t n,
             const std::vector<SketchRange>& ranges, const Kernel& kernel, int threads);

  /// What is known of all frames of a range at once.
  struct Known {
    Mask always_active, never_active;     // units that are in all of them, or in none
    std::vector<std::int32_t> uncertain;  // units whose sign is not the same in all of them, or not known to be
  };
  const Known& known(std::size_t range) const { return known_[range]; }
  bool is_always(std::size_t range, std::size_t unit, bool active) const {
    return is_active(active ? known_[range].always_active : known_[range].never_active, unit);
  }
  /// low <= z <= high of the uncertain units, in their order, for the frame of a sketch of a range.
  void of(const std::uint16_t* sketch, std::size_t range, double* low, double* high) const;
  /// Likewise of one of them, and sharper, from the velocities of the disks.
  void of_disks(const float* x, const float* y, std::int64_t n, std::size_t range, std::size_t uncertain, double& low,
                double& high) const;

 private:
  static constexpr int fine_side = SketchGrid::side * finer;

  void find_values(const Phi& phi, double reach, int threads);
  void find_envelopes(const Phi& phi, double reach, int threads);
  void find_slack(const Network<const float>& network, std::int64_t n);
  Known know(const SketchRange& range, std::int64_t n) const;
  void select_units();
  void find_rows(int threads);

  const Kernel* kernel_ = nullptr;
  int width_ = 0, padded_ = 0;
  float unit_ = 0;
  double reach_ = 0, largest_z_ = 0;
  std::vector<float> z_, f_;                     // (fine nodes, P): of phi's second layer, and f
  std::vector<float> errors_;                    // (fine squares, P): of phi between the fine nodes
  std::vector<float> last_;                      // (D, P): w3 transposed
  std::vector<float> abs_second_;                // (D, P): |w2| by unit of the first layer
  std::vector<float> abs_last_;                  // (D, P): |w3| transposed
  std::vector<float> below_, above_;             // (squares, P): of f minus its interpolant
  std::vector<float> low_, high_;                // (nodes, P): the functions that f lies between
  std::vector<double> bias_, slack_;             // (P): b3, and what rounding may add
  std::vector<Known> known_;                     // of each range
  std::vector<std::int32_t> units_;              // those that are uncertain in any range
  std::vector<float> lows_, highs_;              // (those units, nodes and zeros up to whole vectors)
  std::vector<std::vector<std::int32_t>> rows_;  // theirs of the uncertain units of each range
  std::vector<float> fine_f_, fine_errors_;      // (those units, fine nodes), (those units, fine squares)
};

}  // namespace hthm::deepsets
