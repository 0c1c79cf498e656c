// The collision rule, eqs. (7) and (8), and the minimum image.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/run.hpp"
#include "rules/collision.hpp"

using hthm::Vec;

namespace {

bool collide(const Vec& d, Vec& v_i, Vec& v_j) { return hthm::collide(d, hthm::norm2(d), v_i, v_j); }

}  // namespace

TEST_CASE("equal disks that meet head on exchange their velocities") {
  Vec v_i{-1, 0.25}, v_j{2, -0.5};
  CHECK(collide({0.5, 0}, v_i, v_j));  // i lies to the right of j
  CHECK(v_i.x == 2);
  CHECK(v_i.y == 0.25);
  CHECK(v_j.x == -1);
  CHECK(v_j.y == -0.5);
}

TEST_CASE("disks that move apart are left alone, and a closing speed of zero counts") {
  Vec v_i{1, 0}, v_j{-1, 0};
  CHECK_FALSE(collide({0.5, 0}, v_i, v_j));
  CHECK(v_i.x == 1);
  CHECK(v_j.x == -1);
  Vec beside_i{0, 1}, beside_j{0, -1};
  CHECK(collide({0.5, 0}, beside_i, beside_j));
  CHECK(beside_i.y == 1);
  CHECK(beside_j.y == -1);
}

TEST_CASE("a squared distance below the smallest normal number has no normal") {
  Vec v_i{-1, 0}, v_j{1, 0};
  CHECK_FALSE(collide({0, 0}, v_i, v_j));
  const double smallest = std::sqrt(std::numeric_limits<double>::min());  // 2^-511, exactly
  CHECK_FALSE(collide({std::nextafter(smallest, 0), 0}, v_i, v_j));
  CHECK(v_i.x == -1);
  CHECK(collide({smallest, 0}, v_i, v_j));
  CHECK(v_i.x == 1);
}

TEST_CASE("a collision conserves momentum and energy, and turns the normal component round") {
  std::mt19937_64 random{1};
  std::uniform_real_distribution<double> component{-1, 1};
  int collisions = 0;
  for (int k = 0; k < 10'000; ++k) {
    const Vec d{component(random), component(random)};
    const Vec before_i{component(random), component(random)}, before_j{component(random), component(random)};
    Vec v_i = before_i, v_j = before_j;
    if (!collide(d, v_i, v_j)) continue;
    ++collisions;
    // A handful of operations on numbers below 2: an error of a few 2^-52.
    const double tolerance = 1e-14;
    CHECK(std::abs(v_i.x + v_j.x - before_i.x - before_j.x) < tolerance);
    CHECK(std::abs(v_i.y + v_j.y - before_i.y - before_j.y) < tolerance);
    CHECK(std::abs(norm2(v_i) + norm2(v_j) - norm2(before_i) - norm2(before_j)) < tolerance);
    const double closing = (before_i.x - before_j.x) * d.x + (before_i.y - before_j.y) * d.y;
    CHECK(std::abs((v_i.x - v_j.x) * d.x + (v_i.y - v_j.y) * d.y + closing) < tolerance);
  }
  CHECK(collisions > 4000);  // half of the draws approach
}

TEST_CASE("the difference is shifted to the nearest image, and at half a box it stays") {
  for (const double box : {1.0, 0.3, 7.1}) {
    const double half = box / 2;
    CHECK(hthm::minimum_image(half, box, half) == half);
    CHECK(hthm::minimum_image(-half, box, half) == -half);
    const double above = std::nextafter(half, box);
    CHECK(hthm::minimum_image(above, box, half) == above - box);
    CHECK(hthm::minimum_image(-above, box, half) == box - above);
  }
}
