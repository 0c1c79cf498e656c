// The loss of a batch of frame pairs and its gradient.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "deepsets/bounds.hpp"
#include "deepsets/frame_store.hpp"
#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"
#include "deepsets/phi.hpp"
#include "deepsets/rho.hpp"

namespace hthm::deepsets {

/// Eq. (11) of arXiv:2508.14003: the mean of leaky_relu(-Delta h) plus penalty times the mean of (Delta h)^2.
struct Loss {
  double negative_slope, penalty;
};

/// Keeps what steps share: the frames, and memory. The result is the same for any number of threads.
class PairLoss {
 public:
  PairLoss(FrameStore frames, Simd level) : frames_(std::move(frames)), kernel_(&kernel(level)) {}

  const FrameStore& frames() const { return frames_; }

  /// Delta h of `count` pairs, and the gradient of the loss; returns the loss. Where a weight is not finite, all of
  /// these are NaN.
  double operator()(const Network<const float>& network, const std::int64_t* pairs, std::int64_t count,
                    const Loss& loss, int threads, double* change, const Network<float>& gradient);

 private:
  /// A pair of the batch. Of the velocities of the batch, `changes` from `first` on are those of its changed disks
  /// afterwards, and as many from there on those before.
  struct Pair {
    std::int64_t number, first, changes;
    Mask active_before, active_after;  // units of rho
    std::int32_t before, after;        // their patterns, by number
  };
  /// Memory of one thread for one frame.
  struct Frame;

  void choose(const std::int64_t* pairs, std::int64_t count);
  void look_at(std::int64_t k, Frame& frame);
  void know_all_cells(int threads);
  void assemble(const Pair& pair, Frame& frame) const;
  double compare(std::int64_t k, Frame& frame);
  bool is_surely_steady(Pair& pair, const double* change_of_sums, Frame& frame, double& change) const;
  double compare_whole(std::int64_t k, Frame& frame);
  void differentiate(const double* slopes_of_loss);
  void add_terms_of_shared(const Pair& pair, double weight);
  void sort_terms(const double* slopes_of_loss, int threads);
  void backward(int threads, const Network<float>& gradient);
  template <class Body>
  void for_pairs(int threads, const Body& body);
  double* sums(std::int64_t k) { return &sums_[static_cast<std::size_t>(k * stride_)]; }
  double* change_of_sums(std::int64_t k) { return &changes_[static_cast<std::size_t>(k * stride_)]; }

  FrameStore frames_;
  const Kernel* kernel_;
  Phi phi_;
  Rho rho_;
  Bounds bounds_;
  std::int64_t width_ = 0, stride_ = 0;  // stride: the padded width
  Mask always_active_{};                 // units of rho that are, in all frames with sketches
  std::vector<double> always_;           // (P): how h depends on S through them
  std::vector<Pair> pairs_;
  std::vector<float> x_, y_;            // changed velocities
  std::vector<std::int32_t> cells_;     // theirs
  std::vector<double> sums_, changes_;  // (batch, P): S of the first frame, and how it changes
  std::vector<Term> shared_terms_;      // of disks that do not change, in pairs where rho switches
  std::vector<std::int32_t> shared_cells_;
  std::vector<Term> terms_;         // all, by cell
  std::vector<std::int64_t> ends_;  // of the terms of each cell
  std::vector<double> rows_;        // (pieces, 3, P): gradients of tables
};

}  // namespace hthm::deepsets
