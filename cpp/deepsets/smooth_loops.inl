// The loops of smooth_kernel.hpp, a part of kernel_loops.inl. Lanes are units. Sums of up to a hundred numbers are
// taken in float, those of more in double.

#if HTHM_VECTOR_BYTES == 64
inline Floats least(Floats a, Floats b) { return _mm512_maskz_min_ps(0xffff, a, b); }
inline Floats most(Floats a, Floats b) { return _mm512_maskz_max_ps(0xffff, a, b); }
constexpr int tile_rows = 12;
#elif HTHM_VECTOR_BYTES == 32
inline Floats least(Floats a, Floats b) { return _mm256_min_ps(a, b); }
inline Floats most(Floats a, Floats b) { return _mm256_max_ps(a, b); }
constexpr int tile_rows = 6;
#else
inline Floats least(Floats a, Floats b) { return a < b ? a : b; }
inline Floats most(Floats a, Floats b) { return a > b ? a : b; }
constexpr int tile_rows = 4;
#endif
static_assert(rows_of_tile % tile_rows == 0);

#include "deepsets/silu_loops.inl"

/// A tile of start + in * matrix, handed to `done` row by row.
template <int rows, int vectors, class Done>
inline void product_tile(const float* in, const float* matrix, std::int64_t depth, std::int64_t padded,
                         const Several<vectors>& start, const Done& done) {
  Several<vectors> total[rows];
  for (int r = 0; r < rows; ++r) total[r] = start;
  for (std::int64_t j = 0; j < depth; ++j) {
    const Several<vectors> line = load<vectors>(matrix + j * padded);
    for (int r = 0; r < rows; ++r) total[r] += line * in[r * padded + j];
  }
  for (int r = 0; r < rows; ++r) done(r, total[r]);
}

/// out (count, P) = start (P), or zeros, + in * matrix.
[[gnu::noinline]] void product_of(const float* in, const float* matrix, const float* start, std::int64_t depth,
                                  std::int64_t padded, std::int64_t count, float* out) {
  for_pieces<float, 2>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    const Several<n> first = start ? load<n>(start + unit) : Several<n>{};
    for (std::int64_t row = 0; row < count; row += tile_rows) {
      product_tile<tile_rows>(in + row * padded, matrix + unit, depth, padded, first,
                              [&](std::int64_t r, const Several<n>& v) { store(out + (row + r) * padded + unit, v); });
    }
  });
}

/// Call body with z of the first layer: at each point, in whole vectors of units, and where these are.
template <class Body>
inline void for_first_layer(SmoothPhi phi, SmoothPoints points, const Body& body) {
  for_pieces<float, 2>(phi.padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    const Several<n> a = load<n>(phi.lines + unit), b = load<n>(phi.lines + phi.padded + unit),
                     c = load<n>(phi.lines + 2 * phi.padded + unit);
    for (std::int64_t i = 0; i < points.count; ++i) {
      body(a * points.values[2 * i] + (b * points.values[2 * i + 1] + c), i * phi.padded + unit);
    }
  });
}

void smooth_forward(SmoothPhi phi, SmoothPoints points, SmoothLayers out, float* work) {
  for_first_layer(phi, points, [&](const auto& z, std::int64_t at) {
    const auto s = logistic(z);
    store(out.first_logistic + at, s);
    store(work + at, z * s);
  });
  product_of(work, phi.forward, phi.bias, phi.width, phi.padded, points.count, out.second);
  for_pieces<float, 2>(points.count * phi.padded, [&](std::int64_t at, auto piece) {
    const auto z = load<decltype(piece)::vectors>(out.second + at), s = logistic(z), silu = z * s;
    store(out.second + at, silu);
    store(out.second_slopes + at, slope_of(silu, s));
  });
}

/// Doubles that lie one after the other, rounded.
template <int n>
inline Several<n> rounded(const double* from) {
  float lanes[n * Lanes<float>::count];
  for (std::int64_t k = 0; k < n * Lanes<float>::count; ++k) lanes[k] = static_cast<float>(from[k]);
  return load<n>(lanes);
}

/// sums += total.
template <int n>
inline void add_to(double* sums, const Several<n>& total) {
  using L = Lanes<double>;
  float lanes[n * Lanes<float>::count];
  store(lanes, total);
  for (std::int64_t k = 0; k < n * Lanes<float>::count; k += L::count)
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

/// sums += sum over the rows of a times b, for `units` columns of a.
template <int units, int vectors>
inline void outer_tile(const float* a, const float* b, std::int64_t count, std::int64_t padded, double* sums) {
  Several<vectors> total[units] = {};
  for (std::int64_t i = 0; i < count; ++i) {
    const Several<vectors> line = load<vectors>(b + i * padded);
    for (int t = 0; t < units; ++t) total[t] += line * a[i * padded + t];
  }
  for (int t = 0; t < units; ++t) add_to(sums + t * padded, total[t]);
}

[[gnu::noinline]] void smooth_add_outer(const float* a, const float* b, std::int64_t count, std::int64_t width,
                                        std::int64_t padded, double* sums) {
  // Tiles of 6 units keep two units of a processor busy, whose sums take 4 cycles each; what is left is in tiles of 4.
  const std::int64_t wide = width / 12 * 12;
  for_pieces<float, 2>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    std::int64_t k = 0;
    for (; k < wide; k += 6) outer_tile<6, n>(a + k, b + unit, count, padded, sums + k * padded + unit);
    for (; k < width; k += 4) outer_tile<4, n>(a + k, b + unit, count, padded, sums + k * padded + unit);
  });
}

// The parts of the way back through phi are functions of their own, for each of which there are registers enough.

/// The loss by z of the second layer, and its sum.
[[gnu::noinline]] void undo_second(LossByState loss, const float* slopes, std::int64_t padded, std::int64_t count,
                                   float* deltas, double* bias) {
  for_pieces<float, 4>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    Several<n> total = {};
    for (std::int64_t i = 0; i < loss.count; ++i) {
      const Several<n> by_phi =
          load<n>(loss.rows + loss.birth[i] * padded + unit) - load<n>(loss.rows + loss.death[i] * padded + unit);
      const Several<n> delta = by_phi * load<n>(slopes + i * padded + unit);
      store(deltas + i * padded + unit, delta);
      total += delta;
    }
    for (std::int64_t i = loss.count; i < count; ++i) store(deltas + i * padded + unit, Several<n>{});
    add_to(bias + unit, total);
  });
}

/// The first layer and its slopes, once more.
[[gnu::noinline]] void first_again(SmoothPhi phi, SmoothPoints points, const float* logistic_of_z, float* first,
                                   float* slopes) {
  for_first_layer(phi, points, [&](const auto& z, std::int64_t at) {
    const auto s = load<sizeof(z) / sizeof(Floats)>(logistic_of_z + at), silu = z * s;
    store(first + at, silu);
    store(slopes + at, slope_of(silu, s));
  });
}

/// What the loss is by the lines of the first layer.
[[gnu::noinline]] void undo_first(SmoothPhi phi, SmoothPoints points, const float* deltas, const float* slopes,
                                  double* lines) {
  const std::int64_t padded = phi.padded;
  for_pieces<float, 2>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    Several<n> total[3] = {};
    for (std::int64_t row = 0; row < points.count; row += tile_rows) {
      product_tile<tile_rows>(deltas + row * padded, phi.back + unit, phi.width, padded, Several<n>{},
                              [&](std::int64_t r, const Several<n>& v) {
                                const std::int64_t i = row + r;
                                const Several<n> delta = v * load<n>(slopes + i * padded + unit);
                                total[0] += delta * points.values[2 * i];
                                total[1] += delta * points.values[2 * i + 1];
                                total[2] += delta;
                              });
    }
    for (int r = 0; r < 3; ++r) add_to(lines + r * padded + unit, total[r]);
  });
}

void smooth_backward(SmoothPhi phi, SmoothPoints points, SmoothLayers in, LossByState loss, float* work,
                     SmoothGradient gradient) {
  const std::int64_t stride = points.count * phi.padded + gap;
  float *deltas = work, *first = deltas + stride, *slopes = first + stride;
  undo_second(loss, in.second_slopes, phi.padded, points.count, deltas, gradient.bias);
  first_again(phi, points, in.first_logistic, first, slopes);
  smooth_add_outer(deltas, first, points.count, phi.width, phi.padded, gradient.second);
  undo_first(phi, points, deltas, slopes, gradient.lines);
}

void smooth_exchange(const float* features, std::int64_t padded, Exchanges steps, float factor, float* sums,
                     float* moves, float* moved) {
  for_pieces<float, 4>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    Several<n> sum = load<n>(sums + unit);
    for (std::int64_t s = 0; s < steps.count; ++s) {
      Several<n> move = {};
      for (std::int64_t e = steps.offsets[s]; e < steps.offsets[s + 1]; ++e) {
        move += load<n>(features + steps.born[e] * padded + unit) - load<n>(features + steps.died[e] * padded + unit);
      }
      move = move * factor;
      sum += move;
      store(moves + s * padded + unit, move);
      store(moved + s * padded + unit, sum);
    }
    store(sums + unit, sum);
  });
}

void smooth_product(const float* in, const float* matrix, std::int64_t depth, std::int64_t padded, std::int64_t count,
                    float* out) {
  product_of(in, matrix, nullptr, depth, padded, count, out);
}

/// z of the units of rho in every state, and the logistic function there, each (count + 1, P).
[[gnu::noinline]] void follow(StepsOfRho steps, float* z, float* logistic_of_z) {
  for_pieces<float, 2>(steps.padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    const Several<n> start = rounded<n>(steps.z + unit);
    Several<n> moved = {};
    for (std::int64_t s = 0;; ++s) {
      const std::int64_t at = s * steps.padded + unit;
      const Several<n> now = start + moved;
      store(z + at, now);
      store(logistic_of_z + at, logistic(now));
      if (s == steps.count) break;
      moved += load<n>(steps.dz + at);
    }
  });
}

/// The differences are computed as such, for they are small beside what they are differences of. With L the logistic
/// function, L(z + dz) - L(z) = (1 - exp(-|dz|)) * the larger of both * (1 - the smaller), with the sign of dz.
void smooth_do_steps(StepsOfRho steps, float* work, StepsDone out, double* change) {
  const std::int64_t padded = steps.padded;
  float *z = work, *logistic_of_z = work + (steps.count + 1) * padded + gap;
  follow(steps, z, logistic_of_z);
  Floats changes[most_steps_at_a_time] = {};
  for_pieces<float, 2>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    const Several<n> last = load<n>(steps.last + unit);
    for (std::int64_t s = 0; s < steps.count; ++s) {
      const std::int64_t at = s * padded + unit;
      const Several<n> dz = load<n>(steps.dz + at), z0 = load<n>(z + at), before = load<n>(logistic_of_z + at),
                       z1 = load<n>(z + at + padded), after = load<n>(logistic_of_z + at + padded),
                       size = one_less_exponential(dz);
      const Several<n> ds = each<n>([&](int v) {
        const Floats rise = size.v[v] * most(before.v[v], after.v[v]) * (1.0f - least(before.v[v], after.v[v]));
        const Bits sign = __builtin_bit_cast(Bits, dz.v[v]) & 0x80000000u;
        return __builtin_bit_cast(Floats, __builtin_bit_cast(Bits, rise) | sign);
      });
      const Several<n> da = dz * after + z0 * ds;
      store(out.rises + at, da);
      store(out.bends + at, ds + (dz * (after * (1.0f - after)) + z0 * (ds * ((1.0f - before) - after))));
      store(out.slopes + at, slope_of(z1 * after, after));
      for (int v = 0; v < n; ++v) changes[s] += last.v[v] * da.v[v];
    }
  });
  for (std::int64_t s = 0; s < steps.count; ++s) change[s] = sum_of_lanes(changes[s]);
}

void smooth_weigh_steps(const double* g, std::int64_t padded, std::int64_t count, const float* rises, float* bends,
                        double* sum_of_rises, double* sum_of_bends) {
  for_pieces<float, 2>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    Several<n> totals[2] = {};
    for (std::int64_t s = 0; s < count; ++s) {
      const auto weight = static_cast<float>(g[s]);
      const Several<n> bend = load<n>(bends + s * padded + unit) * weight;
      store(bends + s * padded + unit, bend);
      totals[0] += load<n>(rises + s * padded + unit) * weight;
      totals[1] += bend;
    }
    for (std::int64_t k = unit; k < unit + n * Lanes<float>::count; ++k) sum_of_rises[k] = sum_of_bends[k] = 0;
    add_to(sum_of_rises + unit, totals[0]);
    add_to(sum_of_bends + unit, totals[1]);
  });
}

void smooth_undo_steps(StepsBack steps, float* through, float* turned, float* moved) {
  const std::int64_t padded = steps.padded;
  for_pieces<float, 2>(padded, [&](std::int64_t unit, auto piece) {
    constexpr int n = decltype(piece)::vectors;
    const Several<n> factors = load<n>(steps.factors + unit), end = rounded<n>(steps.later + unit),
                     start = rounded<n>(steps.moved_before + unit);
    Several<n> later = {};
    for (std::int64_t s = steps.count - 1; s >= 0; --s) {
      const std::int64_t at = s * padded + unit;
      const Several<n> slopes = load<n>(steps.slopes + at);
      store(through + at, (slopes * static_cast<float>(steps.g[s]) + (end + later)) * factors);
      store(turned + at, slopes * static_cast<float>(steps.turns[s]));
      store(moved + at, start + load<n>(steps.moved + at));
      later += load<n>(steps.bends + at);
    }
  });
}

constexpr SmoothKernel smooth_loops{.forward = smooth_forward,
                                    .backward = smooth_backward,
                                    .exchange = smooth_exchange,
                                    .product = smooth_product,
                                    .add_outer = smooth_add_outer,
                                    .add_rows = smooth_add_rows,
                                    .do_steps = smooth_do_steps,
                                    .weigh_steps = smooth_weigh_steps,
                                    .undo_steps = smooth_undo_steps};
