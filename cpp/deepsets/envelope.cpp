#include "deepsets/envelope.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/parallel.hpp"

namespace hthm::deepsets {
namespace {

constexpr std::size_t side = SketchGrid::side, nodes = SketchGrid::nodes;
constexpr std::int64_t rows_at_a_time = 12;

/// The columns of nodes of a row of squares.
SketchExtent::Row of_nodes_inside(const SketchExtent::Row& squares) {
  return squares.end == 0 ? squares : SketchExtent::Row{squares.first, squares.end + 1};
}

}  // namespace

void LayersOfBounds::build(const Network<const float>& network, const Kernel& kernel, int threads) {
  const auto units = static_cast<std::size_t>(network.width),
             stride = static_cast<std::size_t>(deepsets::padded(network.width));
  if (width != network.width) {  // what no unit has stays zero
    width = network.width;
    padded = deepsets::padded(width);
    lines.assign(3 * stride, 0);
    for (std::vector<float>* of_layer : {&last, &abs_last_, &second_, &abs_second_}) {
      of_layer->assign(units * stride, 0);
    }
    through.assign(2 * units * 2 * stride, 0);
    bias.assign(stride, 0);
  }
  std::copy_n(network.b3, units, bias.begin());
  for (std::size_t j = 0; j < units; ++j) {
    lines[j] = network.w1[2 * j];
    lines[stride + j] = network.w1[2 * j + 1];
    lines[2 * stride + j] = network.b1[j];
    float *of_last = &last[j * stride], *of_second = &second_[j * stride], *of_through = &through[j * 2 * stride];
    for (std::size_t k = 0; k < units; ++k) {
      of_last[k] = network.w3[k * units + j];
      of_second[k] = network.w2[k * units + j];
    }
    for (std::size_t k = 0; k < units; ++k) {
      of_through[k] = std::max(of_last[k], 0.0f);
      of_through[stride + k] = std::max(-of_last[k], 0.0f);
      abs_last_[j * stride + k] = std::fabs(of_last[k]);
      abs_second_[j * stride + k] = std::fabs(of_second[k]);
    }
  }
  constexpr float rounding = 1e-4f;  // more than products of as many numbers are off
  parallel_for((width + rows_at_a_time - 1) / rows_at_a_time, threads, [&](std::int64_t piece) {
    const std::int64_t first = piece * rows_at_a_time, count = std::min<std::int64_t>(rows_at_a_time, width - first);
    const auto at = static_cast<std::size_t>(first) * stride;
    float sums[rows_at_a_time * most_width], signed_sums[rows_at_a_time * most_width];
    kernel.multiply_rows({abs_last_.data(), width, padded}, {&abs_second_[at], count, padded}, sums);
    kernel.multiply_rows({last.data(), width, padded}, {&second_[at], count, padded}, signed_sums);
    for (std::size_t k = 0; k < static_cast<std::size_t>(count) * stride; ++k) {
      float* of_first = &through[(units + static_cast<std::size_t>(first) + k / stride) * 2 * stride + k % stride];
      of_first[0] = (sums[k] + signed_sums[k]) / 2 + rounding * sums[k];
      of_first[stride] = (sums[k] - signed_sums[k]) / 2 + rounding * sums[k];
    }
  });
}

void Envelope::build(const LayersOfBounds& layers, std::vector<std::int32_t> units, int finer, const Phi& phi,
                     const FrameStore& frames, const Kernel& kernel, int threads) {
  kernel_ = &kernel;
  layers_ = &layers;
  units_ = std::move(units);
  chosen_ = padded(static_cast<int>(units_.size()));
  disks_ = static_cast<double>(frames.n());
  finer_ = static_cast<std::size_t>(finer);
  fine_side_ = side * finer_;
  fine_nodes_ = fine_side_ + 1;
  if (static_cast<int>(units_.size()) == layers.width) {
    last_ = layers.last.data();
    through_ = layers.through.data();
    bias_ = layers.bias;
  } else {
    last_ = choose(layers.last, chosen_last_);
    through_ = choose(layers.through, chosen_through_);
    choose(layers.bias, bias_);
  }
  find_values(phi, frames, threads);
  find_functions(frames, threads);
  find_slack(frames);
}

/// The columns of the units, of rows of all of them.
template <class Real>
const Real* Envelope::choose(const std::vector<Real>& from, std::vector<Real>& to) const {
  const auto chosen = static_cast<std::size_t>(chosen_), stride = static_cast<std::size_t>(layers_->padded);
  to.assign(from.size() / stride * chosen, 0);
  for (std::size_t row = 0; row < from.size() / stride; ++row) {
    for (std::size_t u = 0; u < units_.size(); ++u) {
      to[row * chosen + u] = from[row * stride + static_cast<std::size_t>(units_[u])];
    }
  }
  return to.data();
}

/// f, and what it is made of, at the fine nodes.
void Envelope::find_values(const Phi& phi, const FrameStore& frames, int threads) {
  const auto stride = static_cast<std::size_t>(layers_->padded), chosen = static_cast<std::size_t>(chosen_),
             words = static_cast<std::size_t>(words_of(layers_->padded));
  const double reach = frames.reach(), width = 2 * reach / static_cast<double>(fine_side_);
  z_.resize(fine_nodes_ * fine_nodes_ * stride);
  active_.resize(fine_nodes_ * fine_nodes_ * words);
  f_.resize(fine_nodes_ * fine_nodes_ * chosen);
  std::vector<float> largest(fine_nodes_, 0);
  parallel_for(static_cast<std::int64_t>(fine_nodes_), threads, [&](std::int64_t r) {
    const auto row = static_cast<std::size_t>(r);
    const SketchExtent& extent = frames.sketch_extent();
    const SketchExtent::Row columns =
        row % finer_ == 0 ? extent.of_nodes(row / finer_) : of_nodes_inside(extent.rows[row / finer_]);
    if (columns.end == 0) return;
    std::vector<float> x, y;
    const std::size_t first = columns.first * finer_, end = (columns.end - 1) * finer_ + 1;
    for (std::size_t k = first; k < end; ++k) {
      x.push_back(static_cast<float>(-reach + static_cast<double>(row) * width));
      y.push_back(static_cast<float>(-reach + static_cast<double>(k) * width));
    }
    const std::size_t at = row * fine_nodes_ + first;
    largest[row] = phi.second_layer(x.data(), y.data(), x.size(), &z_[at * stride]);
    const Matrix<float> z{&z_[at * stride], static_cast<std::int64_t>(x.size()), layers_->padded};
    kernel_->find_active(z, &active_[at * words]);
    kernel_->activate({last_, layers_->width, chosen_}, z, &f_[at * chosen]);
  });
  largest_z_ = std::max(phi.largest_z(), static_cast<double>(*std::max_element(largest.begin(), largest.end())));
}

/// What f lies between.
void Envelope::find_functions(const FrameStore& frames, int threads) {
  const auto stride = static_cast<std::size_t>(layers_->padded), chosen = static_cast<std::size_t>(chosen_),
             words = static_cast<std::size_t>(words_of(layers_->padded));
  const double reach = frames.reach(), width = 2 * reach / static_cast<double>(fine_side_);
  const SketchExtent& extent = frames.sketch_extent();
  if (low_.size() != nodes * chosen) {  // what lies outside of the extent stays zero
    below_.assign(side * side * chosen, 0);
    above_.assign(side * side * chosen, 0);
    low_.assign(nodes * chosen, 0);
    high_.assign(nodes * chosen, 0);
  }
  errors_.resize(fine_side_ * fine_side_ * 2 * chosen);
  parallel_for(side, threads, [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    const auto [first, end] = extent.rows[i];
    for (std::size_t j = first; j < end; ++j) {
      const std::size_t a = i * finer_, b = j * finer_, node = a * fine_nodes_ + b, at = (i * side + j) * chosen;
      kernel_->bound_square({.z = &z_[node * stride],
                             .f = &f_[node * chosen],
                             .active = &active_[node * words],
                             .finer = static_cast<int>(finer_),
                             .nodes = static_cast<std::int64_t>(fine_nodes_),
                             .units = layers_->width,
                             .padded = layers_->padded,
                             .lines = layers_->lines.data(),
                             .x = -reach + static_cast<double>(a) * width,
                             .y = -reach + static_cast<double>(b) * width,
                             .width = width,
                             .through = {through_, 2 * layers_->width, 2 * chosen_}},
                            {.values = &errors_[(a * fine_side_ + b) * 2 * chosen],
                             .stride = static_cast<std::int64_t>(fine_side_) * 2 * chosen_},
                            &below_[at], &above_[at]);
    }
  });
  const auto before = [](std::size_t k) { return k == 0 ? 0 : k - 1; };
  const auto after = [](std::size_t k) { return std::min(k, side - 1); };
  parallel_for(side + 1, threads, [&](std::int64_t row) {
    const auto i = static_cast<std::size_t>(row);
    const auto [first, end] = extent.of_nodes(i);
    for (std::size_t j = first; j < end; ++j) {
      const SquaresAroundNode around{.below = below_.data(),
                                     .above = above_.data(),
                                     .squares = {before(i) * side + before(j), before(i) * side + after(j),
                                                 after(i) * side + before(j), after(i) * side + after(j)},
                                     .padded = chosen_};
      const std::size_t at = (i * (side + 1) + j) * chosen;
      kernel_->bound_node(&f_[(i * fine_nodes_ + j) * finer_ * chosen], around, &low_[at], &high_[at]);
    }
  });
}

/// Sketches are rounded to half a unit a node. Rounding in float32: 160 sums or fewer in `Bounds::of`, each of 2^-24 of
/// the sum of all magnitudes, or in `of_disks` 25 of numbers that may be 9 times as large and what the two places in a
/// square are off, up to 288 times 2^-24 each where there are 72 squares a side, times the slopes there, up to twice
/// the largest f; and about two for every product that makes f, of what passes through W3.
void Envelope::find_slack(const FrameStore& frames) {
  const auto chosen = static_cast<std::size_t>(chosen_);
  std::vector<float> largest(chosen, 0), sum(chosen, 0);
  for (std::size_t at = 0; at < low_.size(); at += chosen) {
    for (std::size_t k = 0; k < chosen; ++k) {
      const float f = std::max(-low_[at + k], high_[at + k]);
      largest[k] = std::max(largest[k], f);
      sum[k] += f;
    }
  }
  slack_.assign(chosen, 0);
  for (std::size_t k = 0; k < units_.size(); ++k) {
    double through = 0;
    for (std::size_t j = 0; j < static_cast<std::size_t>(layers_->width); ++j) {
      through += std::fabs(static_cast<double>(last_[j * chosen + k]));
    }
    through *= largest_z_;
    const double of_sums = 1400 * static_cast<double>(largest[k]) + (2.0 * layers_->width + 32) * through;
    slack_[k] = 0.51 * frames.sketch_ranges().front().unit * static_cast<double>(sum[k]) +
                0x1p-24 * (disks_ * of_sums + std::fabs(bias_[k]));
  }
}

/// With w = mean + d, |sum of d L| <= radius * |spread L|; the sum of d is 0, so that a constant may be taken from L.
bool Envelope::bound(const SketchRange& range, double* low, double* high) const {
  const auto chosen = static_cast<std::size_t>(chosen_);
  std::vector<double> off_low(chosen), off_high(chosen);
  const NodesOfRange of_nodes{.mean = range.mean.data(), .spread = range.spread.data()};
  kernel_->mean_and_spread(of_nodes, {low_.data(), nodes, chosen_}, disks_, low, off_low.data());
  kernel_->mean_and_spread(of_nodes, {high_.data(), nodes, chosen_}, disks_, high, off_high.data());
  const double radius = range.radius * (1 + 1e-6);
  bool is_open = false;
  for (std::size_t k = 0; k < units_.size(); ++k) {
    is_open = is_open || (low[k] + bias_[k] <= 0 && high[k] + bias_[k] > 0);
    low[k] += bias_[k] - radius * std::sqrt(off_low[k]) - slack_[k];
    high[k] += bias_[k] + radius * std::sqrt(off_high[k]) + slack_[k];
  }
  return is_open;
}

void Envelope::copy(std::size_t unit, float* low, float* high, float* interpolant, float* errors) const {
  const auto chosen = static_cast<std::size_t>(chosen_);
  for (std::size_t g = 0; g < nodes; ++g) {
    low[g] = low_[g * chosen + unit];
    high[g] = high_[g * chosen + unit];
  }
  std::fill(low + nodes, low + padded(nodes), 0.0f);
  std::fill(high + nodes, high + padded(nodes), 0.0f);
  for (std::size_t i = 0; i < fine_side_; ++i) {
    for (std::size_t j = 0; j < fine_side_; ++j, interpolant += 4) {
      const float *at = &f_[(i * fine_nodes_ + j) * chosen + unit], *next = at + fine_nodes_ * chosen;
      const float* error = &errors_[(i * fine_side_ + j) * 2 * chosen + unit];
      interpolant[0] = at[0] + (error[chosen] - error[0]) / 2;
      interpolant[1] = at[chosen] - at[0];
      interpolant[2] = next[0] - at[0];
      interpolant[3] = (next[chosen] - next[0]) - interpolant[1];
      *errors++ = (error[chosen] + error[0]) / 2;
    }
  }
}

}  // namespace hthm::deepsets
