#include "deepsets/bounds.hpp"

#include <algorithm>
#include <numeric>

#include "core/parallel.hpp"

namespace hthm::deepsets {
namespace {

constexpr auto padded_nodes = static_cast<std::size_t>(padded(SketchGrid::nodes));

/// Fine squares along a side of a coarse one, for units that need them: more where frames are not likely to be settled
/// by their sketches but disk by disk.
constexpr int finer = 2, finest = 3;

}  // namespace

void Bounds::build(const Network<const float>& network, const Phi& phi, const FrameStore& frames, const Kernel& kernel,
                   int threads) {
  const std::vector<SketchRange>& ranges = frames.sketch_ranges();
  kernel_ = &kernel;
  width_ = network.width;
  reach_ = frames.reach();
  unit_ = static_cast<float>(ranges.front().unit);
  known_.assign(ranges.size(), {});
  std::vector<std::int32_t> units(static_cast<std::size_t>(width_));
  std::iota(units.begin(), units.end(), 0);
  layers_.build(network, kernel, threads);
  coarse_.build(layers_, std::move(units), 1, phi, frames, kernel, threads);
  const bool is_close = settle(coarse_, ranges, threads);
  units = uncertain_units();
  if (!units.empty()) {
    fine_.build(layers_, std::move(units), is_close ? finest : finer, phi, frames, kernel, threads);
    settle(fine_, ranges, threads);
  }
  find_rows(threads);
}

/// Which units of an envelope are active in all frames of a range, and in none; returns whether a unit is close to
/// zero.
bool Bounds::settle(const Envelope& envelope, const std::vector<SketchRange>& ranges, int threads) {
  std::vector<char> is_close(ranges.size(), 0);
  parallel_for(static_cast<std::int64_t>(ranges.size()), threads, [&](std::int64_t range) {
    double low[most_width], high[most_width];
    Known& known = known_[static_cast<std::size_t>(range)];
    const auto r = static_cast<std::size_t>(range);
    is_close[r] = envelope.bound(ranges[r], low, high) ? 1 : 0;
    for (std::size_t u = 0; u < envelope.units().size(); ++u) {
      const auto unit = static_cast<std::size_t>(envelope.units()[u]);
      if (low[u] > 0) activate(known.always_active, unit);
      if (high[u] <= 0) activate(known.never_active, unit);
    }
    known.uncertain.clear();
    for (std::int32_t k = 0; k < width_; ++k) {
      const auto unit = static_cast<std::size_t>(k);
      if (!is_active(known.always_active, unit) && !is_active(known.never_active, unit)) known.uncertain.push_back(k);
    }
  });
  return std::find(is_close.begin(), is_close.end(), 1) != is_close.end();
}

/// In any range.
std::vector<std::int32_t> Bounds::uncertain_units() const {
  std::vector<std::int32_t> units;
  for (const Known& known : known_) units.insert(units.end(), known.uncertain.begin(), known.uncertain.end());
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
  return units;
}

/// Of the units that are still uncertain, what frames are bounded by, unit by unit.
void Bounds::find_rows(int threads) {
  const std::vector<std::int32_t> units = uncertain_units();
  const auto row_of = [](const std::vector<std::int32_t>& among, std::int32_t unit) {
    return std::lower_bound(among.begin(), among.end(), unit) - among.begin();
  };
  rows_.assign(known_.size(), {});
  for (std::size_t range = 0; range < known_.size(); ++range) {
    for (const std::int32_t unit : known_[range].uncertain) {
      rows_[range].push_back(static_cast<std::int32_t>(row_of(units, unit)));
    }
  }
  units_.clear();
  for (const std::int32_t unit : units) units_.push_back(static_cast<std::size_t>(row_of(fine_.units(), unit)));
  const std::size_t squares = fine_.fine_side() * fine_.fine_side();
  lows_.resize(units.size() * padded_nodes);
  highs_.resize(lows_.size());
  interpolants_.resize(units.size() * squares * 4);
  errors_.resize(units.size() * squares);
  parallel_for(static_cast<std::int64_t>(units.size()), threads, [&](std::int64_t row) {
    const auto u = static_cast<std::size_t>(row);
    fine_.copy(units_[u], &lows_[u * padded_nodes], &highs_[u * padded_nodes], &interpolants_[u * squares * 4],
               &errors_[u * squares]);
  });
}

void Bounds::of_disks(const float* x, const float* y, std::int64_t n, std::size_t range, std::size_t uncertain,
                      double& low, double& high) const {
  const auto row = static_cast<std::size_t>(rows_[range][uncertain]);
  const std::size_t side = fine_.fine_side(), unit = units_[row];
  const auto [sum, error] = kernel_->interpolate({.reach = static_cast<float>(reach_),
                                                  .side = static_cast<std::int64_t>(side),
                                                  .coefficients = &interpolants_[row * side * side * 4],
                                                  .errors = &errors_[row * side * side]},
                                                 {.x = x, .y = y, .count = n});
  low = fine_.bias(unit) + sum - error * 1.001 - fine_.slack(unit);
  high = fine_.bias(unit) + sum + error * 1.001 + fine_.slack(unit);
}

void Bounds::of(const std::uint16_t* sketch, std::size_t range, double* low, double* high) const {
  const std::vector<std::int32_t>& rows = rows_[range];
  kernel_->bound_sums(sketch, {.lows = lows_.data(), .highs = highs_.data()},
                      {.numbers = rows.data(), .count = static_cast<std::int64_t>(rows.size())}, low, high);
  for (std::size_t u = 0; u < rows.size(); ++u) {
    const std::size_t unit = units_[static_cast<std::size_t>(rows[u])];
    low[u] = fine_.bias(unit) + low[u] * static_cast<double>(unit_) - fine_.slack(unit);
    high[u] = fine_.bias(unit) + high[u] * static_cast<double>(unit_) + fine_.slack(unit);
  }
}

}  // namespace hthm::deepsets
