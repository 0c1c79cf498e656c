// A hundred hard disks on a grid, all at speed 1, for ten units of time with the exact engine.
#include <cmath>
#include <cstdio>
#include <hthm/runs/ensemble.hpp>
#include <vector>

int main() {
  constexpr std::int64_t n = 100, frames = 100;
  std::vector<hthm::Vec> x, v;
  for (int k = 0; k < n; ++k) {
    x.push_back({(k % 10 + 0.5) / 10, (k / 10 + 0.5) / 10});
    v.push_back({std::cos(k), std::sin(k)});
  }
  hthm::Ensemble gas("event", {.box = 1, .diameter = 0.02, .dt = 0.1}, {x.data(), v.data(), 1, n}, 1);
  std::vector<std::int64_t> collisions(frames);
  gas.advance({frames, 0, frames, collisions.data(), nullptr, nullptr}, 1);
  gas.write_state(x.data(), v.data());
  double energy = 0, sum = 0;
  for (const hthm::Vec& velocity : v) energy += norm2(velocity) / 2;
  for (const std::int64_t count : collisions) sum += static_cast<double>(count);
  std::printf("%.0f collisions, energy %.12f\n", sum, energy);
  return sum > 0 && std::abs(energy - n / 2.0) < 1e-9 ? 0 : 1;
}
