// Hard disks from collision to collision without cells, calendar or local clocks: what the exact engine must follow.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "tests/exact_starts.hpp"

namespace exact {

/// All pairs, all 9 images, every disk moved at every collision, in long double. Flights beyond a quarter box are cut,
/// so that no farther image can be hit.
class BruteForce {
 public:
  /// Square of the distance at which a pair d = x_i - x_j apart touches that moves at v = v_i - v_j.
  using Contact2 = std::function<long double(const hthm::Vec2<long double>& d, const hthm::Vec2<long double>& v)>;

  /// The same, of disks i and j.
  using PairContact2 = std::function<long double(std::size_t i, std::size_t j, const hthm::Vec2<long double>& d,
                                                 const hthm::Vec2<long double>& v)>;

  /// What happens at contact, `normal` from j to i: it changes `velocities`, and whatever its owner keeps.
  using Collide = std::function<void(std::size_t i, std::size_t j, const hthm::Vec2<long double>& normal)>;

  explicit BruteForce(const Start& start)
      : BruteForce{start,
                   [d = static_cast<long double>(start.setup.diameter)](const auto&, const auto&) { return d * d; }} {}

  BruteForce(const Start& start, const Contact2& contact2)
      : BruteForce{start,
                   [contact2](std::size_t, std::size_t, const auto& d, const auto& v) { return contact2(d, v); }} {}

  BruteForce(const Start& start, PairContact2 contact2)
      : box_{start.setup.box}, diameter_{start.setup.diameter}, contact2_{std::move(contact2)} {
    for (const Vec& x : start.positions) positions.push_back({x.x, x.y});
    for (const Vec& v : start.velocities) velocities.push_back({v.x, v.y});
  }

  void advance(long double time) {
    while (time > 0) {
      std::size_t i = 0, j = 0;
      hthm::Vec2<long double> d{};
      long double step = std::min(time, cut());
      inside_ = 0;
      for (std::size_t a = 0; a < positions.size(); ++a) {
        for (std::size_t b = a + 1; b < positions.size(); ++b) consider(a, b, step, i, j, d);
      }
      ambiguous = ambiguous || inside_ > 1;
      time -= step;
      for (std::size_t k = 0; k < positions.size(); ++k) {
        positions[k] = {wrapped(positions[k].x + velocities[k].x * step),
                        wrapped(positions[k].y + velocities[k].y * step)};
      }
      if (i == j) continue;
      const long double r = std::sqrt(norm2(d));
      const hthm::Vec2<long double> normal{d.x / r, d.y / r};
      collide ? collide(i, j, normal) : exchange(i, j, normal);
      last_i_ = i;
      last_j_ = j;
      last_way_ = d;
      ++collisions;
      at_once += inside_ > 0;
    }
  }

  std::vector<hthm::Vec2<long double>> positions, velocities;
  Collide collide;                           // that of smooth disks unless given
  std::int64_t collisions = 0, at_once = 0;  // in all, and of pairs that were within their distance already
  bool ambiguous = false;  // two pairs have been due at one moment, and no rule says which comes first

 private:
  void exchange(std::size_t i, std::size_t j, const hthm::Vec2<long double>& normal) {
    const long double p =
        (velocities[i].x - velocities[j].x) * normal.x + (velocities[i].y - velocities[j].y) * normal.y;
    velocities[i] = {velocities[i].x - p * normal.x, velocities[i].y - p * normal.y};
    velocities[j] = {velocities[j].x + p * normal.x, velocities[j].y + p * normal.y};
  }

  long double wrapped(long double x) const { return x - box_ * std::floor(x / box_); }

  long double cut() const {
    long double fastest = 0;
    for (const auto& v : velocities) fastest = std::max({fastest, std::abs(v.x), std::abs(v.y)});
    return fastest > 0 ? box_ / 4 / fastest : HUGE_VALL;
  }

  void consider(std::size_t a, std::size_t b, long double& step, std::size_t& i, std::size_t& j,
                hthm::Vec2<long double>& contact) {
    const hthm::Vec2<long double> v{velocities[a].x - velocities[b].x, velocities[a].y - velocities[b].y};
    for (int kx = -1; kx <= 1; ++kx) {
      for (int ky = -1; ky <= 1; ++ky) {
        const hthm::Vec2<long double> d{positions[a].x - positions[b].x + kx * box_,
                                        positions[a].y - positions[b].y + ky * box_};
        const long double b1 = d.x * v.x + d.y * v.y, c = norm2(d) - contact2_(a, b, d, v);
        const long double disc = b1 * b1 - norm2(v) * c;
        if (b1 >= 0 || disc < 0) continue;
        const bool is_last_image =
            a == last_i_ && b == last_j_ &&
            norm2(hthm::Vec2<long double>{d.x - last_way_.x, d.y - last_way_.y}) < box_ * box_ / 4;
        if (is_last_image && c < 1e-12L * diameter_ * diameter_) continue;  // they have just collided
        inside_ += c < -1e-9L * diameter_ * diameter_;
        const long double time = std::max(0.0L, c / (std::sqrt(disc) - b1));
        if (time >= step) continue;
        step = time;
        i = a;
        j = b;
        contact = {d.x + v.x * time, d.y + v.y * time};
      }
    }
  }

  long double box_, diameter_;
  PairContact2 contact2_;
  int inside_ = 0;                       // pairs that are well within their distance and approach
  std::size_t last_i_ = 0, last_j_ = 0;  // of the last collision
  hthm::Vec2<long double> last_way_{};   // between them then: to which image
};

}  // namespace exact
