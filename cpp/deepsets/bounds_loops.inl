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

void find_active(Matrix<float> z, std::uint64_t* active) {
  using L = Lanes<float>;
  for (std::int64_t r = 0; r < z.rows; ++r) {
    const float* row = z.values + r * z.padded;
    for (std::int64_t first = 0; first < z.padded; first += 64, ++active) {
      const std::int64_t size = z.padded - first < 64 ? z.padded - first : 64;
      std::uint64_t word = 0;
      for (std::int64_t k = 0; k < size; k += L::count) word |= positive_lanes(L::load(row + first + k)) << k;
      *active = word;
    }
  }
}

/// What a function may be off by, as the sum of so much of some rows.
struct PartsOfError {
  std::int32_t rows[2 * most_width];
  float offs[2 * most_width];
  int count = 0;

  void add(std::int64_t row, float off) {
    rows[count] = static_cast<std::int32_t>(row);
    offs[count++] = off;
  }
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

/// Call body(bit) for the bits of a word, which begin with that number.
template <class Body>
inline void for_bits(std::uint64_t word, std::int64_t first, const Body& body) {
  for (; word != 0; word &= word - 1) body(first + __builtin_ctzll(word));
}

/// The units of the first layer that switch in the square as a whole: in its fine squares no others do. As
/// `FirstLayerOverSquare` says, for a vector of units at a time. Returns how many.
inline int find_lines(const SquareOfBounds& in, std::int32_t* units) {
  using L = Lanes<double>;
  const double half = in.width * in.finer / 2;
  int count = 0;
  for (std::int64_t k = 0; k < in.padded; k += L::count) {
    const Doubles a = L::load(in.lines + k), b = L::load(in.lines + in.padded + k),
                  c = L::load(in.lines + 2 * in.padded + k);
    const Doubles middle = a * (in.x + half) + b * (in.y + half) + c;
    const Doubles margin = (magnitude(a) + magnitude(b)) * (half * (1 + 1e-6)) - magnitude(middle);
    for_bits(positive_lanes(margin), k, [&](std::int64_t unit) { units[count++] = static_cast<std::int32_t>(unit); });
  }
  return count;
}

/// Units of the second layer that are active at some corners of a fine square but not at all: each is off by what its
/// own sign may do in between. `node` is the lower corner.
inline void add_switching(const SquareOfBounds& in, std::int64_t node, PartsOfError& parts) {
  const std::int64_t words = words_of(in.padded), row = in.nodes * words;
  for (std::int64_t w = 0; w < words; ++w) {
    const std::uint64_t* at = in.active + node * words + w;
    const std::uint64_t some = at[0] | at[words] | at[row] | at[row + words],
                        all = at[0] & at[words] & at[row] & at[row + words];
    for_bits(some & ~all, 64 * w, [&](std::int64_t unit) {
      const float *z = in.z + node * in.padded + unit, *next = z + in.nodes * in.padded;
      const float a = z[0], b = z[in.padded], c = next[0], d = next[in.padded];
      const float ab = a > b ? a : b, cd = c > d ? c : d, p = ab > cd ? ab : cd;
      const float least_ab = a < b ? a : b, least_cd = c < d ? c : d, q = -(least_ab < least_cd ? least_ab : least_cd);
      parts.add(unit, p * q / (p + q));
    });
  }
}

/// error (2, Q) = the sum of the parts; largest is at least as large.
inline void add_up(const PartsOfError& parts, Matrix<float> through, float* error, float* largest) {
  using L = Lanes<float>;
  for_pieces<float, 4>(through.padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Floats total[vectors] = {};
    for (int i = 0; i < parts.count; ++i) {
      const float* row = through.values + parts.rows[i] * through.padded + unit;
      for (int v = 0; v < vectors; ++v) total[v] += L::load(row + v * L::count) * parts.offs[i];
    }
    for (int v = 0; v < vectors; ++v) {
      const std::int64_t k = unit + v * L::count;
      L::store(error + k, total[v]);
      L::store(largest + k, larger(L::load(largest + k), total[v]));
    }
  });
}

void bound_square(const SquareOfBounds& square, RowsToWrite<float> errors, float* below, float* above) {
  using L = Lanes<float>;
  const SquareOfBounds in = square;  // a copy: what is written is not a part of it
  const std::int64_t padded = in.through.padded / 2, row = in.nodes * padded;
  const int finer = in.finer;
  std::int32_t lines[most_width];
  const int count = find_lines(in, lines);
  float largest[2 * most_width];
  for (std::int64_t k = 0; k < 2 * padded; ++k) largest[k] = 0;
  for (int a = 0; a < finer; ++a) {
    for (int b = 0; b < finer; ++b) {
      PartsOfError parts;
      for (int i = 0; i < count; ++i) {
        const FirstLayerOverSquare z(in, lines[i], in.x + a * in.width, in.y + b * in.width, in.width / 2);
        if (z.switches()) parts.add(in.units + lines[i], z.off());
      }
      add_switching(in, a * in.nodes + b, parts);
      add_up(parts, in.through, errors.values + a * errors.stride + b * 2 * padded, largest);
    }
  }
  for (std::int64_t k = 0; k < padded; k += L::count) {
    const float* f = in.f + k;
    const Floats c00 = L::load(f), c01 = L::load(f + finer * padded), c10 = L::load(f + finer * row),
                 c11 = L::load(f + finer * (row + padded));
    Floats lowest = {}, highest = {};
    for (int a = 0; a <= finer; ++a) {
      for (int b = 0; b <= finer; ++b) {
        const float u = static_cast<float>(a) / static_cast<float>(finer),
                    v = static_cast<float>(b) / static_cast<float>(finer);
        const Floats interpolant = (c00 * (1 - v) + c01 * v) * (1 - u) + (c10 * (1 - v) + c11 * v) * u;
        const Floats off = L::load(f + a * row + b * padded) - interpolant;
        lowest = smaller(lowest, off);
        highest = larger(highest, off);
      }
    }
    L::store(below + k, lowest - L::load(largest + k) * 1.001f);
    L::store(above + k, highest + L::load(largest + padded + k) * 1.001f);
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
      if (nodes.mean[g] == 0) continue;  // nobody comes near a quarter of the nodes
      for (int v = 0; v < vectors; ++v) sums[v] += value(g, v) * nodes.mean[g];
    }
    for (int v = 0; v < vectors; ++v) means[v] = sums[v] / total;
    for (std::int64_t g = 0; g < values.rows; ++g) {
      if (nodes.spread[g] == 0) continue;
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
