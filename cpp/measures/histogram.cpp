#include "measures/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <utility>

#include "core/paced_array.hpp"
#include "core/stoppable_for.hpp"
#include "measures/frame_speeds.hpp"

namespace hthm {
namespace {

/// Frames a task: enough to hide the cost of handing it out, few enough to share evenly.
constexpr std::int64_t frames_per_task = 64;

template <class Body>
void for_each_frame(std::int64_t frames, int threads, StopRequest* stop, const Body& body) {
  const std::int64_t tasks = (frames + frames_per_task - 1) / frames_per_task;
  stoppable_for(tasks, threads, stop, [&](std::int64_t task) {
    Pace pace{stop};
    body(task * frames_per_task, std::min(frames, (task + 1) * frames_per_task), pace);
  });
}

/// Only values on a slow path come here: whatever a fast path accepts is finite.
void require_finite(const Vec& v) {
  if (!std::isfinite(v.x) || !std::isfinite(v.y)) {
    throw std::invalid_argument("velocities: must be finite, got NaN or infinity. Look for where they come from.");
  }
}

/// The bin of x by numpy's rule for explicit edges, or bins where x is out of range.
std::int64_t numpy_bin(const std::vector<double>& edges, double x) {
  const auto bins = static_cast<std::int64_t>(edges.size()) - 1;
  if (!(x >= edges.front() && x <= edges.back())) return bins;
  if (x == edges.back()) return bins - 1;
  return std::upper_bound(edges.begin(), edges.end(), x) - edges.begin() - 1;
}

/// The same for edges `step` apart up to rounding: guess by arithmetic, then correct against the edges themselves.
std::int64_t nearby_bin(const std::vector<double>& edges, double step, double x) {
  const auto bins = static_cast<std::int64_t>(edges.size()) - 1;
  if (!(x >= edges.front() && x <= edges.back())) return bins;
  auto k = std::min(static_cast<std::int64_t>((x - edges.front()) / step), bins - 1);
  while (x < edges[static_cast<std::size_t>(k)]) --k;
  while (k + 1 < bins && x >= edges[static_cast<std::size_t>(k) + 1]) ++k;
  return k;
}

}  // namespace

// ---- Speeds ---------------------------------------------------------------------------------------------------------

SpeedBins::SpeedBins(std::vector<double> edges)
    : edges_{std::move(edges)}, per_speed_{static_cast<double>(bins()) / edges_.back()}, sure_{bins()} {
  // Squares below 2^-900 or above 2^900 lose digits, and edges that are not equally spaced are not where they are
  // taken to be.
  bool is_regular = sure_.least * width() > 0x1p-450 && edges_.back() < 0x1p450;
  for (std::int64_t k = 0; k <= bins(); ++k) {
    const double place = edges_[static_cast<std::size_t>(k)] * per_speed_;
    is_regular = is_regular && std::abs(place - static_cast<double>(k)) < sure_.least / 4;
  }
  if (!is_regular) sure_.least = 1;  // never
}

template <class Found>
void SpeedBins::for_each(const Vec* velocities, std::int64_t n, const Found& found) const {
  // In two loops, of which the compiler makes the first one of vectors.
  constexpr std::int64_t block = 128;
  double places[block];
  for (std::int64_t first = 0; first < n; first += block) {
    const std::int64_t size = std::min(block, n - first);
    const Vec* of = velocities + first;
    for (std::int64_t i = 0; i < size; ++i) places[i] = place(of[i]);
    for (std::int64_t i = 0; i < size; ++i) found(first + i, bin(of[i], places[i]));
  }
}

void SpeedBins::count(const Vec* velocities, std::int64_t n, std::int64_t* counts) const {
  for_each(velocities, n, [counts](std::int64_t, std::int64_t bin) { ++counts[bin]; });
}

void SpeedBins::find(const Vec* velocities, std::int64_t n, std::int32_t* found) const {
  for_each(velocities, n, [found](std::int64_t k, std::int64_t bin) { found[k] = static_cast<std::int32_t>(bin); });
}

std::int64_t SpeedBins::exact(const Vec& v) const {
  require_finite(v);
  return numpy_bin(edges_, std::hypot(v.x, v.y));
}

void speed_counts(const SpeedBins& bins, const Vec* velocities, std::int64_t frames, std::int64_t n, int threads,
                  std::int64_t* counts, StopRequest* stop) {
  for_each_frame(frames, threads, stop, [&](std::int64_t first, std::int64_t last, Pace& pace) {
    FrameSpeeds speeds{bins, n, pace};
    for (std::int64_t frame = first; frame < last; ++frame) {
      pace.did(bins.bins());
      const std::vector<std::int64_t>& in_bin = speeds(velocities + frame * n);
      std::copy(in_bin.begin(), in_bin.end() - 1, counts + frame * bins.bins());
    }
  });
}

void speed_h(const SpeedBins& bins, const Vec* velocities, std::int64_t frames, std::int64_t n, int threads, double* h,
             std::int64_t* beyond, StopRequest* stop, const double* terms) {
  const CountEntropy entropy{n, stop, terms};
  for_each_frame(frames, threads, stop, [&](std::int64_t first, std::int64_t last, Pace& pace) {
    FrameSpeeds speeds{bins, n, pace};
    for (std::int64_t frame = first; frame < last; ++frame) {
      pace.did(bins.bins());
      const std::vector<std::int64_t>& in_bin = speeds(velocities + frame * n);
      h[frame] = entropy(in_bin.data(), bins.bins(), bins.width());
      beyond[frame] = in_bin.back();
    }
  });
}

// ---- H of counts ----------------------------------------------------------------------------------------------------

CountEntropy::CountEntropy(std::int64_t most, StopRequest* stop, const double* terms) {
  Pace pace{stop};
  if (terms) {
    terms_ = copied(terms, most + 1, pace);
    return;
  }
  terms_ = defaults<double>(most + 1, pace);
  in_pieces(1, most + 1, pace, [this](std::int64_t first, std::int64_t last) {
    for (std::int64_t c = first; c < last; ++c) {
      const auto count = static_cast<double>(c);
      terms_[static_cast<std::size_t>(c)] = count * std::log(count);
    }
  });
}

double CountEntropy::operator()(const std::int64_t* counts, std::int64_t bins, double cell) const {
  std::int64_t total = 0;
  double sum = 0;
  for (std::int64_t k = 0; k < bins; ++k) {
    total += counts[k];
    sum += terms_[static_cast<std::size_t>(counts[k])];
  }
  if (total == 0) return std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<double>(total);
  return sum / n - std::log(n * cell);
}

// ---- Velocities -----------------------------------------------------------------------------------------------------

namespace {

/// `sum` and half the squares of velocities (n,), added one after the other. A function of its own: in a lambda the sum
/// goes through memory, and velocity_h takes 13 % longer.
[[gnu::noinline]] double add_half_squares(double sum, const Vec* velocities, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) sum += norm2(velocities[i]) / 2;
  return sum;
}

double mean_square_half(const Vec* velocities, std::int64_t n, Pace& pace) {
  double sum = 0;
  in_pieces(0, n, pace, [&](std::int64_t first, std::int64_t last) {
    sum = add_half_squares(sum, velocities + first, last - first);
  });
  return sum / static_cast<double>(n);
}

/// x * 2^exponent, exact but at the ends of the range: there a finite number stays one, and what is not 0 keeps its
/// sign, so that it falls on the same side of an edge.
double times_power_of_two(double x, int exponent) {
  using limits = std::numeric_limits<double>;
  const double y = std::ldexp(x, exponent);
  if (y == 0 && x != 0) return std::copysign(limits::denorm_min(), x);
  return std::isinf(y) && std::isfinite(x) ? std::copysign(limits::max(), x) : y;
}

}  // namespace

VelocityCells::VelocityCells(const CountEntropy& entropy, std::int64_t n, std::int64_t bins, double reach)
    : entropy_{entropy},
      n_{n},
      bins_{bins},
      reach_{reach},
      counts_(static_cast<std::size_t>(bins * bins)),
      edges_(static_cast<std::size_t>(bins) + 1) {}

double VelocityCells::operator()(const Vec* velocities, const double* temperature, Pace& pace) {
  beyond_ = 0;
  const double t = temperature ? *temperature : mean_square_half(velocities, n_, pace);
  // Between these neither squares that count nor the area of a cell lose a digit.
  constexpr double least = 0x1p-900, most = 0x1p900;
  return t >= least && t <= most ? in_cells(velocities, t, pace) : rescaled(velocities, temperature, pace);
}

/// Add velocities (n,) to the counts.
void VelocityCells::count(const Vec* velocities, std::int64_t n, double step) {
  const double most = edges_.back(), per_step = 1 / step, end = static_cast<double>(bins_);
  const Sure sure{bins_};
  const auto place = [=](double x) {  // roughly: the number of its bin, and how far into it
    const double from_first = (x + most) * per_step, below_end = from_first < end ? from_first : end;  // nor NaN
    return below_end > 0 ? below_end : 0.0;
  };
  constexpr std::int64_t block = 128;
  Vec places[block];
  for (std::int64_t first = 0; first < n; first += block) {
    const std::int64_t size = std::min(block, n - first);
    const Vec* of = velocities + first;
    for (std::int64_t i = 0; i < size; ++i) places[i] = {place(of[i].x), place(of[i].y)};
    for (std::int64_t i = 0; i < size; ++i) {
      auto column = static_cast<std::int64_t>(places[i].x), row = static_cast<std::int64_t>(places[i].y);
      if (!sure.holds(places[i].x - static_cast<double>(column)) || !sure.holds(places[i].y - static_cast<double>(row)))
          [[unlikely]] {
        column = nearby_bin(edges_, step, of[i].x);
        row = nearby_bin(edges_, step, of[i].y);
        if (column == bins_ || row == bins_) {
          require_finite(of[i]);
          ++beyond_;
          continue;
        }
      }
      ++counts_[static_cast<std::size_t>(row * bins_ + column)];
    }
  }
}

double VelocityCells::in_cells(const Vec* velocities, double t, Pace& pace) {
  // numpy.linspace(-most, most, bins + 1), to the bit.
  const double most = reach_ * std::sqrt(t), step = 2 * most / static_cast<double>(bins_);
  for (std::int64_t k = 0; k < bins_; ++k) edges_[static_cast<std::size_t>(k)] = static_cast<double>(k) * step - most;
  edges_.back() = most;
  std::fill(counts_.begin(), counts_.end(), 0);
  in_pieces(0, n_, pace, [&](std::int64_t first, std::int64_t last) { count(velocities + first, last - first, step); });
  pace.did(bins_ * bins_);
  return entropy_(counts_.data(), bins_ * bins_, step * step);
}

double VelocityCells::rescaled(const Vec* velocities, const double* temperature, Pace& pace) {
  int exponent = 0;
  if (temperature) {
    if (!(*temperature > 0)) return std::numeric_limits<double>::quiet_NaN();
    static_cast<void>(std::frexp(*temperature, &exponent));
    exponent = (exponent - (exponent < 0)) / 2;
  } else {
    double largest = 0;
    in_pieces(0, n_, pace, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        require_finite(velocities[i]);
        largest = std::max({largest, std::abs(velocities[i].x), std::abs(velocities[i].y)});
      }
    });
    if (largest == 0) return std::numeric_limits<double>::quiet_NaN();
    static_cast<void>(std::frexp(largest, &exponent));
  }
  std::vector<Vec> scaled;
  scaled.reserve(static_cast<std::size_t>(n_));
  in_pieces(0, n_, pace, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      scaled.push_back(
          {times_power_of_two(velocities[i].x, -exponent), times_power_of_two(velocities[i].y, -exponent)});
    }
  });
  const double t = temperature ? std::ldexp(*temperature, -2 * exponent) : mean_square_half(scaled.data(), n_, pace);
  return in_cells(scaled.data(), t, pace) - 2 * exponent * std::numbers::ln2;
}

void velocity_h(const Vec* velocities, std::int64_t frames, std::int64_t n, const double* temperature,
                std::int64_t bins, double reach, int threads, double* h, std::int64_t* beyond, StopRequest* stop,
                const double* terms) {
  const CountEntropy entropy{n, stop, terms};
  for_each_frame(frames, threads, stop, [&](std::int64_t first, std::int64_t last, Pace& pace) {
    VelocityCells h_of{entropy, n, bins, reach};
    for (std::int64_t frame = first; frame < last; ++frame) {
      h[frame] = h_of(velocities + frame * n, temperature ? temperature + frame : nullptr, pace);
      beyond[frame] = h_of.beyond();
    }
  });
}

}  // namespace hthm
