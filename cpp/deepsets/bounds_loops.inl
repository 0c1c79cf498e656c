// The loops of Bounds and of Envelope, a part of kernel_loops.inl.

/// The larger, or the smaller, lane by lane.
inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }
inline Floats smaller(Floats a, Floats b) { return a < b ? a : b; }

void affine(const float* table, float x, float y, std::int64_t padded, float* z) {
  using L = Lanes<float>;
  for (std::int64_t k = 0; k < padded; k += L::count) {
    L::store(z + k, L::load(table + k) * x + (L::load(table + padded + k) * y + L::load(table + 2 * padded + k)));
  }
}

/// Of `count` rows z; the sums stay in registers, the matrix is read once for all of them.
template <int count, int vectors>
inline void activate_block(const RowsOfFloats& matrix, const float* z, std::int64_t padded, std::int64_t unit,
                           float* out) {
  using L = Lanes<float>;
  Floats total[count][vectors] = {};
  for (std::int64_t j = 0; j < matrix.rows; ++j) {
    Floats column[vectors];
    for (int v = 0; v < vectors; ++v) column[v] = L::load(matrix.values + j * matrix.padded + unit + v * L::count);
    for (int c = 0; c < count; ++c) {
      const float factor = z[c * padded + j] > 0 ? z[c * padded + j] : 0;
      for (int v = 0; v < vectors; ++v) total[c][v] += column[v] * factor;
    }
  }
  for (int c = 0; c < count; ++c) {
    for (int v = 0; v < vectors; ++v) L::store(out + c * matrix.padded + unit + v * L::count, total[c][v]);
  }
}

void activate(const RowsOfFloats& matrix, const float* z, std::int64_t padded, std::int64_t count, float* out) {
  for_pieces<float, 2>(matrix.padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors, at_a_time = 6;
    std::int64_t c = 0;
    for (; c + at_a_time <= count; c += at_a_time) {
      activate_block<at_a_time, vectors>(matrix, z + c * padded, padded, unit, out + c * matrix.padded);
    }
    for (; c < count; ++c) {
      activate_block<1, vectors>(matrix, z + c * padded, padded, unit, out + c * matrix.padded);
    }
  });
}

/// How far max(z, 0) may be off in the fine square whose lower corner is node z, (x, y); largest is at least as large.
inline void bound_fine_square(const SquareOfBounds& in, const float* z, double x, double y,
                              const std::int32_t* crossing, int crossings, float* error, float* largest) {
  using L = Lanes<float>;
  const double half = in.width / 2;
  std::int32_t lines[most_width];
  float offs[most_width];
  int count = 0;
  for (int c = 0; c < crossings; ++c) {
    const double* line = in.lines + 3 * crossing[c];
    const double middle = line[0] * (x + half) + line[1] * (y + half) + line[2];
    const double spread = (__builtin_fabs(line[0]) + __builtin_fabs(line[1])) * half * (1 + 1e-6);
    if (!(__builtin_fabs(middle) < spread)) continue;
    lines[count] = crossing[c];
    offs[count++] = static_cast<float>((spread * spread - middle * middle) / (2 * spread) * (1 + 1e-6));
  }
  for (std::int64_t k = 0; k < in.padded; k += L::count) {
    const Floats a = L::load(z + k), b = L::load(z + in.padded + k), c = L::load(z + in.row + k),
                 d = L::load(z + in.row + in.padded + k);
    const Floats p = larger(larger(a, b), larger(c, d)), q = -smaller(smaller(a, b), smaller(c, d));
    Floats off = (p > 0) & (q > 0) ? p * q / (p + q) : Floats{};
    for (int i = 0; i < count; ++i) off += L::load(in.abs_second + lines[i] * in.padded + k) * offs[i];
    L::store(error + k, off);
    L::store(largest + k, larger(L::load(largest + k), off));
  }
}

void bound_second(const SquareOfBounds& in, float* errors, std::int64_t row, float* largest) {
  std::int32_t crossing[most_width];
  int crossings = 0;
  const double half = in.width * in.finer / 2;
  for (std::int32_t j = 0; j < in.units; ++j) {
    const double* line = in.lines + 3 * j;
    const double middle = line[0] * (in.x + half) + line[1] * (in.y + half) + line[2];
    const double spread = (__builtin_fabs(line[0]) + __builtin_fabs(line[1])) * half * (1 + 1e-6);
    if (__builtin_fabs(middle) < spread) crossing[crossings++] = j;
  }
  for (std::int64_t k = 0; k < in.padded; ++k) largest[k] = 0;
  for (int a = 0; a < in.finer; ++a) {
    for (int b = 0; b < in.finer; ++b) {
      bound_fine_square(in, in.z + a * in.row + b * in.padded, in.x + a * in.width, in.y + b * in.width, crossing,
                        crossings, errors + a * row + b * in.padded, largest);
    }
  }
}

void bound_square(const float* f, int finer, std::int64_t row, std::int64_t padded, const float* error, float* below,
                  float* above) {
  using L = Lanes<float>;
  for (std::int64_t k = 0; k < padded; k += L::count) {
    const Floats c00 = L::load(f + k), c01 = L::load(f + finer * padded + k), c10 = L::load(f + finer * row + k),
                 c11 = L::load(f + finer * (row + padded) + k);
    Floats lowest = {}, highest = {};
    for (int a = 0; a <= finer; ++a) {
      for (int b = 0; b <= finer; ++b) {
        const float u = static_cast<float>(a) / static_cast<float>(finer),
                    v = static_cast<float>(b) / static_cast<float>(finer);
        const Floats interpolant = (c00 * (1 - v) + c01 * v) * (1 - u) + (c10 * (1 - v) + c11 * v) * u;
        const Floats off = L::load(f + a * row + b * padded + k) - interpolant;
        lowest = smaller(lowest, off);
        highest = larger(highest, off);
      }
    }
    L::store(below + k, lowest - L::load(error + k) * 1.001f);
    L::store(above + k, highest + L::load(error + k) * 1.001f);
  }
}

void bound_node(const float* f, const float* below, const float* above, const std::size_t* squares, std::int64_t padded,
                float* low, float* high) {
  using L = Lanes<float>;
  const auto of = [&](const float* values, int s, std::int64_t k) {
    return L::load(values + static_cast<std::int64_t>(squares[s]) * padded + k);
  };
  for (std::int64_t k = 0; k < padded; k += L::count) {
    Floats lowest = of(below, 0, k), highest = of(above, 0, k);
    for (int s = 1; s < 4; ++s) {
      lowest = smaller(lowest, of(below, s, k));
      highest = larger(highest, of(above, s, k));
    }
    L::store(low + k, L::load(f + k) + lowest);
    L::store(high + k, L::load(f + k) + highest);
  }
}

void mean_and_spread(const double* mean, const double* spread, const float* values, std::int64_t nodes,
                     std::int64_t padded, double total, double* sum, double* square) {
  using L = Lanes<double>;
  for_pieces<double, 4>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Doubles sums[vectors] = {}, means[vectors], squares[vectors] = {};
    const auto value = [&](std::int64_t g, int v) { return widened(values + g * padded + unit + v * L::count); };
    for (std::int64_t g = 0; g < nodes; ++g) {
      for (int v = 0; v < vectors; ++v) sums[v] += value(g, v) * mean[g];
    }
    for (int v = 0; v < vectors; ++v) means[v] = sums[v] / total;
    for (std::int64_t g = 0; g < nodes; ++g) {
      for (int v = 0; v < vectors; ++v) {
        const Doubles off = (value(g, v) - means[v]) * spread[g];
        squares[v] += off * off;
      }
    }
    for (int v = 0; v < vectors; ++v) {
      L::store(sum + unit + v * L::count, sums[v]);
      L::store(square + unit + v * L::count, squares[v]);
    }
  });
}

void dot_rows(const float* rows, const float* vector, std::int64_t count, std::int64_t length, float* out) {
  using L = Lanes<float>;
  for (std::int64_t r = 0; r < count; ++r) {
    Floats total = {};
    for (std::int64_t k = 0; k < length; k += L::count) total += L::load(rows + r * length + k) * L::load(vector + k);
    out[r] = static_cast<float>(sum_of_lanes(total));
  }
}

void interpolate(const float* x, const float* y, std::int64_t count, float reach, std::int64_t side,
                 const float* squares, const float* errors, double& sum, double& error) {
  typedef float Four __attribute__((vector_size(16)));
  typedef float UnalignedFour __attribute__((vector_size(16), aligned(alignof(float)), may_alias));
  const float per_width = static_cast<float>(side) / (2 * reach);
  const auto last = static_cast<std::int32_t>(side - 1), stride = static_cast<std::int32_t>(side);
  const auto square = [&](float u) {
    const auto k = static_cast<std::int32_t>(u);
    return k < 0 ? 0 : k > last ? last : k;
  };
  constexpr std::int64_t at_a_time = 64, sums = 4;  // few enough to be summed in float, and so that additions overlap
  float a[at_a_time], b[at_a_time];
  std::int32_t at[at_a_time];
  for (std::int64_t first = 0; first < count; first += at_a_time) {
    const std::int64_t size = count - first < at_a_time ? count - first : at_a_time;
    for (std::int64_t i = 0; i < size; ++i) {
      const float u = (x[first + i] + reach) * per_width, v = (y[first + i] + reach) * per_width;
      const std::int32_t p = square(u), q = square(v);
      a[i] = u - static_cast<float>(p);
      b[i] = v - static_cast<float>(q);
      at[i] = p * stride + q;
    }
    Four values[sums] = {};
    float offs[sums] = {};
    const auto add = [&](std::int64_t i, std::int64_t which) {
      const Four of_square = *reinterpret_cast<const UnalignedFour*>(squares + 4 * at[i]);
      values[which] += of_square * Four{1, b[i], a[i], a[i] * b[i]};
      offs[which] += errors[at[i]];
    };
    std::int64_t i = 0;
    for (; i + sums <= size; i += sums) {
      for (std::int64_t which = 0; which < sums; ++which) add(i + which, which);
    }
    for (; i < size; ++i) add(i, 0);
    const Four total = (values[0] + values[1]) + (values[2] + values[3]);
    sum += static_cast<double>((total[0] + total[1]) + (total[2] + total[3]));
    error += static_cast<double>((offs[0] + offs[1]) + (offs[2] + offs[3]));
  }
}

void bound_sums(const std::uint16_t* sketch, const float* lows, const float* highs, const std::int32_t* rows,
                std::int64_t count, double* low, double* high) {
  using L = Lanes<float>;
  constexpr std::int64_t length = padded(SketchGrid::nodes);
  alignas(64) float weights[length] = {};
  for (std::int64_t g = 0; g < SketchGrid::nodes; ++g) weights[g] = static_cast<float>(sketch[g]);
  for (std::int64_t u = 0; u < count; ++u) {
    const float *of_low = lows + rows[u] * length, *of_high = highs + rows[u] * length;
    Floats below[2] = {}, above[2] = {};
    for (std::int64_t k = 0; k < length; k += 2 * L::count) {
      for (std::int64_t v = 0; v < 2; ++v) {
        const Floats weight = L::load(weights + k + v * L::count);
        below[v] += L::load(of_low + k + v * L::count) * weight;
        above[v] += L::load(of_high + k + v * L::count) * weight;
      }
    }
    low[u] = sum_of_lanes(below[0] + below[1]);
    high[u] = sum_of_lanes(above[0] + above[1]);
  }
}
