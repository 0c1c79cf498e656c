// The loops of Bounds, a part of kernel_loops.hpp.

/// The larger, or the smaller, lane by lane.
inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }
inline Floats smaller(Floats a, Floats b) { return a < b ? a : b; }

void activate(const float* matrix, const float* z, std::int64_t rows, std::int64_t padded, float* out) {
  using L = Lanes<float>;
  for_pieces<float, 4>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Floats total[vectors] = {};
    for (std::int64_t j = 0; j < rows; ++j) {
      if (!(z[j] > 0)) continue;
      for (int v = 0; v < vectors; ++v) total[v] += L::load(matrix + j * padded + unit + v * L::count) * z[j];
    }
    for (int v = 0; v < vectors; ++v) L::store(out + unit + v * L::count, total[v]);
  });
}

/// error (P) of f between the corners of a fine square whose lower corner is node z, (x, y).
inline void bound_fine_square(const SquareOfBounds& in, const float* z, double x, double y,
                              const std::int32_t* crossing, int crossings, float* error) {
  using L = Lanes<float>;
  alignas(64) float second[most_width] = {};
  const double half = in.width / 2;
  for (int c = 0; c < crossings; ++c) {
    const double* line = in.lines + 3 * crossing[c];
    const double middle = line[0] * (x + half) + line[1] * (y + half) + line[2];
    const double spread = (__builtin_fabs(line[0]) + __builtin_fabs(line[1])) * half * (1 + 1e-6);
    if (!(__builtin_fabs(middle) < spread)) continue;
    const auto off = static_cast<float>((spread * spread - middle * middle) / (2 * spread) * (1 + 1e-6));
    for (std::int64_t k = 0; k < in.padded; k += L::count) {
      L::store(second + k, L::load(second + k) + L::load(in.abs_second + crossing[c] * in.padded + k) * off);
    }
  }
  for (std::int64_t k = 0; k < in.padded; k += L::count) {
    const Floats a = L::load(z + k), b = L::load(z + in.padded + k), c = L::load(z + in.row + k),
                 d = L::load(z + in.row + in.padded + k);
    const Floats p = larger(larger(a, b), larger(c, d)), q = -smaller(smaller(a, b), smaller(c, d));
    const Floats off = (p > 0) & (q > 0) ? p * q / (p + q) : Floats{};
    L::store(second + k, L::load(second + k) + off);
  }
  for (std::int64_t k = 0; k < in.padded; ++k) error[k] = 0;
  for (std::int64_t j = 0; j < in.units; ++j) {
    if (!(second[j] > 0)) continue;
    for (std::int64_t k = 0; k < in.padded; k += L::count) {
      L::store(error + k, L::load(error + k) + L::load(in.abs_last + j * in.padded + k) * second[j]);
    }
  }
}

void bound_square(const SquareOfBounds& in, float* low, float* high) {
  using L = Lanes<float>;
  constexpr int finer = SquareOfBounds::finer;
  alignas(64) float error[most_width], most[most_width] = {};
  std::int32_t crossing[most_width];
  int crossings = 0;
  const double half = in.width * finer / 2;
  for (std::int32_t j = 0; j < in.units; ++j) {
    const double* line = in.lines + 3 * j;
    const double middle = line[0] * (in.x + half) + line[1] * (in.y + half) + line[2];
    const double spread = (__builtin_fabs(line[0]) + __builtin_fabs(line[1])) * half * (1 + 1e-6);
    if (__builtin_fabs(middle) < spread) crossing[crossings++] = j;
  }
  for (int a = 0; a < finer; ++a) {
    for (int b = 0; b < finer; ++b) {
      bound_fine_square(in, in.z + a * in.row + b * in.padded, in.x + a * in.width, in.y + b * in.width, crossing,
                        crossings, error);
      for (std::int64_t k = 0; k < in.padded; k += L::count) {
        L::store(most + k, larger(L::load(most + k), L::load(error + k)));
      }
    }
  }
  const float* f = in.f;
  for (std::int64_t k = 0; k < in.padded; k += L::count) {
    const Floats c00 = L::load(f + k), c01 = L::load(f + finer * in.padded + k), c10 = L::load(f + finer * in.row + k),
                 c11 = L::load(f + finer * (in.row + in.padded) + k);
    Floats lowest = {}, highest = {};
    for (int a = 0; a <= finer; ++a) {
      for (int b = 0; b <= finer; ++b) {
        const float u = static_cast<float>(a) / finer, v = static_cast<float>(b) / finer;
        const Floats interpolant = (c00 * (1 - v) + c01 * v) * (1 - u) + (c10 * (1 - v) + c11 * v) * u;
        const Floats off = L::load(f + a * in.row + b * in.padded + k) - interpolant;
        lowest = smaller(lowest, off);
        highest = larger(highest, off);
      }
    }
    L::store(low + k, lowest - L::load(most + k) * 1.001f);
    L::store(high + k, highest + L::load(most + k) * 1.001f);
  }
}

void bound_sum(const std::uint16_t* sketch, const float* values, const float* low, const float* high,
               std::int64_t padded, float unit, float* middle, float* lowest, float* highest) {
  using L = Lanes<float>;
  for_pieces<float, 4>(padded, [&](std::int64_t first, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Floats sum[vectors] = {}, below[vectors] = {}, above[vectors] = {};
    for (std::int64_t g = 0; g < SketchGrid::nodes; ++g) {
      if (sketch[g] == 0) continue;
      const float weight = sketch[g];
      for (int v = 0; v < vectors; ++v) sum[v] += L::load(values + g * padded + first + v * L::count) * weight;
    }
    const std::uint16_t* counts = sketch + SketchGrid::nodes;
    for (std::int64_t s = 0; s < SketchGrid::squares; ++s) {
      if (counts[s] == 0) continue;
      const float count = counts[s];
      for (int v = 0; v < vectors; ++v) {
        below[v] += L::load(low + s * padded + first + v * L::count) * count;
        above[v] += L::load(high + s * padded + first + v * L::count) * count;
      }
    }
    for (int v = 0; v < vectors; ++v) {
      L::store(middle + first + v * L::count, sum[v] * unit);
      L::store(lowest + first + v * L::count, below[v]);
      L::store(highest + first + v * L::count, above[v]);
    }
  });
}
