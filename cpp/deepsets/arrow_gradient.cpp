// The way back of ArrowLoss: from what each Delta h costs to the gradient of the weights.
#include <algorithm>
#include <cstddef>

#include "deepsets/arrow_loss.hpp"

namespace hthm::deepsets {

/// The gradient of rho, and that of the loss by phi of every state.
void ArrowLoss::undo_steps(const Network<const float>& network, int threads, const Network<double>& gradient) {
  const auto p = static_cast<std::size_t>(padded_);
  later_.resize(z_.size());
  std::vector<double> bent(static_cast<std::size_t>(chains_.parts) * p, 0), rises(p, 0);
  for (std::int64_t piece = pieces() - 1; piece >= 0; --piece) {
    double* of_part = &bent[static_cast<std::size_t>(chains_.pieces[static_cast<std::size_t>(piece)].part) * p];
    std::copy(of_part, of_part + padded_, of_piece(later_, piece));
    for (std::int64_t k = 0; k < padded_; ++k) {
      of_part[k] += sums(piece, Sum::bends)[k];
      rises[static_cast<std::size_t>(k)] += sums(piece, Sum::rises)[k];
    }
  }
  // Of the first states, and of the one that never comes.
  float* first = rows(slopes_);
  std::fill(first, first + whole_tiles(chains_.parts + 1) * padded_, 0.0F);
  for (std::size_t k = 0; k < bent.size(); ++k) first[k] = static_cast<float>(bent[k] * rows(factors_)[k % p]);
  kernel_->smooth.product(first, rows(rho_back_), width_, padded_, whole_tiles(chains_.parts + 1), rows(through_));

  for (Group& group : groups_) group.sums.assign(p * p, 0);
  for_groups(pieces(), threads, [&](std::int64_t piece, Group& group) { undo_piece(piece, group); });
  for (std::int64_t k = 0; k < width_; ++k) {
    double of_row = 0;
    const double factor = size_ * network.w4[k];
    for (std::int64_t part = 0; part < chains_.parts; ++part) {
      const std::size_t at = static_cast<std::size_t>(part) * p;
      const double of_part = factor * bent[at + static_cast<std::size_t>(k)];
      of_row += of_part;
      for (std::int64_t j = 0; j < width_; ++j) {
        gradient.w3[k * width_ + j] += of_part * pooled_[at + static_cast<std::size_t>(j)];
      }
    }
    gradient.b3[k] += of_row;
    gradient.w4[k] += size_ * rises[static_cast<std::size_t>(k)];
    for (const Group& group : groups_) {
      const double* sums = &group.sums[static_cast<std::size_t>(k) * p];
      for (std::int64_t j = 0; j < width_; ++j) gradient.w3[k * width_ + j] += factor * sums[j];
    }
  }
}

void ArrowLoss::undo_piece(std::int64_t piece, Group& group) {
  const auto& [part, first, count, row] = chains_.pieces[static_cast<std::size_t>(piece)];
  const double* g = &g_[static_cast<std::size_t>(first)];
  const bool is_last = piece + 1 == pieces() || chains_.pieces[static_cast<std::size_t>(piece) + 1].part != part;
  double turns[Chains::most_steps];
  for (std::int64_t s = 0; s < count; ++s) turns[s] = g[s] - (s + 1 < count || !is_last ? g[s + 1] : 0);
  for (Rows* of : {&group.work, &group.rises, &group.moved}) resize(*of, Chains::most_steps);
  float *through = rows(group.work), *turned = rows(group.rises), *moved = rows(group.moved);
  kernel_->smooth.undo_steps({g, turns, rows(slopes_, row), rows(bends_, row), rows(so_far_, row),
                              of_piece(later_, piece), of_piece(moved_, piece), rows(factors_), padded_, count},
                             through, turned, moved);
  std::fill(through + count * padded_, through + whole_tiles(count) * padded_, 0.0F);
  kernel_->smooth.product(through, rows(rho_back_), width_, padded_, whole_tiles(count), rows(through_, row));
  kernel_->smooth.add_outer(turned, moved, count, width_, padded_, group.sums.data());
}

/// The gradient of phi: of a velocity, what the loss is by phi of the states from its birth to its death.
void ArrowLoss::undo_phi(std::int64_t count, int threads, const Network<double>& gradient) {
  const auto p = static_cast<std::size_t>(padded_);
  for (Group& group : groups_) group.sums.assign(p * (p + 4), 0);
  for_groups((count + rows_at_a_time - 1) / rows_at_a_time, threads, [&](std::int64_t block, Group& group) {
    const std::int64_t row = block * rows_at_a_time, size = std::min(rows_at_a_time, count - row);
    resize(group.work, rows_of_work);
    double* sums = group.sums.data();
    const auto first = static_cast<std::size_t>(row);
    kernel_->smooth.backward(phi(), {&points_[2 * first], whole_tiles(size)}, layers(row),
                             {rows(through_), &chains_.birth[first], &chains_.death[first], size}, rows(group.work),
                             {sums, sums + p * p, sums + p * (p + 1)});
  });
  for (const Group& group : groups_) {
    const double *second = group.sums.data(), *bias = second + p * p, *lines = bias + p;
    for (std::int64_t k = 0; k < width_; ++k) {
      gradient.w1[2 * k] += lines[k];
      gradient.w1[2 * k + 1] += lines[padded_ + k];
      gradient.b1[k] += lines[2 * padded_ + k];
      gradient.b2[k] += bias[k];
      for (std::int64_t j = 0; j < width_; ++j) gradient.w2[k * width_ + j] += second[k * padded_ + j];
    }
  }
}

}  // namespace hthm::deepsets
