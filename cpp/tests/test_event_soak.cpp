// The exact engine over thousands of millions of events. Minutes, hence by hand: core_tests --no-skip -tc="soak*".
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "event_driven/event_run.hpp"
#include "tests/exact_starts.hpp"

using namespace exact;

namespace {

/// Simulate so many collisions, and look after every frame of about five of them a disk.
void soak(const Start& start, double collisions) {
  const std::int64_t n = start.n();
  const double speed = std::sqrt(2 * energy(start.velocities) / static_cast<double>(n));
  const auto run = hthm::make_event_run(start.setup, start.positions.data(), start.velocities.data(), n);
  std::vector<Vec> x(start.positions.size()), v(start.positions.size());
  double done = 0, closest = 1;
  std::int64_t frames = 0;
  for (; done < collisions; ++frames) {
    std::int64_t collided = 0;
    run->advance(1, {v.data(), x.data(), &collided});
    REQUIRE(collided > 0);
    done += static_cast<double>(collided);
    closest = std::min(closest, minimum_distance(x, start.setup.box) / start.setup.diameter - 1);
    REQUIRE(closest * start.setup.diameter >= -tolerance(start.setup));
  }
  double momentum = 0;
  for (std::size_t i = 0; i < v.size(); ++i) momentum += v[i].x - start.velocities[i].x;
  const double gained = energy(v) / energy(start.velocities) - 1, drifted = momentum / static_cast<double>(n) / speed;
  CHECK(std::abs(gained) < 1e-10);
  CHECK(std::abs(drifted) < 1e-10);
  MESSAGE(done, " collisions in ", frames, " frames; nearest pair at 1 + ", closest, " diameters, energy gained ",
          gained, ", momentum ", drifted, " of n s0");
}

}  // namespace

TEST_CASE("soak: a dilute gas, five events a collision" * doctest::skip()) {
  soak(random_start(1000, 0.0283, 0.15, 1), 2.2e8);
}

TEST_CASE("soak: a dense gas" * doctest::skip()) { soak(random_start(300, 0.3, 0.02, 2), 1e8); }

TEST_CASE("soak: a crystal" * doctest::skip()) { soak(lattice(30, 0.05, 0.001, 3), 1e8); }
