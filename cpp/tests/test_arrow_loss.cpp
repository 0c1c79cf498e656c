// The loss of whole runs and its gradient are those of the definition, at every instruction set.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

#include "core/narrow.hpp"
#include "deepsets/arrow_loss.hpp"
#include "tests/random_networks.hpp"
#include "tests/simd_levels.hpp"

namespace {
using namespace hthm::deepsets;

/// A run drawn at random: some disks change twice in a step, some steps change none.
struct Example {
  Example(std::int64_t n, std::int64_t steps, std::int64_t changes, std::int64_t count, std::uint64_t seed)
      : parts_count(count) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    const auto below = [&](std::int64_t most) {
      return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most));
    };
    for (std::int64_t k = 0; k < 2 * (n + changes); ++k) velocities.push_back(static_cast<float>(0.4 * normal(random)));
    for (std::int64_t k = 0; k < changes; ++k) step.push_back(below(steps));
    std::sort(step.begin(), step.end());
    for (std::int64_t k = 0; k < changes; ++k) disks.push_back(static_cast<std::int32_t>(below(n)));
    for (std::int64_t k = 0; k < n; ++k) parts.push_back(std::min(k * 7 % n / (n / count), count));
    run.emplace(n, steps, disks.data(), step.data(), changes);
  }

  SeenRun seen() const { return {&*run, velocities.data(), parts_count == 1 ? nullptr : parts.data(), parts_count}; }

  std::int64_t parts_count;
  std::vector<float> velocities;
  std::vector<std::int32_t> disks;
  std::vector<std::int64_t> step, parts;
  std::optional<WholeRun> run;
};

/// h of some disks in double, and its gradient times `weight` added to `gradient`.
double plain_h(const Network<const float>& net, const SmoothForm& form, const std::vector<const float*>& disks,
               double weight, std::vector<double>& gradient) {
  const auto d = static_cast<std::size_t>(net.width);
  const double n = static_cast<double>(disks.size()), pooling = form.mean ? 1 / n : 1, size = form.extensive ? n : 1;
  const auto logistic = [](double z) { return 1 / (1 + std::exp(-z)); };
  const auto slope = [&](double z) { return logistic(z) * (1 + z * (1 - logistic(z))); };
  std::vector<double> first(disks.size() * d), second(disks.size() * d), pooled(d, 0), of_pooled(d, 0);
  for (std::size_t i = 0; i < disks.size(); ++i) {
    const double x = disks[i][0] / form.scale, y = disks[i][1] / form.scale;
    for (std::size_t j = 0; j < d; ++j) first[i * d + j] = net.w1[2 * j] * x + net.w1[2 * j + 1] * y + net.b1[j];
    for (std::size_t k = 0; k < d; ++k) {
      double z = net.b2[k];
      for (std::size_t j = 0; j < d; ++j) z += net.w2[k * d + j] * first[i * d + j] * logistic(first[i * d + j]);
      second[i * d + k] = z;
      pooled[k] += pooling * z * logistic(z);
    }
  }
  const Network<double> to(gradient.data(), net.width);
  double h = *net.b4;
  for (std::size_t k = 0; k < d; ++k) {
    double z = net.b3[k];
    for (std::size_t j = 0; j < d; ++j) z += net.w3[k * d + j] * pooled[j];
    h += net.w4[k] * z * logistic(z);
    to.w4[k] += weight * size * z * logistic(z);
    const double by_z = weight * size * net.w4[k] * slope(z);
    to.b3[k] += by_z;
    for (std::size_t j = 0; j < d; ++j) {
      to.w3[k * d + j] += by_z * pooled[j];
      of_pooled[j] += by_z * net.w3[k * d + j] * pooling;
    }
  }
  for (std::size_t i = 0; i < disks.size(); ++i) {
    for (std::size_t k = 0; k < d; ++k) {
      const double by_second = of_pooled[k] * slope(second[i * d + k]);
      to.b2[k] += by_second;
      for (std::size_t j = 0; j < d; ++j) {
        const double z = first[i * d + j], by_first = by_second * net.w2[k * d + j] * slope(z);
        to.w2[k * d + j] += by_second * z * logistic(z);
        to.w1[2 * j] += by_first * disks[i][0] / form.scale;
        to.w1[2 * j + 1] += by_first * disks[i][1] / form.scale;
        to.b1[j] += by_first;
      }
    }
  }
  return size * h;
}

/// Disks of a part after so many steps.
std::vector<const float*> state(const Example& example, std::int64_t part, std::int64_t steps) {
  std::vector<const float*> all, chosen;
  for (std::int64_t i = 0; i < example.run->n(); ++i)
    all.push_back(&example.velocities[static_cast<std::size_t>(2 * i)]);
  for (std::size_t c = 0; c < example.disks.size() && example.step[c] < steps; ++c) {
    all[static_cast<std::size_t>(example.disks[c])] = &example.velocities[2 * (all.size() + c)];
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (example.parts_count == 1 || example.parts[i] == part) chosen.push_back(all[i]);
  }
  return chosen;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, norm = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    difference += (a[k] - b[k]) * (a[k] - b[k]);
    norm += b[k] * b[k];
  }
  return std::sqrt(difference / norm);
}

}  // namespace

TEST_CASE("loss, gradient and Delta h are those of the definition") {
  std::mt19937_64 random(1);
  const SmoothForm forms[] = {{0.5F, true, true}, {1, false, false}};
  for (const int width : {1, 6, 17, 40}) {
    for (const std::int64_t count : {1, 3}) {
      const SmoothForm& form = forms[count == 1 ? 0 : 1];
      const Example example(20, 130, 150, count, 5);
      const std::vector<float> weights = random_weights(width, random);
      const Network<const float> network(weights.data(), width);
      const StepLoss loss{width != 17, 0.3, 0.1};
      std::vector<std::int64_t> chosen;
      for (std::int64_t term = 0; term < 130 * count; term += 1 + term % 3) chosen.push_back(term);
      std::vector<double> expected(weights.size(), 0), none(weights.size(), 0), changes;
      for (std::int64_t step = 0; step < 130; ++step) {
        for (std::int64_t part = 0; part < count; ++part) {
          changes.push_back(plain_h(network, form, state(example, part, step + 1), 0, none) -
                            plain_h(network, form, state(example, part, step), 0, none));
        }
      }
      const double total = static_cast<double>(chosen.size());
      double value = 0;
      for (const std::int64_t term : chosen) {
        const double x = changes[static_cast<std::size_t>(term)], fall = x < 0 ? 1 : 0.3;
        value += ((loss.logistic ? std::log1p(std::exp(-x)) : -fall * x) + 0.1 * x * x) / total;
        const double g = ((loss.logistic ? -1 / (1 + std::exp(x)) : -fall) + 0.2 * x) / total;
        plain_h(network, form, state(example, term % count, term / count + 1), g, expected);
        plain_h(network, form, state(example, term % count, term / count), -g, expected);
      }
      for (const hthm::Simd level : levels()) {
        ArrowLoss ours(level);
        std::vector<double> gradient(weights.size(), 0), again(weights.size(), 0), found(changes.size());
        const TermsOfLoss terms{chosen.data(), static_cast<std::int64_t>(chosen.size()), total};
        CHECK(ours(network, form, example.seen(), loss, terms, 1, gradient.data()) ==
              doctest::Approx(value).epsilon(1e-6));
        CHECK(distance(gradient, expected) < 1e-5);
        ours(network, form, example.seen(), loss, terms, 3, again.data());
        CHECK(gradient == again);
        ours.change(network, form, example.seen(), 2, found.data());
        CHECK(distance(found, changes) < 1e-5);
      }
    }
  }
}

TEST_CASE("steps that change everything, and weights beyond what an exponential holds") {
  std::mt19937_64 random(2);
  for (const float large : {1e-3F, 30.0F}) {
    const Example example(2, 300, 600, 1, 9);  // h jumps
    std::vector<float> weights = random_weights(8, random);
    for (float& w : weights) w *= large;
    const Network<const float> network(weights.data(), 8);
    const SmoothForm form{0.1F, true, true};
    std::vector<double> none(weights.size(), 0), expected, found(300);
    for (std::int64_t step = 0; step < 300; ++step) {
      expected.push_back(plain_h(network, form, state(example, 0, step + 1), 0, none) -
                         plain_h(network, form, state(example, 0, step), 0, none));
    }
    for (const hthm::Simd level : levels()) {
      ArrowLoss(level).change(network, form, example.seen(), 1, found.data());
      CHECK(distance(found, expected) < 1e-4);  // the rounding of phi, times large weights
    }
  }
}

TEST_CASE("weights that are not finite give NaN, a run without changes gives ln 2, and a wish to stop is heard") {
  std::mt19937_64 random(3);
  std::vector<float> weights = random_weights(5, random);
  const Network<const float> network(weights.data(), 5);
  const SmoothForm form{1, true, true};
  const StepLoss loss{true, 1, 0};
  const Example still(4, 10, 0, 1, 1), moving(400, 500, 3000, 1, 1);
  ArrowLoss ours(hthm::simd_level());
  std::vector<double> gradient(weights.size(), 0);
  CHECK(ours(network, form, still.seen(), loss, {nullptr, 0, 10}, 1, gradient.data()) == doctest::Approx(std::log(2)));
  CHECK(gradient == std::vector<double>(weights.size(), 0));
  hthm::StopRequest at_once{[] { return true; }};
  const TermsOfLoss all{nullptr, 0, 500};
  CHECK_THROWS_AS(ours(network, form, moving.seen(), loss, all, 2, gradient.data(), &at_once), hthm::Stopped);
  weights[3] = std::numeric_limits<float>::infinity();
  CHECK(std::isnan(ours(network, form, moving.seen(), loss, all, 1, gradient.data())));
  CHECK(std::isnan(gradient[0]));
}

TEST_CASE("runs with more states than have numbers are refused") {
  const std::int64_t most = hthm::largest<std::int32_t>;
  CHECK_THROWS_AS(WholeRun(most, 1, nullptr, nullptr, 0), std::length_error);
}
