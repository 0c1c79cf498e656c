// SiLU and its slope in vectors, a part of smooth_loops.inl.

typedef std::uint32_t Bits __attribute__((vector_size(HTHM_VECTOR_BYTES)));

inline Floats splat(float value) { return Floats{} + value; }

/// Vectors side by side. What is computed of one is a long chain of operations, each of which waits for the last;
/// processors look some tens of operations ahead, so that the next chain has to be begun before.
template <int count>
struct Several {
  Floats v[count];
};

/// body(v) for each of several vectors.
template <int count, class Body>
inline Several<count> each(const Body& body) {
  Several<count> out;
  for (int v = 0; v < count; ++v) out.v[v] = body(v);
  return out;
}
template <int n>
inline Several<n> operator+(const Several<n>& a, const Several<n>& b) {
  return each<n>([&](int v) { return a.v[v] + b.v[v]; });
}
template <int n>
inline Several<n> operator-(const Several<n>& a, const Several<n>& b) {
  return each<n>([&](int v) { return a.v[v] - b.v[v]; });
}
template <int n>
inline Several<n> operator*(const Several<n>& a, const Several<n>& b) {
  return each<n>([&](int v) { return a.v[v] * b.v[v]; });
}
template <int n>
inline Several<n> operator+(const Several<n>& a, float b) {
  return each<n>([&](int v) { return a.v[v] + b; });
}
template <int n>
inline Several<n> operator-(float a, const Several<n>& b) {
  return each<n>([&](int v) { return a - b.v[v]; });
}
template <int n>
inline Several<n> operator*(const Several<n>& a, float b) {
  return each<n>([&](int v) { return a.v[v] * b; });
}
template <int n>
inline void operator+=(Several<n>& a, const Several<n>& b) {
  a = a + b;
}

/// Vectors that lie one after the other.
template <int n>
inline Several<n> load(const float* from) {
  return each<n>([&](int v) { return Lanes<float>::load(from + v * Lanes<float>::count); });
}
template <int n>
inline void store(float* to, const Several<n>& values) {
  for (int v = 0; v < n; ++v) Lanes<float>::store(to + v * Lanes<float>::count, values.v[v]);
}
template <int n>
inline Several<n> bounded(const Several<n>& z, float low, float high) {
  return each<n>([&](int v) { return least(most(z.v[v], splat(low)), splat(high)); });
}

/// 2^x is a power of two, `scale` as bits to be added to those of a float, times 2^rest with |rest| <= 1/2.
template <int n>
struct PowerOfTwo {
  Bits scale[n];
  Several<n> rest;
};

/// Of z * factor, which is below 126. Adding `shift` rounds to a whole number, in the last bits.
template <int n>
inline PowerOfTwo<n> split(const Several<n>& z, float factor) {
  constexpr float shift = 12582912.0f;
  const Several<n> shifted = z * factor + shift;
  PowerOfTwo<n> power{{}, z * factor - (shifted + -shift)};
  for (int v = 0; v < n; ++v) power.scale[v] = __builtin_bit_cast(Bits, shifted.v[v]) << 23;
  return power;
}

/// (2^x - 1) / x within |x| <= 1/2: the polynomial whose largest relative error in 2^x is least, 2e-9.
template <int n>
inline Several<n> slope_of_power(const Several<n>& x) {
  Several<n> p = x * 1.53533618e-4f + 1.33988744e-3f;
  p = p * x + 9.61843736e-3f;
  p = p * x + 5.55033247e-2f;
  p = p * x + 2.40226479e-1f;
  return p * x + 6.93147203e-1f;
}

inline Floats times(Floats v, Bits scale) { return __builtin_bit_cast(Floats, __builtin_bit_cast(Bits, v) + scale); }

constexpr float log2_of_e = 1.44269504f;

/// 1 / (1 + exp(-z)).
template <int n>
inline Several<n> logistic(const Several<n>& z) {
  const PowerOfTwo<n> power = split(bounded(z, -87, 87), -log2_of_e);
  const Several<n> of_rest = slope_of_power(power.rest) * power.rest + 1.0f;
  return each<n>([&](int v) { return 1.0f / (1.0f + times(of_rest.v[v], power.scale[v])); });
}

/// 1 - exp(-|z|), to the precision of a float also where z is small.
template <int n>
inline Several<n> one_less_exponential(const Several<n>& z) {
  const PowerOfTwo<n> power =
      split(each<n>([&](int v) { return most(least(z.v[v], -z.v[v]), splat(-87)); }), log2_of_e);
  const Several<n> scale = each<n>([&](int v) { return times(splat(1), power.scale[v]); });
  return (1.0f - scale) - scale * (slope_of_power(power.rest) * power.rest);
}

/// Slope of SiLU, whose value is given with the logistic function.
template <int n>
inline Several<n> slope_of(const Several<n>& silu, const Several<n>& logistic_of_z) {
  return silu * (1.0f - logistic_of_z) + logistic_of_z;
}
