// The loop of Adam. A part of kernel_loops.inl.

/// Each fused product is one rounding at every level, by an instruction or by the C library.
void adam(AdamStep step, const float* __restrict__ gradient, std::int64_t count, float* __restrict__ weights,
          float* __restrict__ means, float* __restrict__ squares) {
  for (std::int64_t k = 0; k < count; ++k) {
    const float g = gradient[k];
    means[k] = __builtin_fmaf(g - means[k], step.new_share, means[k]);
    squares[k] = __builtin_fmaf(step.new_share_of_square * g, g, step.old_share_of_square * squares[k]);
    weights[k] += -step.rate * means[k] / (__builtin_sqrtf(squares[k]) / step.root + step.epsilon);
  }
}
