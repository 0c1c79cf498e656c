#include "deepsets/sketch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hthm::deepsets {

Sketcher::Sketcher(double reach) : reach_(reach), per_width_(SketchGrid::side / (2 * reach)) {}

void Sketcher::change(float x, float y, int sign) {
  const double u = (x + reach_) * per_width_, v = (y + reach_) * per_width_;
  const int i = std::clamp(static_cast<int>(u), 0, SketchGrid::side - 1);
  const int j = std::clamp(static_cast<int>(v), 0, SketchGrid::side - 1);
  visited_[static_cast<std::size_t>(i * SketchGrid::side + j)] = 1;
  const double a = u - i, b = v - j;
  double* corner = weights_ + i * (SketchGrid::side + 1) + j;
  corner[0] += sign * (1 - a) * (1 - b);
  corner[1] += sign * (1 - a) * b;
  corner[SketchGrid::side + 1] += sign * a * (1 - b);
  corner[SketchGrid::side + 2] += sign * a * b;
}

bool Sketcher::write(double unit, std::vector<std::uint16_t>& out) const {
  constexpr double most = std::numeric_limits<std::uint16_t>::max();
  if (*std::max_element(weights_, weights_ + SketchGrid::nodes) > most * unit) return false;
  for (const double weight : weights_) {
    out.push_back(static_cast<std::uint16_t>(std::max(weight / unit, 0.0) + 0.5));
  }
  return true;
}

void SketchExtent::add(const std::vector<char>& visited) {
  constexpr auto side = static_cast<std::size_t>(SketchGrid::side);
  for (std::size_t i = 0; i < side; ++i) {
    for (std::size_t j = 0; j < side; ++j) {
      if (visited[i * side + j] == 0) continue;
      rows[i] = rows[i].end == 0 ? Row{j, j + 1} : Row{std::min(rows[i].first, j), std::max(rows[i].end, j + 1)};
    }
  }
}

SketchExtent::Row SketchExtent::of_nodes(std::size_t row) const {
  const Row before = row == 0 ? Row{} : rows[row - 1], after = row == rows.size() ? Row{} : rows[row];
  if (before.end == 0 && after.end == 0) return {};
  if (before.end == 0) return {after.first, after.end + 1};
  if (after.end == 0) return {before.first, before.end + 1};
  return {std::min(before.first, after.first), std::max(before.end, after.end) + 1};
}

double SketchRange::distance(const Sketcher& sketcher) const {
  double square = 0;
  for (std::size_t g = 0; g < mean.size(); ++g) {
    if (spread[g] == 0) continue;
    const double off = (sketcher.weights()[g] - mean[g]) / spread[g];
    square += off * off;
  }
  return std::sqrt(square);
}

}  // namespace hthm::deepsets
