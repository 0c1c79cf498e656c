// Random numbers of one run: xoshiro256++ of Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021),
// doi:10.1145/3460772.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace hthm::dsmc {

class Generator {
 public:
  /// Four words, not all of them zero.
  using State = std::array<std::uint64_t, 4>;

  explicit Generator(const State& state) : s_{state} {}

  std::uint64_t next() {
    const std::uint64_t drawn = std::rotl(s_[0] + s_[3], 23) + s_[0];
    const std::uint64_t shifted = s_[1] << 17;
    s_[2] ^= s_[0];
    s_[3] ^= s_[1];
    s_[1] ^= s_[2];
    s_[0] ^= s_[3];
    s_[2] ^= shifted;
    s_[3] = std::rotl(s_[3], 45);
    return drawn;
  }

  /// Uniform in (0, 1): 2^53 values, symmetric about one half.
  double unit() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53; }

 private:
  State s_;
};

/// Of 32 random bits, the middle of the interval of (0, 1) that they stand for.
inline double unit_of(std::uint32_t bits) { return (static_cast<double>(bits) + 0.5) * 0x1p-32; }

/// Numbers below `most`, each as likely as any other, from 32 random bits each (Lemire, doi:10.1145/3230636).
class Below {
 public:
  /// From 1 to 2^31.
  explicit Below(std::uint32_t most) : most_{most}, uneven_{(0U - most) % most} {}

  /// Where the bits are among the few that would favour some numbers, others are drawn in their place.
  std::int32_t of(std::uint32_t bits, Generator& random) const {
    std::uint64_t scaled = std::uint64_t{bits} * most_;
    while (static_cast<std::uint32_t>(scaled) < uneven_) [[unlikely]]
      scaled = (random.next() >> 32) * most_;
    return static_cast<std::int32_t>(scaled >> 32);
  }

 private:
  std::uint32_t most_;
  std::uint32_t uneven_;  // so many of the 2^32 would favour some numbers
};

}  // namespace hthm::dsmc
