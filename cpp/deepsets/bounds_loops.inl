// The loops of Bounds and of Envelope, a part of kernel_loops.inl.

/// The larger, or the smaller, lane by lane.
inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }
inline Floats smaller(Floats a, Floats b) { return a < b ? a : b; }

void affine(Tables<float> table, float x, float y, float* z) {
  using L = Lanes<float>;
  const float *a = table.values, *b = a + table.padded, *c = b + table.padded;
  for (std::int64_t k = 0; k < table.padded; k += L::count) {
    L::store(z + k, L::load(a + k) * x + (L::load(b + k) * y + L::load(c + k)));
  }
}

/// Of `count` rows of activities; the sums stay in registers, the matrix is read once for all of them.
template <int count, int vectors>
inline void multiply_block(Matrix<float> matrix, const float (*rows)[most_width], std::int64_t unit, float* out) {
  using L = Lanes<float>;
  Floats total[count][vectors] = {};
  for (std::int64_t j = 0; j < matrix.rows; ++j) {
    Floats column[vectors];
    for (int v = 0; v < vectors; ++v) column[v] = L::load(matrix.values + j * matrix.padded + unit + v * L::count);
    for (int c = 0; c < count; ++c) {
      for (int v = 0; v < vectors; ++v) total[c][v] += column[v] * rows[c][j];
    }
  }
  for (int c = 0; c < count; ++c) {
    for (int v = 0; v < vectors; ++v) L::store(out + c * matrix.padded + unit + v * L::count, total[c][v]);
  }
}

template <int count>
inline void activate_rows(Matrix<float> matrix, Matrix<float> z, std::int64_t first, float* out) {
  using L = Lanes<float>;
  float rows[count][most_width];
  for (int c = 0; c < count; ++c) {
    const float* row = z.values + (first + c) * z.padded;
    for (std::int64_t j = 0; j < z.padded; j += L::count) L::store(rows[c] + j, positive(L::load(row + j)));
  }
  for_pieces<float, 2>(matrix.padded, [&](std::int64_t unit, auto piece) {
    multiply_block<count, decltype(piece)::vectors>(matrix, rows, unit, out + first * matrix.padded);
  });
}

void activate(Matrix<float> matrix, Matrix<float> z, float* out) {
  std::int64_t first = 0;
  for (; first + 6 <= z.rows; first += 6) activate_rows<6>(matrix, z, first, out);
  for (; first + 3 <= z.rows; first += 3) activate_rows<3>(matrix, z, first, out);
  for (; first < z.rows; ++first) activate_rows<1>(matrix, z, first, out);
}

/// Where the first layer's units switch sign in a square: their lines, and how far max(z, 0) of each may be off there.
struct LinesThroughSquare {
  std::int32_t units[most_width];
  float offs[most_width];
  int count;
};

/// z of a unit of the first layer over a square with sides 2 half and the lower corner (x, y): it lies within `spread`
/// of `middle`, and within the margin for rounding that is part of it.
struct FirstLayerOverSquare {
  double middle, spread;

  FirstLayerOverSquare(const SquareOfBounds& in, std::int32_t unit, double x, double y, double half)
      : middle{in.lines[unit] * (x + half) + in.lines[in.padded + unit] * (y + half) + in.lines[2 * in.padded + unit]},
        spread{(__builtin_fabs(in.lines[unit]) + __builtin_fabs(in.lines[in.padded + unit])) * half * (1 + 1e-6)} {}
  bool switches() const { return __builtin_fabs(middle) < spread; }
  /// A ReLU of z is off from its bilinear interpolant by at most p q / (p + q), z from -q to p; here p + q = 2 spread.
  float off() const { return static_cast<float>((spread * spread - middle * middle) / (2 * spread) * (1 + 1e-6)); }
};

/// The units that switch in the square as a whole: in its fine squares no others do. As `FirstLayerOverSquare` says,
/// for a vector of units at a time.
inline void find_lines(const SquareOfBounds& in, LinesThroughSquare& lines) {
  using L = Lanes<double>;
  const double half = in.width * in.finer / 2;
  double margins[most_width];
  for (std::int64_t k = 0; k < in.padded; k += L::count) {
    const Doubles a = L::load(in.lines + k), b = L::load(in.lines + in.padded + k),
                  c = L::load(in.lines + 2 * in.padded + k);
    const Doubles middle = a * (in.x + half) + b * (in.y + half) + c;
    L::store(margins + k, (magnitude(a) + magnitude(b)) * (half * (1 + 1e-6)) - magnitude(middle));
  }
  lines.count = 0;
  for (std::int32_t j = 0; j < in.units; ++j) {
    lines.units[lines.count] = j;
    lines.count += margins[j] > 0 ? 1 : 0;
  }
}

/// Those among them that switch in the fine square whose lower corner is (x, y).
inline void find_lines_of_fine(const SquareOfBounds& in, double x, double y, const LinesThroughSquare& of_square,
                               LinesThroughSquare& lines) {
  lines.count = 0;
  for (int c = 0; c < of_square.count; ++c) {
    const FirstLayerOverSquare z(in, of_square.units[c], x, y, in.width / 2);
    if (!z.switches()) continue;
    lines.units[lines.count] = of_square.units[c];
    lines.offs[lines.count++] = z.off();
  }
}

/// How far max(z, 0) of the second layer may be off in the fine square whose lower corner is node z: what its own sign
/// may do between the corners, and what comes through from the first layer. largest is at least as large.
inline void bound_fine_square(const SquareOfBounds& in, const float* z, const LinesThroughSquare& lines, float* error,
                              float* largest) {
  using L = Lanes<float>;
  for (std::int64_t k = 0; k < in.padded; k += L::count) {
    const Floats a = L::load(z + k), b = L::load(z + in.padded + k), c = L::load(z + in.row + k),
                 d = L::load(z + in.row + in.padded + k);
    const Floats p = larger(larger(a, b), larger(c, d)), q = -smaller(smaller(a, b), smaller(c, d));
    Floats off = (p > 0) & (q > 0) ? p * q / (p + q) : Floats{};
    for (int i = 0; i < lines.count; ++i) {
      off += L::load(in.abs_second + lines.units[i] * in.padded + k) * lines.offs[i];
    }
    L::store(error + k, off);
    L::store(largest + k, larger(L::load(largest + k), off));
  }
}

void bound_second(const SquareOfBounds& in, RowsToWrite<float> errors, float* largest) {
  LinesThroughSquare lines, of_fine;
  find_lines(in, lines);
  for (std::int64_t k = 0; k < in.padded; ++k) largest[k] = 0;
  for (int a = 0; a < in.finer; ++a) {
    for (int b = 0; b < in.finer; ++b) {
      find_lines_of_fine(in, in.x + a * in.width, in.y + b * in.width, lines, of_fine);
      bound_fine_square(in, in.z + a * in.row + b * in.padded, of_fine,
                        errors.values + a * errors.stride + b * in.padded, largest);
    }
  }
}

void bound_square(SquareOfNodes in, const float* error, float* below, float* above) {
  using L = Lanes<float>;
  const float* f = in.f;
  const std::int64_t row = in.row, padded = in.padded;
  const int finer = in.finer;
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

void bound_node(const float* f, const SquaresAroundNode& in, float* low, float* high) {
  using L = Lanes<float>;
  const SquaresAroundNode around = in;  // a copy: what is written is not a part of it
  const std::int64_t padded = around.padded;
  const float *below = around.below, *above = around.above;
  const auto of = [&](const float* values, int s, std::int64_t k) {
    return L::load(values + static_cast<std::int64_t>(around.squares[s]) * padded + k);
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

void mean_and_spread(NodesOfRange nodes, Matrix<float> values, double total, double* sum, double* square) {
  using L = Lanes<double>;
  for_pieces<double, 4>(values.padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Doubles sums[vectors] = {}, means[vectors], squares[vectors] = {};
    const auto value = [&](std::int64_t g, int v) {
      return widened(values.values + g * values.padded + unit + v * L::count);
    };
    for (std::int64_t g = 0; g < values.rows; ++g) {
      for (int v = 0; v < vectors; ++v) sums[v] += value(g, v) * nodes.mean[g];
    }
    for (int v = 0; v < vectors; ++v) means[v] = sums[v] / total;
    for (std::int64_t g = 0; g < values.rows; ++g) {
      for (int v = 0; v < vectors; ++v) {
        const Doubles off = (value(g, v) - means[v]) * nodes.spread[g];
        squares[v] += off * off;
      }
    }
    for (int v = 0; v < vectors; ++v) {
      L::store(sum + unit + v * L::count, sums[v]);
      L::store(square + unit + v * L::count, squares[v]);
    }
  });
}

void dot_rows(Matrix<float> rows, const float* vector, float* out) {
  using L = Lanes<float>;
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    const float* row = rows.values + r * rows.padded;
    Floats total = {};
    for (std::int64_t k = 0; k < rows.padded; k += L::count) total += L::load(row + k) * L::load(vector + k);
    out[r] = static_cast<float>(sum_of_lanes(total));
  }
}

/// Velocities as places in the squares of a grid: from 0 to 1 along x and y, and the number of the square. So few at a
/// time that their values may be summed in float.
struct PlacesInSquares {
  static constexpr std::int64_t most = 64;

  float a[most], b[most];
  std::int32_t at[most];
};

/// Of velocities [first, first + size).
inline void find_places(BilinearSquares in, Points points, std::int64_t first, std::int64_t size,
                        PlacesInSquares& places) {
  const float per_width = static_cast<float>(in.side) / (2 * in.reach);
  const auto last = static_cast<std::int32_t>(in.side - 1), stride = static_cast<std::int32_t>(in.side);
  const auto square = [&](float u) {
    const auto k = static_cast<std::int32_t>(u);
    return k < 0 ? 0 : k > last ? last : k;
  };
  for (std::int64_t i = 0; i < size; ++i) {
    const float u = (points.x[first + i] + in.reach) * per_width, v = (points.y[first + i] + in.reach) * per_width;
    const std::int32_t p = square(u), q = square(v);
    places.a[i] = u - static_cast<float>(p);
    places.b[i] = v - static_cast<float>(q);
    places.at[i] = p * stride + q;
  }
}

/// The sum of a function over so many places. A square's four coefficients are one vector, and so are the four terms
/// until all places are added up; four sums in turn, that additions overlap.
inline SumAndError sum_at_places(BilinearSquares in, const PlacesInSquares& places, std::int64_t size) {
  typedef float Four __attribute__((vector_size(16)));
  typedef float UnalignedFour __attribute__((vector_size(16), aligned(alignof(float)), may_alias));
  constexpr std::int64_t sums = 4;
  Four values[sums] = {};
  float offs[sums] = {};
  const auto add = [&](std::int64_t i, std::int64_t which) {
    const float a = places.a[i], b = places.b[i];
    const Four of_square = *reinterpret_cast<const UnalignedFour*>(in.coefficients + 4 * places.at[i]);
    values[which] += of_square * Four{1, b, a, a * b};
    offs[which] += in.errors[places.at[i]];
  };
  std::int64_t i = 0;
  for (; i + sums <= size; i += sums) {
    for (std::int64_t which = 0; which < sums; ++which) add(i + which, which);
  }
  for (; i < size; ++i) add(i, 0);
  const Four total = (values[0] + values[1]) + (values[2] + values[3]);
  return {static_cast<double>((total[0] + total[1]) + (total[2] + total[3])),
          static_cast<double>((offs[0] + offs[1]) + (offs[2] + offs[3]))};
}

SumAndError interpolate(BilinearSquares in, Points points) {
  PlacesInSquares places;
  SumAndError all{0, 0};
  for (std::int64_t first = 0; first < points.count; first += PlacesInSquares::most) {
    const std::int64_t left = points.count - first, size = left < PlacesInSquares::most ? left : PlacesInSquares::most;
    find_places(in, points, first, size, places);
    const SumAndError some = sum_at_places(in, places, size);
    all.sum += some.sum;
    all.error += some.error;
  }
  return all;
}

void bound_sums(const std::uint16_t* sketch, Envelopes envelopes, Chosen rows, double* low, double* high) {
  using L = Lanes<float>;
  constexpr std::int64_t length = padded(SketchGrid::nodes);
  alignas(64) float weights[length] = {};
  for (std::int64_t g = 0; g < SketchGrid::nodes; ++g) weights[g] = static_cast<float>(sketch[g]);
  for (std::int64_t u = 0; u < rows.count; ++u) {
    const float *of_low = envelopes.lows + rows.numbers[u] * length,
                *of_high = envelopes.highs + rows.numbers[u] * length;
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
