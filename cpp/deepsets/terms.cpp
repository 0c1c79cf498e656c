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

/// Terms in the longest vector, of floats. Rows begin at multiples of it.
constexpr std::int64_t of_vector = 16;

constexpr std::int64_t in_whole_vectors(std::int64_t terms) { return (terms + of_vector - 1) / of_vector * of_vector; }

/// Each piece is gone through at so many places in turn: counts of the same cell would wait for each other.
constexpr std::size_t strands = 4;

/// Call body(strand, cell, i) for the velocities of one of so many pieces, in their order along each strand.
template <class Body>
void for_piece(const Velocities& from, std::size_t piece, std::size_t pieces, const Body& body) {
  std::size_t begin[strands], end[strands], most = 0;
  for (std::size_t s = 0; s < strands; ++s) {
    begin[s] = from.size() * (piece * strands + s) / (pieces * strands);
    end[s] = from.size() * (piece * strands + s + 1) / (pieces * strands);
    most = std::max(most, end[s] - begin[s]);
  }
  const auto visit = [&](std::size_t strand, std::size_t i) {
    if (from.cells[i] != Velocities::nowhere) body(strand, static_cast<std::size_t>(from.cells[i]), i);
  };
  std::size_t k = 0;
  for (; k + 1 < most; ++k) {  // all strands are as long, but for one velocity
    for (std::size_t s = 0; s < strands; ++s) visit(s, begin[s] + k);
  }
  for (std::size_t s = 0; s < strands; ++s) {
    if (begin[s] + k < end[s]) visit(s, begin[s] + k);
  }
}

}  // namespace

struct Terms::Room {
  double lows[most_width];
  std::int32_t mixed[most_width];
  float x[most_terms], y[most_terms];  // of one pattern
  double weights[most_terms];
};

/// A counting sort by several threads: each counts the cells of its own piece of the velocities, and once all counts
/// are known each puts its terms where they belong, after those of the same cell in the pieces before.
void Terms::sort(const Velocities& from, std::int64_t cells, int threads) {
  const auto pieces = static_cast<std::size_t>(std::clamp<std::int64_t>(threads, 1, most_pieces));
  // By strand and cell: how many terms, then the place of the next.
  std::vector<std::vector<std::int64_t>> next(pieces * strands);
  parallel_for(static_cast<std::int64_t>(pieces), threads, [&](std::int64_t piece) {
    std::vector<std::int64_t>* of_piece = &next[static_cast<std::size_t>(piece) * strands];
    std::int64_t* counts[strands];
    for (std::size_t s = 0; s < strands; ++s) {
      of_piece[s].assign(static_cast<std::size_t>(cells), 0);
      counts[s] = of_piece[s].data();
    }
    for_piece(from, static_cast<std::size_t>(piece), pieces,
              [&](std::size_t strand, std::size_t cell, std::size_t) { ++counts[strand][cell]; });
  });
  const auto size = static_cast<std::size_t>(cut_into_rows(next, cells));
  x_.resize(size);
  y_.resize(size);
  uses_.resize(size);
  parallel_for(static_cast<std::int64_t>(pieces), threads, [&](std::int64_t piece) {
    std::int64_t* places[strands];
    for (std::size_t s = 0; s < strands; ++s) places[s] = next[static_cast<std::size_t>(piece) * strands + s].data();
    float *x = x_.data(), *y = y_.data();
    std::int32_t* uses = uses_.data();
    for_piece(from, static_cast<std::size_t>(piece), pieces, [&](std::size_t strand, std::size_t cell, std::size_t i) {
      const std::int64_t place = places[strand][cell]++;
      x[place] = from.x[i];
      y[place] = from.y[i];
      uses[place] = from.uses[i];
    });
  });
  for (const Row& row : rows_) {
    const std::int64_t end = row.first + row.count;
    for (std::int64_t i = end; i < row.first + in_whole_vectors(row.count); ++i) {
      x_[static_cast<std::size_t>(i)] = x_[static_cast<std::size_t>(end - 1)];
      y_[static_cast<std::size_t>(i)] = y_[static_cast<std::size_t>(end - 1)];
    }
  }
}

/// Turn counts by piece and cell into the place of the first term of each, and cut the terms of every cell into rows.
/// Returns how many places there are.
std::int64_t Terms::cut_into_rows(std::vector<std::vector<std::int64_t>>& counts, std::int64_t cells) {
  rows_.clear();
  std::int64_t end = 0;
  for (std::int64_t cell = 0; cell < cells; ++cell) {
    const std::int64_t begin = end;
    for (std::vector<std::int64_t>& of_piece : counts) {
      end += std::exchange(of_piece[static_cast<std::size_t>(cell)], end);
    }
    for (std::int64_t first = begin; first < end; first += most_terms) {
      rows_.push_back({static_cast<std::int32_t>(cell), first, std::min(most_terms, end - first)});
    }
    end = begin + in_whole_vectors(end - begin);
  }
  return end;
}

/// Which units are active at all terms of a row, and which at some.
TermsOfCell Terms::look_at(const Row& row, const Phi& phi, const Kernel& kernel, Room& room) const {
  TermsOfCell terms{.table = phi.table(row.cell),
                    .padded = phi.table_size() / 3,
                    .lows = room.lows,
                    .mixed = {.numbers = room.mixed, .count = 0},
                    .x = &x_[static_cast<std::size_t>(row.first)],
                    .y = &y_[static_cast<std::size_t>(row.first)],
                    .count = row.count};
  terms.mixed.count = kernel.find_mixed(terms, room.lows, room.mixed);
  return terms;
}

namespace {

/// changes (pairs, functionals) += values (functionals, most_terms) after, and -= those before. At several places in
/// turn: sums of the same pair, whose terms follow each other, would wait for each other.
void add_to_pairs(const std::int32_t* uses, std::int64_t count, const double* values, std::int64_t functionals,
                  double* changes) {
  constexpr double signs[] = {1, -1};  // afterwards, before
  const auto add = [&](std::int64_t i) {
    const auto use = static_cast<std::uint32_t>(uses[i]);
    double* of_pair = changes + use / 2 * functionals;
    for (std::int64_t f = 0; f < functionals; ++f) of_pair[f] += signs[use % 2] * values[f * most_terms + i];
  };
  constexpr std::int64_t places = 4;
  const std::int64_t apart = count / places;
  for (std::int64_t i = 0; i < apart; ++i) {
    for (std::int64_t place = 0; place < places; ++place) add(place * apart + i);
  }
  for (std::int64_t i = places * apart; i < count; ++i) add(i);
}

}  // namespace

/// Each part of the rows has sums of its own: the pairs that a row adds to are those of anywhere in the batch.
void Terms::compare(const Phi& phi, const Kernel& kernel, Matrix<double> functionals, std::int64_t pairs, int threads,
                    StopRequest* stop, double* changes) const {
  const auto size = static_cast<std::size_t>(pairs * functionals.rows);
  std::vector<double> of_parts(parts * size, 0);
  stoppable_for(parts, threads, stop, [&](std::int64_t part) {
    const auto p = static_cast<std::size_t>(part), count = rows_.size();
    double* of_part = &of_parts[p * size];
    Room room;
    double found[most_functionals * most_terms];
    for (std::size_t r = count * p / parts; r < count * (p + 1) / parts; ++r) {
      if (stop) stop->check();
      kernel.evaluate(look_at(rows_[r], phi, kernel, room), functionals, {.values = found, .stride = most_terms});
      add_to_pairs(&uses_[static_cast<std::size_t>(rows_[r].first)], rows_[r].count, found, functionals.rows, of_part);
    }
  });
  std::fill(changes, changes + size, 0.0);
  for (std::size_t p = 0; p < parts; ++p) {  // in this order, whoever was the first
    for (std::size_t k = 0; k < size; ++k) changes[k] += of_parts[p * size + k];
  }
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
    const std::int32_t use = uses_[static_cast<std::size_t>(row.first + i)];
    return static_cast<std::size_t>(uses.patterns[static_cast<std::size_t>(use)]);
  };
  std::fill(sorted.ends.begin(), sorted.ends.end(), 0);
  for (std::int64_t i = 0; i < row.count; ++i) ++sorted.ends[pattern(i)];
  std::int64_t end = 0;
  for (std::int64_t& of_pattern : sorted.ends) end += std::exchange(of_pattern, end);
  for (std::int64_t i = 0; i < row.count; ++i) sorted.order[sorted.ends[pattern(i)]++] = static_cast<std::int32_t>(i);
}

/// Add what the terms of a row do, pattern by pattern: gradient (3, P), sums (patterns, P).
void Terms::add_gradient(const Row& row, const Uses& uses, const ByPattern& sorted, const Kernel& kernel,
                         Matrix<double> slopes, TermsOfCell terms, Room& room, double* gradient, double* sums) const {
  const TermsOfCell of_row = terms;
  terms.x = room.x;
  terms.y = room.y;
  std::int64_t begin = 0;
  for (std::size_t k = 0; k < sorted.ends.size(); begin = sorted.ends[k++]) {
    terms.count = sorted.ends[k] - begin;
    if (terms.count == 0) continue;
    for (std::int64_t i = 0; i < in_whole_vectors(terms.count); ++i) {
      const std::int64_t from = sorted.order[begin + std::min(i, terms.count - 1)];
      const std::int32_t use = uses_[static_cast<std::size_t>(row.first + from)];
      room.x[i] = of_row.x[from];
      room.y[i] = of_row.y[from];
      room.weights[i] = i < terms.count ? uses.weights[static_cast<std::size_t>(use)] : 0;
    }
    const std::int64_t of_pattern = static_cast<std::int64_t>(k) * slopes.padded;
    kernel.gradient(terms, room.weights, slopes.values + of_pattern, begin == 0, gradient, sums + of_pattern);
  }
}

void Terms::gradient(const Phi& phi, const Kernel& kernel, const Uses& uses, Matrix<double> slopes, int threads,
                     StopRequest* stop, double* gradients, double* sums) const {
  const std::int64_t table = phi.table_size();
  const auto size = static_cast<std::size_t>(slopes.rows * slopes.padded);
  std::vector<double> sums_of_parts(parts * size, 0);
  stoppable_for(parts, threads, stop, [&](std::int64_t part) {
    const auto p = static_cast<std::size_t>(part), count = rows_.size();
    double* of_part = sums_of_parts.data() + p * size;
    Room room;
    ByPattern sorted(slopes.rows);
    for (std::size_t r = count * p / parts; r < count * (p + 1) / parts; ++r) {
      if (stop) stop->check();
      const Row& row = rows_[r];
      const TermsOfCell terms = look_at(row, phi, kernel, room);
      double* gradient = gradients + static_cast<std::int64_t>(r) * table;
      if (slopes.rows > 1) {
        sort_by_pattern(row, uses, sorted);
        add_gradient(row, uses, sorted, kernel, slopes, terms, room, gradient, of_part);
        continue;
      }
      const std::int32_t* of_row = &uses_[static_cast<std::size_t>(row.first)];
      for (std::int64_t i = 0; i < row.count; ++i) {
        room.weights[i] = uses.weights[static_cast<std::size_t>(of_row[i])];
      }
      std::fill(room.weights + row.count, room.weights + in_whole_vectors(row.count), 0.0);
      kernel.gradient(terms, room.weights, slopes.values, true, gradient, of_part);
    }
  });
  for (std::size_t p = 0; p < parts; ++p) {  // in this order, whoever was the first
    for (std::size_t k = 0; k < size; ++k) sums[k] += sums_of_parts[p * size + k];
  }
}

}  // namespace hthm::deepsets
