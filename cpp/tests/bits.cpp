// Prints a hash of what every fixed-step engine makes of the same start: the same lines on every kind of processor.
#include <bit>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "fixed_step/fixed_step.hpp"
#include "runs/ensemble.hpp"

namespace {

constexpr std::int64_t n = 400, frames = 200;

/// Numbers in [0, 1) from integers alone: a library's cosine has other last bits on another machine.
struct Numbers {
  std::uint64_t state = 1;
  double operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-53;
  }
};

std::uint64_t hashed(const std::vector<hthm::Vec>& vectors, std::uint64_t hash) {
  for (const hthm::Vec& v : vectors) {
    for (const double value : {v.x, v.y}) hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001b3u;
  }
  return hash;
}

}  // namespace

int main() {
  Numbers number;
  std::vector<hthm::Vec> x(n), v(n);
  for (hthm::Vec& at : x) at = {number(), number()};
  for (hthm::Vec& velocity : v) velocity = {number() - 0.5, number() - 0.5};
  for (const auto engine : hthm::fixed_step_engines()) {
    hthm::Ensemble gas(engine, {.box = 1, .diameter = 0.02, .dt = 1.0 / 60}, {x.data(), v.data(), 1, n}, 1);
    std::vector<std::int64_t> collisions(frames);
    std::vector<hthm::Vec> velocities(frames * n), end(n), turned(n);
    gas.advance({frames, 0, frames, collisions.data(), velocities.data(), nullptr}, 1);
    gas.write_state(end.data(), turned.data());
    std::int64_t all = 0;
    for (const std::int64_t count : collisions) all += count;
    const std::uint64_t hash = hashed(end, hashed(velocities, 0xcbf29ce484222325u));
    std::printf("%.*s %lld collisions %016llx\n", static_cast<int>(engine.size()), engine.data(),
                static_cast<long long>(all), static_cast<unsigned long long>(hash));
  }
}
