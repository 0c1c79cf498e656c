// The loops of smooth_kernel.hpp, a part of kernel_loops.inl. Lanes are units. Sums of up to a hundred numbers are
// taken in float, those of more in double.

#if HTHM_VECTOR_BYTES == 64
inline Floats least(Floats a, Floats b) { return _mm512_maskz_min_ps(0xffff, a, b); }
inline Floats most(Floats a, Floats b) { return _mm512_maskz_max_ps(0xffff, a, b); }
constexpr int tile_rows = 12, tile_units = 8;
#elif HTHM_VECTOR_BYTES == 32
inline Floats least(Floats a, Floats b) { return _mm256_min_ps(a, b); }
inline Floats most(Floats a, Floats b) { return _mm256_max_ps(a, b); }
constexpr int tile_rows = 6, tile_units = 4;
#else
inline Floats least(Floats a, Floats b) { return a < b ? a : b; }
inline Floats most(Floats a, Floats b) { return a > b ? a : b; }
constexpr int tile_rows = 4, tile_units = 4;
#endif
static_assert(rows_of_tile % tile_rows == 0);

#include "deepsets/silu_loops.inl"

/// A tile of start + in * matrix, handed to `done` vector by vector with its row and first unit.
template <int rows, int vectors, class Start, class Done>
inline void product_tile(const float* in, const float* matrix, std::int64_t depth, std::int64_t padded,
                         const Start& start, const Done& done) {
  using L = Lanes<float>;
  Floats total[rows][vectors];
  for (int r = 0; r < rows; ++r) {
    for (int v = 0; v < vectors; ++v) total[r][v] = start(v * L::count);
  }
  for (std::int64_t j = 0; j < depth; ++j) {
    Floats line[vectors];
    for (int v = 0; v < vectors; ++v) line[v] = L::load(matrix + j * padded + v * L::count);
    for (int r = 0; r < rows; ++r) {
      for (int v = 0; v < vectors; ++v) total[r][v] += line[v] * in[r * padded + j];
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (int v = 0; v < vectors; ++v) done(r, v * L::count, total[r][v]);
  }
}

template <class Start, class Done>
inline void product_of(const float* in, const float* matrix, std::int64_t depth, std::int64_t padded,
                       std::int64_t count, const Start& start, const Done& done) {
  for_pieces<float, 2>(padded, [&](std::int64_t unit, auto piece) {
    for (std::int64_t row = 0; row < count; row += tile_rows) {
      product_tile<tile_rows, decltype(piece)::vectors>(
          in + row * padded, matrix + unit, depth, padded, [&](std::int64_t k) { return start(unit + k); },
          [&](std::int64_t r, std::int64_t k, Floats v) { done((row + r) * padded + unit + k, v); });
    }
  });
}

/// Call body with z of the first layer: at each point, in whole vectors of units, and where that vector is.
template <class Body>
inline void for_first_layer(SmoothPhi phi, SmoothPoints points, const Body& body) {
  using L = Lanes<float>;
  for (std::int64_t k = 0; k < phi.padded; k += L::count) {
    const Floats a = L::load(phi.lines + k), b = L::load(phi.lines + phi.padded + k),
                 c = L::load(phi.lines + 2 * phi.padded + k);
    for (std::int64_t i = 0; i < points.count; ++i) {
      body(a * points.values[2 * i] + (b * points.values[2 * i + 1] + c), i * phi.padded + k);
    }
  }
}

void smooth_forward(SmoothPhi phi, SmoothPoints points, SmoothLayers out, float* work) {
  using L = Lanes<float>;
  for_first_layer(phi, points, [&](Floats z, std::int64_t at) {
    const Floats s = logistic(z);
    L::store(out.first_logistic + at, s);
    L::store(work + at, z * s);
  });
  product_of(
      work, phi.forward, phi.width, phi.padded, points.count, [&](std::int64_t k) { return L::load(phi.bias + k); },
      [&](std::int64_t at, Floats z) { L::store(out.second + at, z); });
  for (std::int64_t at = 0; at < points.count * phi.padded; at += L::count) {
    const Floats z = L::load(out.second + at), s = logistic(z);
    L::store(out.second + at, z * s);
    L::store(out.second_slopes + at, slope_of(z, s));
  }
}

inline void store_rounded(float* p, Doubles v) {
  typedef float Half __attribute__((vector_size(HTHM_VECTOR_BYTES / 2)));
  typedef float Unaligned __attribute__((vector_size(HTHM_VECTOR_BYTES / 2), aligned(alignof(float)), may_alias));
  *reinterpret_cast<Unaligned*>(p) = __builtin_convertvector(v, Half);
}

/// sums += total.
inline void add_to(double* sums, Floats total) {
  using L = Lanes<double>;
  float lanes[Lanes<float>::count];
  Lanes<float>::store(lanes, total);
  for (std::int64_t k = 0; k < Lanes<float>::count; k += L::count)
    L::store(sums + k, L::load(sums + k) + widened(lanes + k));
}

void smooth_add_rows(const float* rows, std::int64_t padded, std::int64_t count, double* sums) {
  using L = Lanes<double>;
  for_pieces<double, 4>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Doubles total[vectors];
    for (int v = 0; v < vectors; ++v) total[v] = L::load(sums + unit + v * L::count);
    for (std::int64_t i = 0; i < count; ++i) {
      for (int v = 0; v < vectors; ++v) total[v] += widened(rows + i * padded + unit + v * L::count);
    }
    for (int v = 0; v < vectors; ++v) L::store(sums + unit + v * L::count, total[v]);
  });
}

/// sums[i] (count, P) = start + the rows of `terms` up to i, rounded.
inline void add_up(const double* start, const float* terms, std::int64_t padded, std::int64_t count, float* sums) {
  using L = Lanes<double>;
  for_pieces<double, 4>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Doubles total[vectors];
    for (int v = 0; v < vectors; ++v) total[v] = L::load(start + unit + v * L::count);
    for (std::int64_t at = unit; at < count * padded; at += padded) {
      for (int v = 0; v < vectors; ++v) {
        total[v] += widened(terms + at + v * L::count);
        store_rounded(sums + at + v * L::count, total[v]);
      }
    }
  });
}

void smooth_add_outer(const float* a, const float* b, std::int64_t count, std::int64_t width, std::int64_t padded,
                      double* sums) {
  using L = Lanes<float>;
  for_pieces<float, 2>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    for (std::int64_t k = 0; k < width; k += tile_units) {
      Floats total[tile_units][vectors] = {};
      for (std::int64_t i = 0; i < count; ++i) {
        Floats line[vectors];
        for (int v = 0; v < vectors; ++v) line[v] = L::load(b + i * padded + unit + v * L::count);
        for (int t = 0; t < tile_units; ++t) {
          for (int v = 0; v < vectors; ++v) total[t][v] += line[v] * a[i * padded + k + t];
        }
      }
      for (int t = 0; t < tile_units; ++t) {
        for (int v = 0; v < vectors; ++v) add_to(sums + (k + t) * padded + unit + v * L::count, total[t][v]);
      }
    }
  });
}

void smooth_backward(SmoothPhi phi, SmoothPoints points, SmoothLayers in, float* deltas, float* work,
                     SmoothGradient gradient) {
  using L = Lanes<float>;
  const std::int64_t padded = phi.padded, count = points.count;
  for (std::int64_t k = 0; k < padded; k += L::count) {
    Floats total = {};
    for (std::int64_t at = k; at < count * padded; at += padded) {
      const Floats delta = L::load(deltas + at) * L::load(in.second_slopes + at);
      L::store(deltas + at, delta);
      total += delta;
    }
    add_to(gradient.bias + k, total);
  }
  float *first = work, *slopes = work + count * padded;
  for_first_layer(phi, points, [&](Floats z, std::int64_t at) {
    const Floats s = L::load(in.first_logistic + at);
    L::store(first + at, z * s);
    L::store(slopes + at, slope_of(z, s));
  });
  smooth_add_outer(deltas, first, count, phi.width, padded, gradient.second);
  product_of(
      deltas, phi.back, phi.width, padded, count, [](std::int64_t) { return Floats{}; },
      [&](std::int64_t at, Floats v) { L::store(first + at, v * L::load(slopes + at)); });
  for (std::int64_t k = 0; k < padded; k += L::count) {
    Floats total[3] = {};
    for (std::int64_t i = 0; i < count; ++i) {
      const Floats delta = L::load(first + i * padded + k);
      total[0] += delta * points.values[2 * i];
      total[1] += delta * points.values[2 * i + 1];
      total[2] += delta;
    }
    for (int r = 0; r < 3; ++r) add_to(gradient.lines + r * padded + k, total[r]);
  }
}

void smooth_exchange(const float* features, std::int64_t padded, Exchanges steps, float factor, float* out) {
  using L = Lanes<float>;
  for (std::int64_t s = 0; s < steps.count; ++s) {
    for_pieces<float, 4>(padded, [&](std::int64_t unit, auto piece) {
      constexpr int vectors = decltype(piece)::vectors;
      Floats total[vectors] = {};
      for (std::int64_t e = steps.offsets[s]; e < steps.offsets[s + 1]; ++e) {
        const float* born = features + steps.born[e] * padded + unit;
        const float* died = features + steps.died[e] * padded + unit;
        for (int v = 0; v < vectors; ++v) total[v] += L::load(born + v * L::count) - L::load(died + v * L::count);
      }
      for (int v = 0; v < vectors; ++v) L::store(out + s * padded + unit + v * L::count, total[v] * factor);
    });
  }
}

void smooth_subtract(const float* rows, std::int64_t padded, const std::int32_t* born, const std::int32_t* died,
                     std::int64_t count, float* out) {
  using L = Lanes<float>;
  for (std::int64_t i = 0; i < count; ++i) {
    const float *a = rows + born[i] * padded, *b = rows + died[i] * padded;
    for (std::int64_t k = 0; k < padded; k += L::count) L::store(out + i * padded + k, L::load(a + k) - L::load(b + k));
  }
}

void smooth_product(const float* in, const float* matrix, std::int64_t depth, std::int64_t padded, std::int64_t count,
                    float* out) {
  product_of(
      in, matrix, depth, padded, count, [](std::int64_t) { return Floats{}; },
      [&](std::int64_t at, Floats v) { Lanes<float>::store(out + at, v); });
}

/// The differences are computed as such, for they are small beside what they are differences of. With L the logistic
/// function, L(z + dz) - L(z) = (1 - exp(-|dz|)) * the larger of both * (1 - the smaller), with the sign of dz.
void smooth_do_steps(StepsOfRho steps, float* work, StepsDone out, double* change) {
  using L = Lanes<float>;
  const std::int64_t padded = steps.padded;
  for (std::int64_t k = 0; k < padded; k += Lanes<double>::count) {
    store_rounded(work + k, Lanes<double>::load(steps.z + k));
  }
  add_up(steps.z, steps.dz, padded, steps.count, work + padded);
  Floats changes[most_steps_at_a_time] = {};
  for (std::int64_t k = 0; k < padded; k += L::count) {
    const Floats last = L::load(steps.last + k);
    Floats before = logistic(L::load(work + k));
    for (std::int64_t s = 0; s < steps.count; ++s) {
      const std::int64_t at = s * padded + k;
      const Floats dz = L::load(steps.dz + at), z0 = L::load(work + at), z1 = L::load(work + at + padded);
      const Floats after = logistic(z1);
      const Floats rise = one_less_exponential(dz) * most(before, after) * (1.0f - least(before, after));
      const Bits sign = __builtin_bit_cast(Bits, dz) & 0x80000000u;
      const Floats ds = __builtin_bit_cast(Floats, __builtin_bit_cast(Bits, rise) | sign);
      const Floats da = dz * after + z0 * ds;
      L::store(out.rises + at, da);
      L::store(out.bends + at, ds + (dz * (after * (1.0f - after)) + z0 * (ds * ((1.0f - before) - after))));
      L::store(out.slopes + at, slope_of(z1, after));
      changes[s] += last * da;
      before = after;
    }
  }
  for (std::int64_t s = 0; s < steps.count; ++s) change[s] = sum_of_lanes(changes[s]);
}

void smooth_weigh_steps(const double* g, std::int64_t padded, std::int64_t count, const float* rises, float* bends,
                        double* sum_of_rises, double* sum_of_bends) {
  using L = Lanes<float>;
  for (std::int64_t k = 0; k < padded; k += L::count) {
    Floats totals[2] = {};
    for (std::int64_t s = 0; s < count; ++s) {
      const auto weight = static_cast<float>(g[s]);
      const Floats bend = L::load(bends + s * padded + k) * weight;
      L::store(bends + s * padded + k, bend);
      totals[0] += L::load(rises + s * padded + k) * weight;
      totals[1] += bend;
    }
    for (std::int64_t lane = 0; lane < L::count; ++lane) sum_of_rises[k + lane] = sum_of_bends[k + lane] = 0;
    add_to(sum_of_rises + k, totals[0]);
    add_to(sum_of_bends + k, totals[1]);
  }
}

void smooth_undo_steps(StepsBack steps, float* through, float* turned, float* moved) {
  using L = Lanes<double>;
  const std::int64_t padded = steps.padded;
  for_pieces<double, 4>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int vectors = decltype(piece)::vectors;
    Doubles factors[vectors], later[vectors];
    for (int v = 0; v < vectors; ++v) {
      factors[v] = widened(steps.factors + unit + v * L::count);
      later[v] = L::load(steps.later + unit + v * L::count);
    }
    for (std::int64_t s = steps.count - 1; s >= 0; --s) {
      for (int v = 0; v < vectors; ++v) {
        const std::int64_t at = s * padded + unit + v * L::count;
        store_rounded(through + at, (widened(steps.slopes + at) * steps.g[s] + later[v]) * factors[v]);
        later[v] += widened(steps.bends + at);
      }
    }
  });
  for (std::int64_t s = 0; s < steps.count; ++s) {
    const auto turn = static_cast<float>(steps.turns[s]);
    for (std::int64_t at = s * padded; at < (s + 1) * padded; at += Lanes<float>::count) {
      Lanes<float>::store(turned + at, Lanes<float>::load(steps.slopes + at) * turn);
    }
  }
  add_up(steps.moved, steps.moves, padded, steps.count, moved);
}

constexpr SmoothKernel smooth_loops{.forward = smooth_forward,
                                    .backward = smooth_backward,
                                    .exchange = smooth_exchange,
                                    .subtract = smooth_subtract,
                                    .product = smooth_product,
                                    .add_outer = smooth_add_outer,
                                    .add_rows = smooth_add_rows,
                                    .do_steps = smooth_do_steps,
                                    .weigh_steps = smooth_weigh_steps,
                                    .undo_steps = smooth_undo_steps};
