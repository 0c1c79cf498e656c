#include "deepsets/terms.hpp"

#include <algorithm>
#include <utility>

#include "core/stoppable_for.hpp"

namespace hthm::deepsets {
namespace {

/// Into so many pieces velocities are cut at most where each thread sorts one.
constexpr std::int64_t most_pieces = 16;

/// Into so many parts, each with sums of its own, the rows are cut, whatever the number of threads.
constexpr std::size_t parts = 16;

/// Terms of a cell that are summed at a time: so few that the cells of a narrow network keep all threads busy.
constexpr std::int64_t most_terms = 512;

}  // namespace

struct Terms::Room {
  /// What the kernel sees of some terms; the last is repeated up to whole vectors, with the weight zero.
  TermsOfCell of(std::int64_t count) {
    const auto end = static_cast<std::size_t>(padded(static_cast<int>(count)));
    for (auto i = static_cast<std::size_t>(count); i < end; ++i) {
      x[i] = x[i - 1];
      y[i] = y[i - 1];
      weights[i] = 0;
    }
    return {table, stride, lows, mixed, mixed_units, x, y, count};
  }

  const double* table = nullptr;
  std::int64_t stride = 0, mixed_units = 0;
  double lows[most_width];
  std::int32_t mixed[most_width];
  double x[most_terms], y[most_terms], weights[most_terms];
};

void Terms::sort(const Velocities& from, std::int64_t cells, int threads) {
  const auto pieces = static_cast<std::size_t>(std::clamp<std::int64_t>(threads, 1, most_pieces));
  const auto for_velocities = [&](std::int64_t piece, const auto& body) {
    const auto p = static_cast<std::size_t>(piece);
    for (std::size_t i = from.size() * p / pieces; i < from.size() * (p + 1) / pieces; ++i) {
      if (from.cells[i] != Velocities::nowhere) body(static_cast<std::size_t>(from.cells[i]), i);
    }
  };
  std::vector<std::vector<std::int64_t>> next(pieces);  // place of a term, by piece and cell
  parallel_for(static_cast<std::int64_t>(pieces), threads, [&](std::int64_t piece) {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(cells), 0);
    for_velocities(piece, [&](std::size_t cell, std::size_t) { ++counts[cell]; });
    next[static_cast<std::size_t>(piece)] = std::move(counts);
  });
  rows_.clear();
  std::int64_t end = 0;
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    std::int64_t begin = end;
    for (std::vector<std::int64_t>& of_piece : next)
      end += std::exchange(of_piece[static_cast<std::size_t>(cell)], end);
    for (; begin < end; begin = std::min(begin + most_terms, end)) {
      rows_.push_back({static_cast<std::int32_t>(cell), begin, std::min(begin + most_terms, end)});
    }
  }
  terms_.resize(static_cast<std::size_t>(end));
  parallel_for(static_cast<std::int64_t>(pieces), threads, [&](std::int64_t piece) {
    std::vector<std::int64_t>& places = next[static_cast<std::size_t>(piece)];
    for_velocities(piece, [&](std::size_t cell, std::size_t i) {
      terms_[static_cast<std::size_t>(places[cell]++)] = {from.x[i], from.y[i], from.uses[i],
                                                          static_cast<std::int32_t>(i)};
    });
  });
}

/// Which units are active at all terms of a row, and which at some.
void Terms::look_at(const Row& row, const Phi& phi, const Kernel& kernel, Room& room) const {
  room.table = phi.table(row.cell);
  room.stride = phi.table_size() / 3;
  const Term* terms = &terms_[static_cast<std::size_t>(row.first)];
  for (std::int64_t i = 0; i < row.end - row.first; ++i) {
    room.x[i] = terms[i].x;
    room.y[i] = terms[i].y;
  }
  room.mixed_units = kernel.find_mixed(room.of(row.end - row.first), room.lows, room.mixed);
}

void Terms::evaluate(const Phi& phi, const Kernel& kernel, const double* functionals, std::int64_t count, int threads,
                     StopRequest* stop, double* values) const {
  stoppable_for(rows(), threads, stop, [&](std::int64_t r) {
    const Row& row = rows_[static_cast<std::size_t>(r)];
    Room room;
    look_at(row, phi, kernel, room);
    double found[most_functionals * most_terms];
    kernel.evaluate(room.of(row.end - row.first), functionals, count, found, most_terms);
    for (std::int64_t i = row.first; i < row.end; ++i) {
      double* of_term = values + terms_[static_cast<std::size_t>(i)].source * count;
      for (std::int64_t f = 0; f < count; ++f) of_term[f] = found[f * most_terms + i - row.first];
    }
  });
}

void Terms::gradient(const Phi& phi, const Kernel& kernel, const Uses& uses, const double* slopes,
                     std::int64_t patterns, int threads, StopRequest* stop, double* gradients, double* sums) const {
  const std::int64_t stride = phi.table_size() / 3;
  const auto size = static_cast<std::size_t>(patterns * stride);
  std::vector<double> sums_of_parts(parts * size, 0);
  stoppable_for(parts, threads, stop, [&](std::int64_t part) {
    const auto p = static_cast<std::size_t>(part), count = rows_.size();
    Room room;
    std::vector<std::int64_t> ends(static_cast<std::size_t>(patterns));  // of the terms of each pattern, in a row
    std::int32_t order[most_terms];
    const auto pattern = [&](std::int64_t i) {
      const std::int32_t use = terms_[static_cast<std::size_t>(i)].use;
      return static_cast<std::size_t>(uses.patterns[static_cast<std::size_t>(use)]);
    };
    for (std::size_t r = count * p / parts; r < count * (p + 1) / parts; ++r) {
      if (stop) stop->check();
      const Row& row = rows_[r];
      look_at(row, phi, kernel, room);
      std::fill(ends.begin(), ends.end(), 0);
      for (std::int64_t i = row.first; i < row.end; ++i) ++ends[pattern(i)];
      std::int64_t end = 0;
      for (std::int64_t& of_pattern : ends) end += std::exchange(of_pattern, end);
      for (std::int64_t i = row.first; i < row.end; ++i)
        order[ends[pattern(i)]++] = static_cast<std::int32_t>(i - row.first);

      double* gradient = gradients + static_cast<std::int64_t>(r) * 3 * stride;
      std::fill(gradient, gradient + 3 * stride, 0.0);
      std::int64_t begin = 0;
      for (std::size_t k = 0; k < ends.size(); begin = ends[k++]) {
        if (begin == ends[k]) continue;
        for (std::int64_t i = begin; i < ends[k]; ++i) {
          const Term& term = terms_[static_cast<std::size_t>(row.first + order[i])];
          room.x[i - begin] = term.x;
          room.y[i - begin] = term.y;
          room.weights[i - begin] = uses.weights[static_cast<std::size_t>(term.use)];
        }
        const auto of_pattern = k * static_cast<std::size_t>(stride);
        kernel.gradient(room.of(ends[k] - begin), room.weights, slopes + of_pattern, gradient,
                        &sums_of_parts[p * size + of_pattern]);
      }
    }
  });
  for (std::size_t p = 0; p < parts; ++p) {
    for (std::size_t k = 0; k < size; ++k) sums[k] += sums_of_parts[p * size + k];
  }
}

}  // namespace hthm::deepsets
