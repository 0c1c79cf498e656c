// Steps of Adam: the algorithm in double, and the same bits at every level.
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "deepsets/adam.hpp"
#include "tests/simd_levels.hpp"

using namespace hthm::deepsets;

TEST_CASE("Adam's steps are those of the algorithm, and at every level the same") {
  constexpr std::size_t count = 53;
  constexpr double rate = 1e-2;
  std::vector<std::vector<float>> found;
  for (const hthm::Simd level : levels()) {
    std::mt19937_64 random{1};
    std::normal_distribution<float> normal;
    std::vector<float> weights(count, 1), mean(count), square(count), gradient(count);
    std::vector<double> w(count, 1), m(count), v(count);
    for (int step = 1; step <= 40; ++step) {
      for (std::size_t k = 0; k < count; ++k) {
        gradient[k] = normal(random) * std::ldexp(1.0F, static_cast<int>(k) - 26);
        const double g = gradient[k];
        m[k] = 0.9 * m[k] + 0.1 * g;
        v[k] = 0.999 * v[k] + 0.001 * g * g;
        w[k] -= rate * (m[k] / (1 - std::pow(0.9, step))) / (std::sqrt(v[k] / (1 - std::pow(0.999, step))) + 1e-8);
      }
      take_step(kernel(level), step, rate, gradient.data(),
                {weights.data(), mean.data(), square.data(), static_cast<std::int64_t>(count)});
    }
    for (std::size_t k = 0; k < count; ++k) CHECK(weights[k] == doctest::Approx(w[k]).epsilon(1e-5));
    found.push_back(weights);
  }
  for (const std::vector<float>& other : found) CHECK(other == found.front());
}
