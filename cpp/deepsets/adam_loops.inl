// The loop of Adam. A part of kernel_loops.inl.

// a * b + c in one rounding, whatever the processor and the system.
#if defined(_WIN32) && !defined(__FMA__)

/// The C library of MinGW-w64 rounds twice. So does this, but first to the odd one of two doubles, after which the
/// second rounding is right: Boldo & Melquiond, IEEE Trans. Comput. 57, 462 (2008).
float fused(float a, float b, float c) {
  const double product = static_cast<double>(a) * b;  // exact
  double sum = product + c;
  const double of_c = sum - product, left = (product - (sum - of_c)) + (c - of_c);
  if (left > 0 || left < 0) {  // not NaN
    const auto bits = __builtin_bit_cast(std::int64_t, sum);
    if ((bits & 1) == 0) sum = __builtin_bit_cast(double, (left > 0) == (sum > 0) ? bits + 1 : bits - 1);
  }
  return static_cast<float>(sum);
}

#else

/// By an instruction, or by the C library.
float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

#endif

/// Each fused product is one rounding at every level.
void adam(AdamStep step, const float* __restrict__ gradient, std::int64_t count, float* __restrict__ weights,
          float* __restrict__ means, float* __restrict__ squares) {
  for (std::int64_t k = 0; k < count; ++k) {
    const float g = gradient[k];
    means[k] = fused(g - means[k], step.new_share, means[k]);
    squares[k] = fused(step.new_share_of_square * g, g, step.old_share_of_square * squares[k]);
    weights[k] += -step.rate * means[k] / (__builtin_sqrtf(squares[k]) / step.root + step.epsilon);
  }
}
