// Bounds on the z of rho from sketches: they say which units are active, most often for all frames at once, and no disk
// that stays as it is need be looked at.
#pragma once

#include <cstdint>
#include <vector>

#include "deepsets/envelope.hpp"
#include "deepsets/frame_store.hpp"
#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"
#include "deepsets/phi.hpp"
#include "deepsets/sketch.hpp"

namespace hthm::deepsets {

/// Bounds by the envelopes of the units: from the nodes of the coarse grid alone for all of them, and from those of a
/// finer grid for the few whose sign that does not settle.
class Bounds {
 public:
  void build(const Network<const float>& network, const Phi& phi, const FrameStore& frames, const Kernel& kernel,
             int threads);

  /// What is known of all frames of a range at once.
  struct Known {
    Mask always_active, never_active;     // units that are in all of them, or in none
    std::vector<std::int32_t> uncertain;  // all others
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
  bool settle(const Envelope& envelope, const std::vector<SketchRange>& ranges, int threads);
  std::vector<std::int32_t> uncertain_units() const;
  void find_rows(int threads);

  const Kernel* kernel_ = nullptr;
  int width_ = 0;
  float unit_ = 0;
  double reach_ = 0;
  LayersOfBounds layers_;
  Envelope coarse_, fine_;
  std::vector<Known> known_;                     // of each range
  std::vector<std::size_t> units_;               // of the fine envelope, those that are uncertain in any range
  std::vector<std::vector<std::int32_t>> rows_;  // of the uncertain units of each range, in what follows
  std::vector<float> lows_, highs_;              // (units, nodes and zeros up to whole vectors)
  std::vector<float> interpolants_, errors_;     // (units, fine squares, 4), (units, fine squares)
};

}  // namespace hthm::deepsets
