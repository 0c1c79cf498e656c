#include "deepsets/sketch.hpp"

#include <algorithm>
#include <cmath>

namespace hthm::deepsets {

Sketcher::Sketcher(double reach, std::int64_t n)
    : reach_(reach), per_width_(SketchGrid::side / (2 * reach)), unit_(SketchGrid::unit(n)) {}

void Sketcher::change(float x, float y, int sign) {
  const double u = (x + reach_) * per_width_, v = (y + reach_) * per_width_;
  const int i = std::clamp(static_cast<int>(u), 0, SketchGrid::side - 1);
  const int j = std::clamp(static_cast<int>(v), 0, SketchGrid::side - 1);
  const double a = u - i, b = v - j;
  double* corner = weights_ + i * (SketchGrid::side + 1) + j;
  corner[0] += sign * (1 - a) * (1 - b);
  corner[1] += sign * (1 - a) * b;
  corner[SketchGrid::side + 1] += sign * a * (1 - b);
  corner[SketchGrid::side + 2] += sign * a * b;
  counts_[i * SketchGrid::side + j] += sign;
}

void Sketcher::write(std::vector<std::uint16_t>& out) const {
  for (const double weight : weights_) {
    out.push_back(static_cast<std::uint16_t>(std::lround(std::clamp(weight / unit_, 0.0, 65535.0))));
  }
  for (const std::int64_t count : counts_) out.push_back(static_cast<std::uint16_t>(count));
}

}  // namespace hthm::deepsets
