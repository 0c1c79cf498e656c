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
    return {.table = table,
            .padded = stride,
            .lows = lows,
            .mixed = {.numbers = mixed, .count = mixed_units},
            .x = x,
            .y = y,
            .count = count};
  }

  const double* table = nullptr;
  std::int64_t stride = 0, mixed_units = 0;
  double lows[most_width];
  std::int32_t mixed[most_width];
  double x[most_terms], y[most_terms], weights[most_terms];
};

namespace {

/// Call body(cell, i) for the velocities of one of so many pieces, in their order.
template <class Body>
void for_piece(const Velocities& from, std::size_t piece, std::size_t pieces, const Body& body) {
  for (std::size_t i = from.size() * piece / pieces; i < from.size() * (piece + 1) / pieces; ++i) {
    if (from.cells[i] != Velocities::nowhere) body(static_cast<std::size_t>(from.cells[i]), i);
  }
}

}  // namespace

/// A counting sort by several threads: each counts the cells of its own piece of the velocities, and once all counts
/// are known each puts its terms where they belong, after those of the same cell in the pieces before.
void Terms::sort(const Velocities& from, std::int64_t cells, int threads) {
  const auto pieces = static_cast<std::size_t>(std::clamp<std::int64_t>(threads, 1, most_pieces));
  std::vector<std::vector<std::int64_t>> next(pieces);  // by piece and cell: how many terms, then the place of the next
  parallel_for(static_cast<std::int64_t>(pieces), threads, [&](std::int64_t piece) {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(cells), 0);
    for_piece(from, static_cast<std::size_t>(piece), pieces, [&](std::size_t cell, std::size_t) { ++counts[cell]; });
    next[static_cast<std::size_t>(piece)] = std::move(counts);
  });
  terms_.resize(static_cast<std::size_t>(cut_into_rows(next, cells)));
  parallel_for(static_cast<std::int64_t>(pieces), threads, [&](std::int64_t piece) {
    std::vector<std::int64_t>& places = next[static_cast<std::size_t>(piece)];
    for_piece(from, static_cast<std::size_t>(piece), pieces, [&](std::size_t cell, std::size_t i) {
      terms_[static_cast<std::size_t>(places[cell]++)] = {from.x[i], from.y[i], from.uses[i],
                                                          static_cast<std::int32_t>(i)};
    });
  });
}

/// Turn counts by piece and cell into the place of the first term of each, and cut the terms of every cell into rows.
/// Returns how many terms there are.
std::int64_t Terms::cut_into_rows(std::vector<std::vector<std::int64_t>>& counts, std::int64_t cells) {
  rows_.clear();
  std::int64_t end = 0;
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    std::int64_t begin = end;
    for (std::vector<std::int64_t>& of_piece : counts) {
      end += std::exchange(of_piece[static_cast<std::size_t>(cell)], end);
    }
    for (; begin < end; begin = std::min(begin + most_terms, end)) {
      rows_.push_back({static_cast<std::int32_t>(cell), begin, std::min(begin + most_terms, end)});
    }
  }
  return end;
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

void Terms::evaluate(const Phi& phi, const Kernel& kernel, Matrix<double> functionals, int threads, StopRequest* stop,
                     double* values) const {
  const std::int64_t count = functionals.rows;
  stoppable_for(rows(), threads, stop, [&](std::int64_t r) {
    const Row& row = rows_[static_cast<std::size_t>(r)];
    Room room;
    look_at(row, phi, kernel, room);
    double found[most_functionals * most_terms];
    kernel.evaluate(room.of(row.end - row.first), functionals, {.values = found, .stride = most_terms});
    for (std::int64_t i = row.first; i < row.end; ++i) {
      double* of_term = values + terms_[static_cast<std::size_t>(i)].source * count;
      for (std::int64_t f = 0; f < count; ++f) of_term[f] = found[f * most_terms + i - row.first];
    }
  });
}

/// The terms of a row in the order of their patterns: the kernel gets those of one pattern at a time, since each has
/// slopes and sums of its own.
struct Terms::ByPattern {
  explicit ByPattern(std::int64_t patterns) : ends(static_cast<std::size_t>(patterns)) {}

  std::vector<std::int64_t> ends;  // of the terms of each pattern, in `order`
  std::int32_t order[most_terms];  // places in the row
};

/// A counting sort: within a pattern, terms stay in their order.
void Terms::sort_by_pattern(const Row& row, const Uses& uses, ByPattern& sorted) const {
  const auto pattern = [&](std::int64_t i) {
    const std::int32_t use = terms_[static_cast<std::size_t>(i)].use;
    return static_cast<std::size_t>(uses.patterns[static_cast<std::size_t>(use)]);
  };
  std::fill(sorted.ends.begin(), sorted.ends.end(), 0);
  for (std::int64_t i = row.first; i < row.end; ++i) ++sorted.ends[pattern(i)];
  std::int64_t end = 0;
  for (std::int64_t& of_pattern : sorted.ends) end += std::exchange(of_pattern, end);
  for (std::int64_t i = row.first; i < row.end; ++i) {
    sorted.order[sorted.ends[pattern(i)]++] = static_cast<std::int32_t>(i - row.first);
  }
}

/// Add what the terms of a row do, pattern by pattern: gradient (3, P), sums (patterns, P).
void Terms::add_gradient(const Row& row, const Uses& uses, const ByPattern& sorted, const Kernel& kernel,
                         Matrix<double> slopes, Room& room, double* gradient, double* sums) const {
  std::int64_t begin = 0;
  for (std::size_t k = 0; k < sorted.ends.size(); begin = sorted.ends[k++]) {
    const std::int64_t count = sorted.ends[k] - begin;
    if (count == 0) continue;
    for (std::int64_t i = 0; i < count; ++i) {
      const Term& term = terms_[static_cast<std::size_t>(row.first + sorted.order[begin + i])];
      room.x[i] = term.x;
      room.y[i] = term.y;
      room.weights[i] = uses.weights[static_cast<std::size_t>(term.use)];
    }
    const std::int64_t of_pattern = static_cast<std::int64_t>(k) * slopes.padded;
    kernel.gradient(room.of(count), room.weights, slopes.values + of_pattern, gradient, sums + of_pattern);
  }
}

void Terms::gradient(const Phi& phi, const Kernel& kernel, const Uses& uses, Matrix<double> slopes, int threads,
                     StopRequest* stop, double* gradients, double* sums) const {
  const std::int64_t table = phi.table_size();
  const auto size = static_cast<std::size_t>(slopes.rows * slopes.padded);
  std::vector<double> sums_of_parts(parts * size, 0);
  stoppable_for(parts, threads, stop, [&](std::int64_t part) {
    const auto p = static_cast<std::size_t>(part), count = rows_.size();
    Room room;
    ByPattern sorted(slopes.rows);
    for (std::size_t r = count * p / parts; r < count * (p + 1) / parts; ++r) {
      if (stop) stop->check();
      look_at(rows_[r], phi, kernel, room);
      sort_by_pattern(rows_[r], uses, sorted);
      double* gradient = gradients + static_cast<std::int64_t>(r) * table;
      std::fill(gradient, gradient + table, 0.0);
      add_gradient(rows_[r], uses, sorted, kernel, slopes, room, gradient, sums_of_parts.data() + p * size);
    }
  });
  for (std::size_t p = 0; p < parts; ++p) {  // in this order, whoever was the first
    for (std::size_t k = 0; k < size; ++k) sums[k] += sums_of_parts[p * size + k];
  }
}

}  // namespace hthm::deepsets
