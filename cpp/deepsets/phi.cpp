#include "deepsets/phi.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "core/parallel.hpp"

namespace hthm::deepsets {
namespace {

/// Products, or sums of rows, from which on more threads than one pay: about 20 us.
constexpr std::int64_t worth_threads = 100'000;

constexpr std::int64_t no_cell = -1;

}  // namespace

void Phi::build(const Network<const float>& network, float reach, const Kernel& kernel, int threads, TablesMade made) {
  kernel_ = &kernel;
  width_ = network.width;
  padded_ = padded(width_);
  reach_ = reach;
  largest_z_ = 0;
  const auto width = static_cast<std::size_t>(width_), stride = static_cast<std::size_t>(padded_);
  // What a table made in turn keeps of rounding would make z of a unit that no active one leads to other than its bias.
  const bool has_zero = std::find(network.w2, network.w2 + width * width, 0.0f) != network.w2 + width * width;
  made_ = has_zero ? TablesMade::alone : made;
  columns_.assign(width * stride, 0);
  lines_.resize(3 * width);
  none_.assign(3 * stride, 0);
  for (std::size_t k = 0; k < width; ++k) {
    for (std::size_t j = 0; j < width; ++j) columns_[j * stride + k] = network.w2[k * width + j];
    lines_[3 * k] = network.w1[2 * k];
    lines_[3 * k + 1] = network.w1[2 * k + 1];
    lines_[3 * k + 2] = network.b1[k];
    none_[2 * stride + k] = network.b2[k];
  }
  cells_.build(network, reach, threads);
  exact_.clear();
  rounded_.clear();
  complete(threads);
}

void Phi::complete(int threads) {
  const auto size = static_cast<std::size_t>(table_size());
  const auto before = static_cast<std::int64_t>(exact_.size() / size), count = cells_.count();
  exact_.resize(static_cast<std::size_t>(count) * size);
  rounded_.resize(static_cast<std::size_t>(count) * size);
  constexpr std::int64_t at_a_time = 16;
  const bool pays = (count - before) * width_ * padded_ > 2 * worth_threads;
  const std::int64_t pieces = (count - before + at_a_time - 1) / at_a_time;
  std::vector<double> largest(static_cast<std::size_t>(pieces), 0);
  parallel_for(pieces, pays ? threads : 1, [&](std::int64_t piece) {
    const std::int64_t first = before + piece * at_a_time;
    double& of_piece = largest[static_cast<std::size_t>(piece)];
    for (std::int64_t cell = first; cell < std::min(first + at_a_time, count); ++cell) {
      of_piece = std::max(of_piece, find_table(cell, made_ == TablesMade::alone || cell == first ? no_cell : cell - 1));
    }
  });
  for (const double of_piece : largest) largest_z_ = std::max(largest_z_, of_piece);
}

/// From the table of the previous cell if there is one and that takes less work. Returns what |z| is at most.
double Phi::find_table(std::int64_t cell, std::int64_t previous) {
  const auto size = static_cast<std::size_t>(table_size()), at = static_cast<std::size_t>(cell) * size;
  std::int32_t added[most_width], removed[most_width];
  std::int64_t active = 0, more = 0, less = 0;
  const Mask& mask = cells_.active(cell);
  const double* from = none_.data();
  if (previous != no_cell) {
    for (std::size_t word = 0; word < mask.size(); ++word) active += std::popcount(mask[word]);
    Mask differing = cells_.active(previous);
    for (std::size_t word = 0; word < mask.size(); ++word) differing[word] ^= mask[word];
    for_active(differing, [&](std::size_t j) {
      const bool is_added = is_active(mask, j);
      (is_added ? added[more] : removed[less]) = static_cast<std::int32_t>(j);
      ++(is_added ? more : less);
    });
    from = table(previous);
  }
  if (previous == no_cell || more + less > active) {
    more = less = 0;
    for_active(mask, [&](std::size_t j) { added[more++] = static_cast<std::int32_t>(j); });
    from = none_.data();
  }
  return kernel_->table(
      {.columns = columns_.data(), .lines = lines_.data(), .padded = padded_},
      {.values = from, .added = {.numbers = added, .count = more}, .removed = {.numbers = removed, .count = less}},
      static_cast<double>(reach_), {.exact = &exact_[at], .rounded = &rounded_[at]});
}

void Phi::sum(float* x, float* y, std::int64_t count, std::int32_t* found, bool exact, double* sums) const {
  const bool has_unknown = cells_.locate(x, y, count, found);
  std::int64_t known = has_unknown ? 0 : count;
  for (std::int64_t i = known; i < count; ++i) {
    if (found[i] == PlaneCells::unknown) continue;
    found[known] = found[i];
    std::swap(x[i], x[known]);
    std::swap(y[i], y[known]);
    ++known;
  }
  std::fill(sums, sums + padded_, 0.0);
  const PointsInCells points{.cells = found, .x = x, .y = y, .count = known};
  if (exact) {
    kernel_->exact_sum({exact_.data(), padded_}, points, sums);
  } else {
    kernel_->sum({rounded_.data(), padded_}, points, sums);
  }
  double z[most_width];
  for (std::int64_t i = known; i < count; ++i) {
    second_layer_of_unknown(x[i], y[i], z);
    for (int k = 0; k < width_; ++k) sums[k] += std::max(z[k], 0.0);
  }
}

/// Each z is off by three roundings of numbers up to largest_z, and the blocks of 32 velocities by one a sum.
double Phi::error_of_sum(std::int64_t count, const double* sums) const {
  const double rounding = 0x1p-24;
  return rounding * (6 * static_cast<double>(count) * largest_z_ + 32 * *std::max_element(sums, sums + padded_));
}

void Phi::add(PointsInCells points, double* sums) const { kernel_->exact_sum({exact_.data(), padded_}, points, sums); }

float Phi::second_layer(const float* x, const float* y, std::size_t count, float* z) const {
  const auto stride = static_cast<std::size_t>(padded_);
  float largest = 0;
  std::vector<std::int32_t> cells(count);
  cells_.locate(x, y, static_cast<std::int64_t>(count), cells.data());
  for (std::size_t i = 0; i < count; ++i, z += stride) {
    const std::int32_t cell = cells[i];
    if (cell != PlaneCells::unknown) {
      kernel_->affine({&rounded_[static_cast<std::size_t>(cell * table_size())], padded_}, x[i], y[i], z);
      continue;
    }
    double exact[most_width];
    second_layer_of_unknown(x[i], y[i], exact);
    std::fill(z, z + stride, 0.0f);
    for (int k = 0; k < width_; ++k) z[k] = static_cast<float>(exact[k]);
    largest = std::max(largest, *std::max_element(z, z + width_));
  }
  return largest;
}

void Phi::second_layer_of_unknown(float x, float y, double* z) const {
  const auto width = static_cast<std::size_t>(width_), stride = static_cast<std::size_t>(padded_);
  std::copy_n(&none_[2 * stride], width, z);
  for (std::size_t j = 0; j < width; ++j) {
    const double first =
        lines_[3 * j] * static_cast<double>(x) + lines_[3 * j + 1] * static_cast<double>(y) + lines_[3 * j + 2];
    if (!(first > 0)) continue;
    for (std::size_t k = 0; k < width; ++k) z[k] += columns_[j * stride + k] * first;
  }
}

/// T = sum over the active units j of columns[j] x lines[j]: what j is responsible for is the sum over its cells. Most
/// often j is active in a cell if it is in the one before, so that sums over all rows before each row give it, those
/// where the cells of j end less those where they begin.
void Phi::gradient(double* rows, const std::vector<std::int32_t>& cells, int threads,
                   const Network<float>& gradient) const {
  const auto width = static_cast<std::size_t>(width_), stride = static_cast<std::size_t>(padded_);
  const std::int64_t size = table_size(), count = static_cast<std::int64_t>(cells.size());
  const bool pays = size * count > worth_threads;
  parallel_for(3, pays ? threads : 1, [&](std::int64_t r) {
    for (std::int64_t row = 1; row < count; ++row) {
      double* sums = rows + row * size + r * padded_;
      for (std::int64_t k = 0; k < padded_; ++k) sums[k] += sums[k - size];
    }
  });
  parallel_for(width_ + 1, pays ? threads : 1, [&](std::int64_t unit) {
    std::vector<std::int32_t> ends, begins;  // the last rows of cells of the unit, the last before them
    std::vector<double> of_unit(static_cast<std::size_t>(size));
    bool was_active = false;
    for (std::int32_t row = 0; row < count; ++row) {
      const std::int32_t cell = cells[static_cast<std::size_t>(row)];
      const bool active = unit == width_ || is_active(cells_.active(cell), static_cast<std::size_t>(unit));
      if (active != was_active && row > 0) (active ? begins : ends).push_back(row - 1);
      was_active = active;
    }
    if (was_active) ends.push_back(static_cast<std::int32_t>(count - 1));
    kernel_->sum_rows({rows, count, size}, {.numbers = ends.data(), .count = static_cast<std::int64_t>(ends.size())},
                      {.numbers = begins.data(), .count = static_cast<std::int64_t>(begins.size())}, of_unit.data());
    if (unit == width_) {  // the bias is in every cell
      for (std::size_t k = 0; k < width; ++k) gradient.b2[k] = static_cast<float>(of_unit[2 * stride + k]);
      return;
    }
    const auto j = static_cast<std::size_t>(unit);
    const double* line = &lines_[3 * j];
    double of_line[3] = {};
    for (std::size_t k = 0; k < width; ++k) {
      double of_column = 0;
      for (std::size_t r = 0; r < 3; ++r) {
        of_column += of_unit[r * stride + k] * line[r];
        of_line[r] += of_unit[r * stride + k] * columns_[j * stride + k];
      }
      gradient.w2[k * width + j] = static_cast<float>(of_column);
    }
    gradient.w1[2 * j] = static_cast<float>(of_line[0]);
    gradient.w1[2 * j + 1] = static_cast<float>(of_line[1]);
    gradient.b1[j] = static_cast<float>(of_line[2]);
  });
}

}  // namespace hthm::deepsets
