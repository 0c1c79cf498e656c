// Sums of phi over the disks of every frame of a log, from what changes: what the functional of a frame needs of it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/stop_request.hpp"
#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"
#include "deepsets/phi.hpp"
#include "recording/replay.hpp"

namespace hthm::deepsets {

/// For one network, and logs one after another. Velocities are rounded to float32, as the network is fed; phi and its
/// sums are in double. The bits of a run depend on nothing but the run: not on threads, nor on the runs beside it.
class PhiSums {
 public:
  /// `weights` (Network::size(width)) must be finite.
  PhiSums(std::vector<float> weights, int width, const Kernel& kernel)
      : weights_{std::move(weights)}, width_{width}, kernel_{&kernel} {}

  int width() const { return width_; }

  /// sums (runs, frames, D). Throws std::invalid_argument where the log points outside of itself or a velocity is not
  /// below 2^64, and Stopped.
  void operator()(const LogView& log, int threads, double* sums, StopRequest* stop = nullptr);

 private:
  /// A velocity and where phi is affine around it.
  struct Disk {
    float x, y;
    std::int32_t cell;
  };
  /// Velocities whose cells nobody has met, at which phi cannot be told yet.
  using Unknown = std::vector<Disk>;
  struct Points;

  void reach_to(const LogView& log, int threads, StopRequest* stop);
  Unknown sum_run(const LogView& log, std::int64_t run, StopRequest* stop, double* sums) const;
  Disk located(const Vec& v, Unknown& unknown) const;

  std::vector<float> weights_;
  int width_;
  const Kernel* kernel_;
  Phi phi_;
  float reach_ = -1;  // of the cells of phi; none yet
};

}  // namespace hthm::deepsets
