// The loops of Terms, a part of kernel_loops.inl. Here lanes are terms: most units need no look at them.

/// z of a unit at some velocities. Rounding preserves order: z is monotonic in x and in y also as it is computed.
inline Doubles affine_of(const double* table, std::int64_t padded, std::int64_t unit, Doubles x, Doubles y) {
  return x * table[unit] + (y * table[padded + unit] + table[2 * padded + unit]);
}

/// The least lane, in all lanes of a vector of doubles.
inline Doubles least_of_lanes(Floats v) {
  float least = v[0];
  for (std::int64_t lane = 1; lane < Lanes<float>::count; ++lane) least = v[lane] < least ? v[lane] : least;
  return Doubles{} + static_cast<double>(least);
}

std::int64_t find_mixed(const TermsOfCell& in, double* lows, std::int32_t* mixed) {
  using L = Lanes<double>;
  Floats least_x = Lanes<float>::load(in.x), least_y = Lanes<float>::load(in.y), most_x = least_x, most_y = least_y;
  for (std::int64_t i = Lanes<float>::count; i < in.count; i += Lanes<float>::count) {
    const Floats x = Lanes<float>::load(in.x + i), y = Lanes<float>::load(in.y + i);
    least_x = smaller(least_x, x);
    least_y = smaller(least_y, y);
    most_x = larger(most_x, x);
    most_y = larger(most_y, y);
  }
  const Doubles x0 = least_of_lanes(least_x), x1 = -least_of_lanes(-most_x), y0 = least_of_lanes(least_y),
                y1 = -least_of_lanes(-most_y);
  double highs[most_width];
  for (std::int64_t k = 0; k < in.padded; k += L::count) {
    const Doubles a = L::load(in.table + k), b = L::load(in.table + in.padded + k),
                  c = L::load(in.table + 2 * in.padded + k);
    L::store(lows + k, (a > 0 ? x0 : x1) * a + ((b > 0 ? y0 : y1) * b + c));
    L::store(highs + k, (a > 0 ? x1 : x0) * a + ((b > 0 ? y1 : y0) * b + c));
  }
  std::int64_t count = 0;
  for (std::int32_t k = 0; k < in.padded; ++k) {
    mixed[count] = k;
    count += lows[k] <= 0 && highs[k] > 0 ? 1 : 0;
  }
  return count;
}

/// Of `functionals` functionals.
template <int functionals>
inline void evaluate_some(const TermsOfCell& in, const double* weights, RowsToWrite<double> out) {
  using L = Lanes<double>;
  double constant[functionals][3];
  for (int f = 0; f < functionals; ++f) {
    Doubles sums[3] = {};
    for (std::int64_t k = 0; k < in.padded; k += L::count) {
      const Doubles weight = where_positive(L::load(in.lows + k), L::load(weights + f * in.padded + k));
      for (int r = 0; r < 3; ++r) sums[r] += weight * L::load(in.table + r * in.padded + k);
    }
    for (int r = 0; r < 3; ++r) constant[f][r] = sum_of_lanes(sums[r]);
  }
  constexpr int vectors = functionals <= 2 ? 2 : 1;  // at a time: a row has whole vectors of floats
  for (std::int64_t i = 0; i < in.count; i += vectors * L::count) {
    Doubles x[vectors], y[vectors], totals[functionals][vectors];
    for (int v = 0; v < vectors; ++v) {
      x[v] = widened(in.x + i + v * L::count);
      y[v] = widened(in.y + i + v * L::count);
      for (int f = 0; f < functionals; ++f) {
        totals[f][v] = x[v] * constant[f][0] + (y[v] * constant[f][1] + constant[f][2]);
      }
    }
    for (std::int64_t m = 0; m < in.mixed.count; ++m) {
      const std::int64_t unit = in.mixed.numbers[m];
      for (int v = 0; v < vectors; ++v) {
        const Doubles phi = positive(affine_of(in.table, in.padded, unit, x[v], y[v]));
        for (int f = 0; f < functionals; ++f) totals[f][v] += phi * weights[f * in.padded + unit];
      }
    }
    for (int f = 0; f < functionals; ++f) {
      for (int v = 0; v < vectors; ++v) L::store(out.values + f * out.stride + i + v * L::count, totals[f][v]);
    }
  }
}

void evaluate(const TermsOfCell& in, Matrix<double> functionals, RowsToWrite<double> out) {
  const auto weights = [&](std::int64_t f) { return functionals.values + f * functionals.padded; };
  const auto rows = [&](std::int64_t f) { return RowsToWrite<double>{out.values + f * out.stride, out.stride}; };
  std::int64_t f = 0;
  for (; f + 4 <= functionals.rows; f += 4) evaluate_some<4>(in, weights(f), rows(f));
  for (; f + 2 <= functionals.rows; f += 2) evaluate_some<2>(in, weights(f), rows(f));
  if (f < functionals.rows) evaluate_some<1>(in, weights(f), rows(f));
}

/// Moments, that is sums over the terms of weight * (x, y, 1), of `units` units where they are active.
template <int units>
inline void find_moments(const TermsOfCell& in, const double* weights, const std::int32_t* which, double (*out)[3]) {
  using L = Lanes<double>;
  Doubles sums[units][3] = {};
  for (std::int64_t i = 0; i < in.count; i += L::count) {
    const Doubles x = widened(in.x + i), y = widened(in.y + i), weight = L::load(weights + i);
    for (int u = 0; u < units; ++u) {
      const Doubles active = where_positive(affine_of(in.table, in.padded, which[u], x, y), weight);
      sums[u][0] += active * x;
      sums[u][1] += active * y;
      sums[u][2] += active;
    }
  }
  for (int u = 0; u < units; ++u) {
    for (int r = 0; r < 3; ++r) out[u][r] = sum_of_lanes(sums[u][r]);
  }
}

void gradient(const TermsOfCell& in, const double* weights, const double* slopes, bool is_first, double* gradient,
              double* sums) {
  using L = Lanes<double>;
  Doubles totals[3] = {};
  for (std::int64_t i = 0; i < in.count; i += L::count) {
    const Doubles weight = L::load(weights + i);
    totals[0] += weight * widened(in.x + i);
    totals[1] += weight * widened(in.y + i);
    totals[2] += weight;
  }
  double moments[3][most_width], of_mixed[most_width][3];
  for (int r = 0; r < 3; ++r) {
    const Doubles total = Doubles{} + sum_of_lanes(totals[r]);
    for (std::int64_t k = 0; k < in.padded; k += L::count) {
      L::store(moments[r] + k, where_positive(L::load(in.lows + k), total));
    }
  }
  std::int64_t m = 0;
  for (; m + 2 <= in.mixed.count; m += 2) find_moments<2>(in, weights, in.mixed.numbers + m, of_mixed + m);
  if (m < in.mixed.count) find_moments<1>(in, weights, in.mixed.numbers + m, of_mixed + m);
  for (m = 0; m < in.mixed.count; ++m) {
    for (int r = 0; r < 3; ++r) moments[r][in.mixed.numbers[m]] = of_mixed[m][r];
  }
  for (std::int64_t k = 0; k < in.padded; k += L::count) {
    const Doubles slope = L::load(slopes + k);
    Doubles sum = L::load(sums + k);
    for (int r = 0; r < 3; ++r) {
      const Doubles moment = L::load(moments[r] + k);
      const Doubles before = is_first ? Doubles{} : L::load(gradient + r * in.padded + k);
      L::store(gradient + r * in.padded + k, before + slope * moment);
      sum += L::load(in.table + r * in.padded + k) * moment;
    }
    L::store(sums + k, sum);
  }
}
