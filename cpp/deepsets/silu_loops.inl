// SiLU and its slope in vectors, a part of smooth_loops.inl.

typedef std::uint32_t Bits __attribute__((vector_size(HTHM_VECTOR_BYTES)));

inline Floats splat(float value) { return Floats{} + value; }

/// 2^x is a power of two, `scale` as bits to be added to those of a float, times 2^rest with |rest| <= 1/2.
struct PowerOfTwo {
  Bits scale;
  Floats rest;
};

/// Of z * factor, which is below 126. Adding `shift` rounds to a whole number, in the last bits.
inline PowerOfTwo split(Floats z, float factor) {
  constexpr float shift = 12582912.0f;
  const Floats shifted = z * factor + shift;
  return {__builtin_bit_cast(Bits, shifted) << 23, z * factor - (shifted - shift)};
}

/// (2^x - 1) / x within |x| <= 1/2: the polynomial whose largest relative error in 2^x is least, 2e-9.
inline Floats slope_of_power(Floats x) {
  Floats p = x * 1.53533618e-4f + 1.33988744e-3f;
  p = p * x + 9.61843736e-3f;
  p = p * x + 5.55033247e-2f;
  p = p * x + 2.40226479e-1f;
  return p * x + 6.93147203e-1f;
}

inline Floats times(Floats v, Bits scale) { return __builtin_bit_cast(Floats, __builtin_bit_cast(Bits, v) + scale); }

constexpr float log2_of_e = 1.44269504f;

/// 1 / (1 + exp(-z)).
inline Floats logistic(Floats z) {
  const PowerOfTwo power = split(least(most(z, splat(-87)), splat(87)), -log2_of_e);
  return 1.0f / (1.0f + times(slope_of_power(power.rest) * power.rest + 1.0f, power.scale));
}

/// 1 - exp(-|z|), to the precision of a float also where z is small.
inline Floats one_less_exponential(Floats z) {
  const PowerOfTwo power = split(most(least(z, -z), splat(-87)), log2_of_e);
  const Floats scale = times(splat(1), power.scale);
  return (1.0f - scale) - scale * (slope_of_power(power.rest) * power.rest);
}

/// Slope of SiLU.
inline Floats slope_of(Floats z, Floats logistic_of_z) {
  return (z * logistic_of_z) * (1.0f - logistic_of_z) + logistic_of_z;
}
