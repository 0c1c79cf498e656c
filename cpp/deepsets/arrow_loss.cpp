#include "deepsets/arrow_loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "core/paced_array.hpp"

namespace hthm::deepsets {
namespace {

/// Velocities that come in place of others between two questions whether to stop.
constexpr std::int64_t most_exchanges = 1 << 16;
/// What a step of this Delta h costs beside ln(1 + exp(-|Delta h|)), that in `exponential`, and the slope of all of it.
struct Cost {
  double value, exponential, slope;
};

Cost cost(const StepLoss& loss, double change) {
  const double square = loss.penalty * change;
  if (!loss.logistic) {
    const double fall = change < 0 ? 1 : loss.negative_slope;
    return {square * change - fall * change, 0, 2 * square - fall};
  }
  const double small = std::exp(-std::fabs(change));
  const double chance = (change < 0 ? 1 : small) / (1 + small);  // given to the reverse
  return {square * change + std::max(-change, 0.0), small, 2 * square - chance};
}

bool is_finite(const Network<const float>& network) {
  return std::all_of(network.w1, network.w1 + Network<float>::size(network.width),
                     [](float w) { return std::isfinite(w); });
}

}  // namespace

void ArrowLoss::resize(Rows& of, std::int64_t count) const {
  const auto lines = static_cast<std::size_t>(count * padded_ / 16);
  if (of.size() < lines) of.resize(lines);
}

void ArrowLoss::change(const Network<const float>& network, const SmoothForm& form, const SeenRun& seen, int threads,
                       double* change, StopRequest* stop) {
  double* end = change + seen.run->steps() * seen.count;
  if (!is_finite(network)) return std::fill(change, end, std::numeric_limits<double>::quiet_NaN());
  const std::lock_guard mine(turn_);
  stop_ = stop;
  see(network, form, seen, threads);
  std::fill(change, end, 0.0);
  for_groups(pieces(), threads, [&](std::int64_t piece, Group& group) {
    do_steps(piece, group);
    const std::int64_t first = chains_.pieces[static_cast<std::size_t>(piece)].first;
    for (std::int64_t s = 0; s < chains_.pieces[static_cast<std::size_t>(piece)].count; ++s) {
      change[chains_.terms[static_cast<std::size_t>(first + s)]] = group.change[s];
    }
  });
}

double ArrowLoss::operator()(const Network<const float>& network, const SmoothForm& form, const SeenRun& seen,
                             const StepLoss& loss, const TermsOfLoss& terms, int threads, double* gradient,
                             StopRequest* stop) {
  if (!is_finite(network)) {
    std::fill(gradient, gradient + Network<float>::size(network.width), std::numeric_limits<double>::quiet_NaN());
    return std::numeric_limits<double>::quiet_NaN();
  }
  const std::lock_guard mine(turn_);
  stop_ = stop;
  see(network, form, seen, threads);
  choose(terms, seen.run->steps() * seen.count);
  losses_.resize(chains_.pieces.size());
  g_.resize(chains_.terms.size());
  for_groups(pieces(), threads, [&](std::int64_t piece, Group& group) {
    do_steps(piece, group);
    weigh(loss, terms.total, piece, group);
  });
  double value = 0;
  std::int64_t unchanged = terms.chosen ? terms.chosen_count : seen.run->steps() * seen.count;
  for (const PartOfLoss& part : losses_) {
    value += part.value;
    unchanged -= part.count;
  }
  if (loss.logistic) value += std::numbers::ln2 * static_cast<double>(unchanged) / terms.total;
  const Network<double> to(gradient, network.width);
  undo_steps(network, threads, to);
  undo_phi(seen.run->rows(), threads, to);
  // What weights in float32 cannot be trained on ends as it does where all is float32.
  return std::fabs(value) <= std::numeric_limits<float>::max() ? value : std::numeric_limits<double>::infinity();
}

void ArrowLoss::build(const Network<const float>& network, const SmoothForm& form, const SeenRun& seen) {
  const std::int64_t d = network.width, p = padded(network.width);
  width_ = d;
  padded_ = p;
  const double disks = static_cast<double>(seen.run->n() / seen.count);
  pooling_ = form.mean ? 1 / disks : 1;
  size_ = form.extensive ? disks : 1;
  const auto clear = [&](Rows& rows, std::int64_t count) {
    rows.assign(static_cast<std::size_t>(count * p / 16), Line{});
    return this->rows(rows);
  };
  float *lines = clear(lines_, 3), *bias = clear(bias_, 1), *last = clear(last_, 1), *factors = clear(factors_, 1);
  float *forward = clear(forward_, d), *back = clear(back_, d);
  float *rho_forward = clear(rho_forward_, d), *rho_back = clear(rho_back_, d);
  rho_.assign(static_cast<std::size_t>(d * p), 0);
  rho_bias_.assign(static_cast<std::size_t>(p), 0);
  for (std::int64_t k = 0; k < d; ++k) {
    lines[k] = network.w1[2 * k];
    lines[p + k] = network.w1[2 * k + 1];
    lines[2 * p + k] = network.b1[k];
    bias[k] = network.b2[k];
    last[k] = network.w4[k];
    factors[k] = static_cast<float>(size_ * pooling_ * network.w4[k]);
    rho_bias_[static_cast<std::size_t>(k)] = network.b3[k];
    for (std::int64_t j = 0; j < d; ++j) {
      forward[j * p + k] = back[k * p + j] = network.w2[k * d + j];
      rho_forward[j * p + k] = rho_back[k * p + j] = network.w3[k * d + j];
      rho_[static_cast<std::size_t>(j * p + k)] = network.w3[k * d + j];
    }
  }
}

/// The layers of phi at every velocity, and z of rho before every piece.
void ArrowLoss::see(const Network<const float>& network, const SmoothForm& form, const SeenRun& seen, int threads) {
  build(network, form, seen);
  Pace pace(stop_);
  chains_.build(*seen.run, seen.parts, seen.count, pace);
  const std::int64_t count = seen.run->rows(), padded_count = whole_tiles(count);
  points_.assign(static_cast<std::size_t>(2 * padded_count), 0);
  const std::int64_t lines = (3 * padded_count + 5 * chains_.rows) * padded_ / 16;
  if (static_cast<std::int64_t>(memory_.size()) < lines) {
    memory_ = {};
    memory_ = defaults<Line>(lines + lines / 8, pace);  // runs differ in length
  }
  std::int64_t at = 0;
  for (float** of : {&first_logistic_, &second_, &second_slopes_}) {
    *of = rows(memory_, std::exchange(at, at + padded_count));
  }
  for (float** of : {&so_far_, &dz_, &slopes_, &bends_, &through_}) {
    *of = rows(memory_, std::exchange(at, at + chains_.rows));
  }
  for_groups((count + rows_at_a_time - 1) / rows_at_a_time, threads, [&](std::int64_t block, Group& group) {
    const std::int64_t row = block * rows_at_a_time, size = std::min(rows_at_a_time, count - row);
    float* points = &points_[static_cast<std::size_t>(2 * row)];
    for (std::int64_t k = 0; k < 2 * size; ++k) points[k] = seen.velocities[2 * row + k] / form.scale;
    resize(group.work, rows_at_a_time);
    kernel_->smooth.forward(phi(), {points, whole_tiles(size)}, layers(row), rows(group.work));
  });
  add_first_states(seen);
  piece_sums_.resize(chains_.pieces.size() * sums_of_piece * static_cast<std::size_t>(padded_));
  for_groups(pieces(), threads, [&](std::int64_t piece, Group& group) { find_moves(piece, group); });
  z_.resize(chains_.pieces.size() * static_cast<std::size_t>(padded_));
  moved_.resize(z_.size());
  std::vector<double> moved(static_cast<std::size_t>(padded_)), pooled(moved.size());
  for (std::int64_t piece = 0; piece < pieces(); ++piece) {
    const std::int64_t part = chains_.pieces[static_cast<std::size_t>(piece)].part;
    if (piece == 0 || chains_.pieces[static_cast<std::size_t>(piece - 1)].part != part) {
      std::fill(moved.begin(), moved.end(), 0.0);
    }
    const double* first = of_piece(pooled_, part);
    for (std::size_t k = 0; k < moved.size(); ++k) pooled[k] = first[k] + moved[k];
    std::copy(moved.begin(), moved.end(), of_piece(moved_, piece));
    std::copy(rho_bias_.begin(), rho_bias_.end(), of_piece(z_, piece));
    kernel_->multiply({rho_.data(), width_, padded_}, pooled.data(), of_piece(z_, piece));
    for (std::size_t k = 0; k < moved.size(); ++k) moved[k] += sums(piece, Sum::moves)[k];
  }
}

/// The pooled phi of the states that chains begin with.
void ArrowLoss::add_first_states(const SeenRun& seen) {
  pooled_.assign(static_cast<std::size_t>(seen.count * padded_), 0);
  Pace pace(stop_);
  for (std::int64_t disk = 0; disk < seen.run->n();) {
    const std::int64_t part = seen.parts ? seen.parts[disk] : 0;
    const std::int64_t count = seen.parts ? 1 : std::min(rows_at_a_time, seen.run->n() - disk);
    if (part < seen.count) {
      kernel_->smooth.add_rows(rows(second_, disk), padded_, count, &pooled_[static_cast<std::size_t>(part * padded_)]);
    }
    disk += count;
    pace.did(count);
  }
  for (double& sum : pooled_) sum *= pooling_;
}

/// By how much the steps of a piece change the pooled phi, and z.
void ArrowLoss::find_moves(std::int64_t piece, Group& group) {
  const auto& [part, first, count, row] = chains_.pieces[static_cast<std::size_t>(piece)];
  resize(group.work, Chains::most_steps + 1);
  float *moves = rows(group.work), *sum = rows(group.work, Chains::most_steps);
  std::fill(sum, sum + padded_, 0.0F);
  const std::int64_t* offsets = &chains_.offsets[static_cast<std::size_t>(first)];
  for (std::int64_t s = 0; s < count;) {  // steps that are not long together, or a long one
    std::int64_t end = s + 1;
    while (end < count && offsets[end + 1] - offsets[s] <= most_exchanges) ++end;
    kernel_->smooth.exchange(second_, padded_, {chains_.born.data(), chains_.died.data(), offsets + s, end - s},
                             static_cast<float>(pooling_), sum, moves + s * padded_, rows(so_far_, row + s));
    s = end;
    if (stop_ && s < count) stop_->check();
  }
  std::fill(moves + count * padded_, moves + whole_tiles(count) * padded_, 0.0F);
  kernel_->smooth.product(moves, rows(rho_forward_), width_, padded_, whole_tiles(count), rows(dz_, row));
  std::copy(sum, sum + padded_, sums(piece, Sum::moves));
}

/// Delta h of the steps of a piece, and what they do to the units of rho.
void ArrowLoss::do_steps(std::int64_t piece, Group& group) {
  const auto& [part, first, count, row] = chains_.pieces[static_cast<std::size_t>(piece)];
  resize(group.work, rows_of_work);
  resize(group.rises, Chains::most_steps);
  kernel_->smooth.do_steps({of_piece(z_, piece), rows(dz_, row), rows(last_), padded_, count}, rows(group.work),
                           {rows(group.rises), rows(bends_, row), rows(slopes_, row)}, group.change);
  for (std::int64_t s = 0; s < count; ++s) group.change[s] *= size_;
}

void ArrowLoss::choose(const TermsOfLoss& terms, std::int64_t count) {
  is_chosen_.assign(terms.chosen ? static_cast<std::size_t>(count) : 0, 0);
  for (std::int64_t k = 0; terms.chosen && k < terms.chosen_count; ++k) {
    is_chosen_[static_cast<std::size_t>(terms.chosen[k])] = 1;
  }
}

/// What the steps of a piece cost, and how that depends on each Delta h.
void ArrowLoss::weigh(const StepLoss& loss, double total, std::int64_t piece, Group& group) {
  const auto& [part, first, count, row] = chains_.pieces[static_cast<std::size_t>(piece)];
  double* g = &g_[static_cast<std::size_t>(first)];
  double value = 0, product = 0;  // of all 1 + exponential, less 1
  std::int64_t chosen = 0;
  for (std::int64_t s = 0; s < count; ++s) {
    g[s] = 0;
    const std::int64_t term = chains_.terms[static_cast<std::size_t>(first + s)];
    if (!is_chosen_.empty() && !is_chosen_[static_cast<std::size_t>(term)]) continue;
    const Cost of_step = cost(loss, group.change[s]);
    value += of_step.value;
    product += of_step.exponential + product * of_step.exponential;  // below 2^96
    g[s] = of_step.slope / total;
    ++chosen;
  }
  losses_[static_cast<std::size_t>(piece)] = {(value + std::log1p(product)) / total, chosen};
  kernel_->smooth.weigh_steps(g, padded_, count, rows(group.rises), rows(bends_, row), sums(piece, Sum::rises),
                              sums(piece, Sum::bends));
}

}  // namespace hthm::deepsets
