// Bins by numpy's rule, H of the counts.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

#include "measures/histogram.hpp"

using hthm::SpeedBins;
using hthm::Vec;

namespace {

/// numpy.linspace(0, most, bins + 1).
std::vector<double> edges_up_to(double most, std::int64_t bins) {
  std::vector<double> edges;
  const double step = most / static_cast<double>(bins);
  for (std::int64_t k = 0; k < bins; ++k) edges.push_back(static_cast<double>(k) * step);
  edges.push_back(most);
  return edges;
}

/// The rule read aloud: the last edge not above s, the right end belonging to the last bin; bins where there is none.
std::int64_t bin_by_the_rule(const std::vector<double>& edges, const Vec& v) {
  const double s = std::hypot(v.x, v.y);
  const auto bins = static_cast<std::int64_t>(edges.size()) - 1;
  if (s > edges.back()) return bins;
  const auto not_above = std::count_if(edges.begin(), edges.end(), [&](double edge) { return edge <= s; });
  return std::min(static_cast<std::int64_t>(not_above) - 1, bins - 1);
}

}  // namespace

TEST_CASE("speeds on every edge and some ulp either side are binned by numpy's rule") {
  const double s0 = 35 * 0.005 / std::sqrt(2.0);
  for (const double most : {2 * s0, 1.0, 3e-5, 1e10}) {
    for (const std::int64_t bins : {1, 7, 50}) {
      const std::vector<double> edges = edges_up_to(most, bins);
      const SpeedBins bin_of{edges};
      for (const double edge : edges) {
        for (const double angle : {0.0, 0.3, 0.785398, 1.1, 1.5707963267948966, 2.5, -3.0}) {
          double below = edge;
          for (int k = 0; k < 4; ++k) below = std::nextafter(below, 0);
          for (int ulp = -4; ulp <= 4; ++ulp, below = std::nextafter(below, 2 * most)) {
            const Vec v{below * std::cos(angle), below * std::sin(angle)};
            CAPTURE(edge);
            CAPTURE(ulp);
            CAPTURE(angle);
            CHECK(bin_of(v) == bin_by_the_rule(edges, v));
          }
        }
      }
    }
  }
}

TEST_CASE("random speeds are binned by numpy's rule") {
  const std::vector<double> edges = edges_up_to(0.25, 50);
  const SpeedBins bin_of{edges};
  std::mt19937_64 random{5};
  std::normal_distribution<double> component{0, 0.1};
  for (int k = 0; k < 20'000; ++k) {
    const Vec v{component(random), component(random)};
    CHECK(bin_of(v) == bin_by_the_rule(edges, v));
  }
}

TEST_CASE("speed zero and subnormal speeds are in the first bin, infinity and NaN are refused") {
  const SpeedBins bin_of{edges_up_to(0.25, 50)};
  CHECK(bin_of({0, -0.0}) == 0);
  CHECK(bin_of({0, std::numeric_limits<double>::denorm_min()}) == 0);
  CHECK(bin_of({1e200, 1e200}) == 50);
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const Vec v : {Vec{infinity, 0}, Vec{0, nan}, Vec{infinity, nan}}) {
    CHECK_THROWS_AS(bin_of(v), std::invalid_argument);
  }
}

TEST_CASE("H of counts is the sum of p ln p over the cells") {
  const std::vector<std::int64_t> counts{3, 0, 1, 4};
  const double cell = 0.5;
  double expected = 0;
  for (const std::int64_t count : counts) {
    if (count == 0) continue;
    const double p = static_cast<double>(count) / (8 * cell);
    expected += p * std::log(p) * cell;
  }
  CHECK(std::abs(hthm::CountEntropy{8}(counts.data(), 4, cell) - expected) < 1e-15);
  const std::vector<std::int64_t> none(4);
  CHECK(std::isnan(hthm::CountEntropy{8}(none.data(), 4, cell)));
}

TEST_CASE("counts and H have the same bits for any number of threads") {
  const std::int64_t frames = 500, n = 20, bins = 50;
  std::mt19937_64 random{9};
  std::normal_distribution<double> component{0, 0.08};
  std::vector<Vec> velocities;
  for (std::int64_t i = 0; i < frames * n; ++i) velocities.push_back({component(random), component(random)});
  const SpeedBins speed_bins{edges_up_to(0.25, bins)};

  std::vector<std::int64_t> expected, expected_beyond;
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(bins) + 1);
    for (std::int64_t i = 0; i < n; ++i) {
      ++counts[static_cast<std::size_t>(speed_bins(velocities[static_cast<std::size_t>(frame * n + i)]))];
    }
    expected.insert(expected.end(), counts.begin(), counts.end() - 1);
    expected_beyond.push_back(counts.back());
  }
  std::vector<double> first_h, first_velocity_h;
  for (const int threads : {1, 2, 4, 7}) {
    CAPTURE(threads);
    std::vector<std::int64_t> counts(static_cast<std::size_t>(frames * bins));
    std::vector<double> h(static_cast<std::size_t>(frames)), velocity_h(static_cast<std::size_t>(frames));
    hthm::speed_counts(speed_bins, velocities.data(), frames, n, threads, counts.data());
    std::vector<std::int64_t> beyond(static_cast<std::size_t>(frames)), beyond_cells(beyond.size());
    hthm::speed_h(speed_bins, velocities.data(), frames, n, threads, h.data(), beyond.data());
    hthm::velocity_h(velocities.data(), frames, n, nullptr, bins, 4, threads, velocity_h.data(), beyond_cells.data());
    if (threads == 1) {
      first_h = h;
      first_velocity_h = velocity_h;
    }
    CHECK(counts == expected);
    CHECK(beyond == expected_beyond);
    CHECK(h == first_h);
    CHECK(velocity_h == first_velocity_h);
  }
}

TEST_CASE("a velocity that is not finite is refused wherever it is") {
  std::vector<Vec> velocities(200 * 3, Vec{0.1, 0.1});
  velocities[500].y = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> h(200);
  std::vector<std::int64_t> beyond(200);
  CHECK_THROWS_AS(
      hthm::speed_h(SpeedBins{edges_up_to(0.25, 50)}, velocities.data(), 200, 3, 2, h.data(), beyond.data()),
      std::invalid_argument);
  CHECK_THROWS_AS(hthm::velocity_h(velocities.data(), 200, 3, nullptr, 50, 4, 2, h.data(), beyond.data()),
                  std::invalid_argument);
}

TEST_CASE("velocities and temperatures times a power of two move H by its logarithm, wherever squares end") {
  constexpr std::int64_t n = 400;
  std::mt19937_64 random{3};
  std::normal_distribution<double> component{0, 1};
  std::vector<Vec> velocities;
  for (std::int64_t i = 0; i < n; ++i) velocities.push_back({component(random), component(random)});
  const hthm::CountEntropy entropy{n};
  hthm::Pace pace{nullptr};
  hthm::VelocityCells h_of{entropy, n, 50, 4};
  const double own = h_of(velocities.data(), nullptr, pace), temperature = 1.25,
               at_one = h_of(velocities.data(), &temperature, pace);
  for (const int exponent : {-960, -530, -451, -449, 449, 451, 530, 1000}) {
    CAPTURE(exponent);
    std::vector<Vec> scaled;
    for (const Vec& v : velocities) scaled.push_back({std::ldexp(v.x, exponent), std::ldexp(v.y, exponent)});
    const double shift = 2 * exponent * std::log(2.0);
    CHECK(h_of(scaled.data(), nullptr, pace) == doctest::Approx(own - shift).epsilon(1e-14));
    if (std::abs(exponent) < 512) {
      const double t = std::ldexp(temperature, 2 * exponent);
      CHECK(h_of(scaled.data(), &t, pace) == doctest::Approx(at_one - shift).epsilon(1e-14));
    }
  }
}

TEST_CASE("frames that follow each other have the counts of each alone, however much changes between them") {
  const double s0 = 35 * 0.005 / std::sqrt(2.0);
  const SpeedBins bins{edges_up_to(2 * s0, 50)};
  std::mt19937_64 random{31};
  std::uniform_real_distribution<double> uniform, angle{0, 6.3};
  std::uniform_int_distribution<std::int64_t> edge{0, 50}, ulps{-1, 1};
  const auto velocity = [&] {  // at an edge, next to it, anywhere, or out of range
    const double s =
        static_cast<double>(edge(random)) * (2 * s0 / 50) * (1 + static_cast<double>(ulps(random)) * 0x1p-52);
    const double kind = uniform(random), a = angle(random);
    if (kind < 0.3) return Vec{s, 0};
    if (kind < 0.6) return Vec{s * std::cos(a), s * std::sin(a)};
    return Vec{3 * s0 * uniform(random), -s0 * uniform(random)};
  };
  for (const std::int64_t n : {1, 7, 8, 203}) {
    constexpr std::int64_t frames = 300;  // tasks of several threads
    std::vector<Vec> velocities;
    std::vector<std::int64_t> expected(frames * 50, 0);
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      // Nothing changes, some, all at times, and all for several frames in a row.
      const double share = frame % 50 > 40 || frame % 17 == 0 ? 1 : frame % 5 == 0 ? 0 : 0.2 * uniform(random);
      for (std::int64_t i = 0; i < n; ++i) {
        const bool changes = frame == 0 || uniform(random) < share;
        velocities.push_back(changes ? velocity() : velocities[velocities.size() - static_cast<std::size_t>(n)]);
        const std::int64_t bin = bin_by_the_rule(edges_up_to(2 * s0, 50), velocities.back());
        if (bin < 50) ++expected[static_cast<std::size_t>(frame * 50 + bin)];
      }
    }
    for (const int threads : {1, 2, 4, 7}) {
      std::vector<std::int64_t> counts(frames * 50, -1);
      hthm::speed_counts(bins, velocities.data(), frames, n, threads, counts.data());
      CHECK(counts == expected);
    }
    velocities[static_cast<std::size_t>((frames - 7) * n)].y = std::nan("");
    std::vector<std::int64_t> counts(frames * 50);
    CHECK_THROWS_AS(hthm::speed_counts(bins, velocities.data(), frames, n, 2, counts.data()), std::invalid_argument);
  }
}
