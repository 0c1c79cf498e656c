// The loss of a batch of frame pairs and its gradient.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "deepsets/bounds.hpp"
#include "deepsets/frame_store.hpp"
#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"
#include "deepsets/phi.hpp"
#include "deepsets/rho.hpp"
#include "deepsets/terms.hpp"

namespace hthm::deepsets {

/// Eq. (11) of arXiv:2508.14003: the mean of leaky_relu(-Delta h) plus penalty times the mean of (Delta h)^2.
struct Loss {
  double negative_slope, penalty;
};

/// Keeps what steps share: the frames, which others may share too, and memory. The result is the same for any number of
/// threads. Callers that come at the same time take turns.
class PairLoss {
 public:
  /// At most `most_velocities` velocities of changed disks, before and after, in a batch: they are numbered in 32 bits.
  PairLoss(FrameStore frames, Simd level, std::int64_t most_velocities = largest<std::int32_t>)
      : PairLoss(std::make_shared<const FrameStore>(std::move(frames)), kernel(level), most_velocities) {}

  /// Another one, for another training on the same frames.
  std::unique_ptr<PairLoss> beside() const {
    return std::unique_ptr<PairLoss>(new PairLoss(kept_, *kernel_, most_velocities_));
  }

  const FrameStore& frames() const { return frames_; }

  /// Delta h of `count` pairs, and the gradient of the loss; returns the loss. Where a weight is not finite, all of
  /// these are NaN. Throws std::length_error for a batch that is too large, and Stopped if `stop` says so.
  double operator()(const Network<const float>& network, const std::int64_t* pairs, std::int64_t count,
                    const Loss& loss, int threads, double* change, const Network<float>& gradient,
                    StopRequest* stop = nullptr);

 private:
  /// A pair of the batch. Of the velocities of the batch, `changes` from `first` on are those of its changed disks
  /// afterwards, and as many from there on those before.
  struct Pair {
    std::int64_t number, first, changes;
    bool has_unknown;                  // velocities of which no square knows the cell
    Mask active_before, active_after;  // units of rho
  };
  /// How h changes through the units of rho that are always active, and by how much z of the open ones does.
  struct Difference {
    double steady;
    double dz[most_width];
  };
  /// Memory of one thread for one frame.
  struct Frame {
    void resize(std::int64_t n) {
      x.resize(static_cast<std::size_t>(n));
      y.resize(x.size());
      cells.resize(x.size());
    }

    std::vector<float> x, y;
    std::vector<std::int32_t> cells;
    std::vector<Change> changes;
    std::vector<std::uint16_t> sketch;
    bool is_assembled = false;
  };

  PairLoss(std::shared_ptr<const FrameStore> frames, const Kernel& kernel, std::int64_t most_velocities)
      : kept_(std::move(frames)), frames_(*kept_), kernel_(&kernel), most_velocities_(most_velocities) {}
  void choose(const std::int64_t* pairs, std::int64_t count);
  void look_at(std::int64_t k, Frame& frame);
  void add_cells(Velocities& velocities, std::int64_t first, std::int64_t count);
  void know_rho(const Network<const float>& network, int threads);
  void assemble(const Pair& pair, Frame& frame) const;
  void assemble_second(const Pair& pair, Frame& frame) const;
  double compare(std::int64_t k, Frame& frame);
  void find_difference(std::int64_t k, Difference& difference) const;
  bool is_surely_steady(Pair& pair, const Difference& difference, Frame& frame, double& change) const;
  double compare_whole(Pair& pair, const Difference& difference, Frame& frame) const;
  void differentiate(const double* slopes_of_loss, int threads);
  void find_shared(const std::vector<std::size_t>& switching, int threads);
  void backward(int threads, const Network<float>& gradient);
  template <class Body>
  void for_pairs(int threads, const Body& body);

  std::shared_ptr<const FrameStore> kept_;
  const FrameStore& frames_;
  int batches_to_fetch_ = 0;  // of frames on the disk
  const Kernel* kernel_;
  std::int64_t most_velocities_;
  std::mutex turn_;
  StopRequest* stop_ = nullptr;  // of the caller whose turn it is
  Phi phi_;
  Rho rho_;
  Bounds bounds_;
  std::int64_t width_ = 0, stride_ = 0;  // stride: the padded width
  Mask steady_{};                        // units of rho that are active in all frames
  std::vector<std::size_t> open_;        // those that are in some, or may be
  std::vector<double> functionals_;      // (1 + open, P): how h depends on S through the steady ones; W3 of the open
  std::vector<Pair> pairs_;
  Velocities changing_, shared_;  // of disks that change; of others, in pairs where rho switches
  Terms changing_terms_, shared_terms_;
  bool are_compared_ = false;
  std::vector<double> changes_;  // (pairs, 1 + open): of the sums of the functionals, where they are few
  Uses uses_;
  std::vector<double> rows_;  // (pieces, 3, P): gradients of tables
};

}  // namespace hthm::deepsets
