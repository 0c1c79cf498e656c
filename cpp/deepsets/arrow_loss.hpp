// The loss of a training on the arrow of time, of networks with SiLU, and its gradient.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/large_array.hpp"
#include "core/stop_request.hpp"
#include "core/stoppable_for.hpp"
#include "deepsets/kernel.hpp"
#include "deepsets/network.hpp"
#include "deepsets/whole_run.hpp"

namespace hthm::deepsets {

/// What a network with SiLU computes: h = e rho(p sum of phi(v / scale)).
struct SmoothForm {
  float scale;
  bool mean;       // p = 1 / n, or 1
  bool extensive;  // e = n, or 1
};

/// What a step costs: ln(1 + exp(-Delta h)), or leaky_relu(-Delta h); plus penalty times (Delta h)^2.
struct StepLoss {
  bool logistic;
  double negative_slope, penalty;
};

/// A run as an update sees it.
struct SeenRun {
  const WholeRun* run;
  const float* velocities;    // (rows, 2)
  const std::int64_t* parts;  // (n): the part of the gas that each disk belongs to, `count` for none; null: all in one
  std::int64_t count;         // of parts
};

/// The terms of a loss: steps * parts of a run, or some of them; each costs 1 / total.
struct TermsOfLoss {
  const std::int64_t* chosen;  // (chosen_count), each at most once; null: all
  std::int64_t chosen_count;
  double total;
};

/// Loss and gradient of runs, one at a time: every layer is computed at every velocity of a run once, in float, and
/// what is summed up along the run in double. The result is the same for any number of threads. Keeps memory; callers
/// that come at the same time take turns.
class ArrowLoss {
 public:
  explicit ArrowLoss(Simd level) : kernel_(&kernel(level)) {}

  /// Delta h (steps, parts) of a run. NaN where a weight is not finite. Throws Stopped if `stop` says so.
  void change(const Network<const float>& network, const SmoothForm& form, const SeenRun& seen, int threads,
              double* change, StopRequest* stop = nullptr);

  /// The part of a loss that a run has; its gradient is added to `gradient`, all weights in the order of Network.
  double operator()(const Network<const float>& network, const SmoothForm& form, const SeenRun& seen,
                    const StepLoss& loss, const TermsOfLoss& terms, int threads, double* gradient,
                    StopRequest* stop = nullptr);

 private:
  /// Rows that go through phi together: their layers stay in the cache, and their sums are taken in float. Twice as
  /// many would be 2 % faster, and round half as much again: the terms of a gradient cancel.
  static constexpr std::int64_t rows_at_a_time = 48;
  /// So many sums are taken apart, whatever the number of threads, and then added up in order.
  static constexpr std::int64_t most_groups = 16;

  /// A cache line: rows begin where one does.
  struct alignas(64) Line {
    float values[16];
  };
  using Rows = LargeArray<Line>;
  /// Sums over the steps of a piece.
  enum class Sum { moves, rises, bends };
  static constexpr std::size_t sums_of_piece = 3;
  /// What steps cost, and how many they are.
  struct PartOfLoss {
    double value;
    std::int64_t count;
  };
  /// Memory for some of the work: one thread at a time does it, always the same parts.
  struct Group {
    Rows work, rises, moved;
    std::vector<double> sums;  // of a gradient
    double change[Chains::most_steps];
  };

  float* rows(Rows& of, std::int64_t row = 0) const { return reinterpret_cast<float*>(of.data()) + row * padded_; }
  float* rows(float* of, std::int64_t row = 0) const { return of + row * padded_; }
  void resize(Rows& of, std::int64_t count) const;
  std::int64_t pieces() const { return static_cast<std::int64_t>(chains_.pieces.size()); }
  double* of_piece(std::vector<double>& of, std::int64_t piece) const { return of.data() + piece * padded_; }
  double* sums(std::int64_t piece, Sum which) {
    return of_piece(piece_sums_, static_cast<std::int64_t>(sums_of_piece) * piece + static_cast<std::int64_t>(which));
  }
  SmoothPhi phi() { return {rows(lines_), rows(forward_), rows(back_), rows(bias_), width_, padded_}; }
  SmoothLayers layers(std::int64_t row) {
    return {rows(first_logistic_, row), rows(second_, row), rows(second_slopes_, row)};
  }
  /// body(k, group) for k below count.
  template <class Body>
  void for_groups(std::int64_t count, int threads, const Body& body) {
    const std::int64_t groups = std::min(count, most_groups);
    if (groups_.size() < static_cast<std::size_t>(groups)) groups_.resize(static_cast<std::size_t>(groups));
    stoppable_for(groups, threads, stop_, [&](std::int64_t g) {
      Group& group = groups_[static_cast<std::size_t>(g)];
      for (std::int64_t k = g * count / groups; k < (g + 1) * count / groups; ++k) {
        if (stop_) stop_->check();
        body(k, group);
      }
    });
  }

  void build(const Network<const float>& network, const SmoothForm& form, const SeenRun& seen);
  void see(const Network<const float>& network, const SmoothForm& form, const SeenRun& seen, int threads);
  void add_first_states(const SeenRun& seen);
  void find_moves(std::int64_t piece, Group& group);
  void do_steps(std::int64_t piece, Group& group);
  void choose(const TermsOfLoss& terms, std::int64_t count);
  void weigh(const StepLoss& loss, double total, std::int64_t piece, Group& group);
  void undo_steps(const Network<const float>& network, int threads, const Network<double>& gradient);
  void undo_piece(std::int64_t piece, Group& group);
  void undo_phi(std::int64_t count, int threads, const Network<double>& gradient);

  const Kernel* kernel_;
  std::mutex turn_;
  StopRequest* stop_ = nullptr;  // of the caller whose turn it is
  std::int64_t width_ = 0, padded_ = 0;
  double pooling_ = 1, size_ = 1;       // p and e of the form
  Rows lines_, forward_, back_, bias_;  // as SmoothPhi has them
  Rows rho_forward_, rho_back_;         // (D, P): w3 by unit of phi, and by its own
  Rows last_, factors_;                 // (P): w4; e p w4
  std::vector<double> rho_, rho_bias_;  // w3 by unit of phi, (D, P); b3 (P)
  Chains chains_;
  LargeArray<float> points_;  // (rows, 2): velocities over the scale
  Rows memory_;               // of these, which large pages hold together:
  float *first_logistic_ = nullptr, *second_ = nullptr, *second_slopes_ = nullptr;  // of the rows of velocities
  float *so_far_ = nullptr, *dz_ = nullptr, *slopes_ = nullptr, *bends_ = nullptr,
        *through_ = nullptr;               // of states; so_far: what the steps of a piece up to each do to pooled phi
  std::vector<double> pooled_;             // (parts, P): of the first states
  std::vector<double> piece_sums_;         // (pieces, 3, P)
  std::vector<double> z_, moved_, later_;  // (pieces, P): before the piece; of what comes after it
  std::vector<double> g_;                  // by step among all: the loss by Delta h
  std::vector<PartOfLoss> losses_;         // by piece
  std::vector<char> is_chosen_;            // by term; empty: all are
  std::vector<Group> groups_;
};

}  // namespace hthm::deepsets
