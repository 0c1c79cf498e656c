// The weights of a DeepSets network, h = rho(sum of phi(v)), as the kernel is given them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace hthm::deepsets {

/// Views into one array of weights (or of their gradients), in the order in which the model lists its parameters:
/// phi.0 (D, 2) and (D), phi.2 (D, D) and (D), rho.0 (D, D) and (D), rho.2 (D) and (1).
template <class Real>
struct Network {
  Real *w1, *b1, *w2, *b2, *w3, *b3, *w4, *b4;
  int width;

  Network(Real* weights, int d)
      : w1(weights),
        b1(w1 + 2 * d),
        w2(b1 + d),
        b2(w2 + d * d),
        w3(b2 + d),
        b3(w3 + d * d),
        w4(b3 + d),
        b4(w4 + d),
        width(d) {}

  static constexpr std::int64_t size(std::int64_t d) { return 2 * d * d + 6 * d + 1; }
};

/// A width is rounded up to whole vectors of every instruction set; what is added computes zeros.
constexpr int padded(int width) { return (width + 15) / 16 * 16; }

/// Wider networks have too many cells for the kernel's indices.
inline constexpr int most_width = 256;

/// The active units of a layer, a bit each.
using Mask = std::array<std::uint64_t, most_width / 64>;

inline bool is_active(const Mask& mask, std::size_t unit) { return (mask[unit / 64] >> (unit % 64) & 1) != 0; }
inline void activate(Mask& mask, std::size_t unit) { mask[unit / 64] |= std::uint64_t{1} << (unit % 64); }

/// Call body(unit) for the active units, in ascending order.
template <class Body>
void for_active(const Mask& mask, const Body& body) {
  for (std::size_t word = 0; word < mask.size(); ++word) {
    for (std::uint64_t left = mask[word]; left != 0; left &= left - 1) {
      body(64 * word + static_cast<std::size_t>(std::countr_zero(left)));
    }
  }
}

}  // namespace hthm::deepsets
