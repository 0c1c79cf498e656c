// The velocities of a batch by cell against sums over them one by one.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "deepsets/terms.hpp"
#include "tests/simd_levels.hpp"

namespace {
using namespace hthm::deepsets;

TEST_CASE("terms by cell give changes of functionals of phi, its weighted sums, and gradients of tables") {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<float> component(-1, 1);
  constexpr int width = 20, count = 1500, patterns = 3, functionals = 7;
  std::vector<float> weights(static_cast<std::size_t>(Network<float>::size(width)));
  for (float& weight : weights) weight = component(random);
  const auto stride = static_cast<std::size_t>(padded(width));
  Velocities velocities;
  velocities.resize(count);
  Uses uses;
  std::vector<double> slopes(patterns * stride), of(functionals * stride);
  for (std::vector<double>* numbers : {&slopes, &of}) {
    for (std::size_t k = 0; k < numbers->size(); ++k) (*numbers)[k] = k % stride < width ? component(random) : 0;
  }
  for (const hthm::Simd level : levels()) {
    Phi phi;
    phi.build(Network<const float>(weights.data(), width), 1, kernel(level), 2, TablesMade::in_turn);
    uses.weights.clear();
    uses.patterns.clear();
    for (std::size_t i = 0; i < count; ++i) {
      velocities.x[i] = i % 10 == 0 ? 0.5f : component(random);  // some are alike, so that a cell has more than one row
      velocities.y[i] = i % 10 == 0 ? 0.25f : component(random) * 0.1f;
      velocities.cells[i] =
          i % 7 == 3 ? Velocities::nowhere : phi.cells().locate_or_add(velocities.x[i], velocities.y[i]);
      velocities.uses[i] = static_cast<std::int32_t>(i);
      uses.weights.push_back(component(random));
      uses.patterns.push_back(static_cast<std::int32_t>(i % patterns));
    }
    phi.complete(2);
    Terms terms;
    terms.sort(velocities, phi.cells().count(), 3);
    const auto table_size = static_cast<std::size_t>(phi.table_size()), rows = static_cast<std::size_t>(terms.rows());
    std::vector<double> changes(count / 2 * functionals), gradients(rows * table_size), sums(patterns * stride, 0);
    terms.compare(phi, kernel(level), {of.data(), functionals, static_cast<std::int64_t>(stride)}, count / 2, 2,
                  nullptr, changes.data());
    terms.gradient(phi, kernel(level), uses, {slopes.data(), patterns, static_cast<std::int64_t>(stride)}, 2, nullptr,
                   gradients.data(), sums.data());

    std::vector<double> by_cell(static_cast<std::size_t>(phi.cells().count()) * table_size, 0), expected(by_cell);
    std::vector<double> expected_sums(sums.size(), 0), expected_changes(changes.size(), 0);
    for (std::size_t r = 0; r < rows; ++r) {
      double* of_cell =
          &by_cell[static_cast<std::size_t>(terms.cell_of_row(static_cast<std::int64_t>(r))) * table_size];
      for (std::size_t k = 0; k < table_size; ++k) of_cell[k] += gradients[r * table_size + k];
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (velocities.cells[i] == Velocities::nowhere) continue;
      const double v[3] = {velocities.x[i], velocities.y[i], 1};
      const double* table = phi.table(velocities.cells[i]);
      const auto at = static_cast<std::size_t>(velocities.cells[i]) * table_size, pattern = i % patterns * stride;
      const double sign = i % 2 == 0 ? 1 : -1;  // after, before
      for (std::size_t k = 0; k < width; ++k) {
        const double z = table[k] * v[0] + table[stride + k] * v[1] + table[2 * stride + k];
        if (z <= 0) continue;
        for (std::size_t f = 0; f < functionals; ++f) {
          expected_changes[i / 2 * functionals + f] += sign * of[f * stride + k] * z;
        }
        expected_sums[pattern + k] += uses.weights[i] * z;
        for (std::size_t r = 0; r < 3; ++r) {
          expected[at + r * stride + k] += uses.weights[i] * slopes[pattern + k] * v[r];
        }
      }
    }
    for (std::size_t k = 0; k < changes.size(); ++k) CHECK(changes[k] == doctest::Approx(expected_changes[k]));
    for (std::size_t k = 0; k < sums.size(); ++k) CHECK(sums[k] == doctest::Approx(expected_sums[k]));
    for (std::size_t k = 0; k < by_cell.size(); ++k) CHECK(by_cell[k] == doctest::Approx(expected[k]));
  }
}

}  // namespace
