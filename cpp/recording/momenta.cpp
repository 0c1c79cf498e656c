#include "recording/momenta.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "core/stoppable_for.hpp"

namespace hthm {
namespace {

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

/// Doubles as whole numbers in the same order, next ones side by side.
std::int64_t place(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}
double at_place(std::int64_t place) {
  return std::bit_cast<double>(place >= 0 ? place : std::numeric_limits<std::int64_t>::min() - place);
}

/// One component of a collision: of i and j, before and after.
struct Exchange {
  double i, j, i_after, j_after;

  bool is(double p) const { return same_bits(i - p, i_after) && same_bits(j + p, j_after); }

  /// Whether there is a p with i - p == i_after and j + p == j_after to the last bit; it is written to `p`.
  bool find(double& p) const {
    const double from_i = i - i_after, from_j = j_after - j;
    for (const double guess : {from_i, from_j}) {
      if (is(guess)) return p = guess, true;
    }
    // i - p falls with p and j + p rises, both in steps: what gives both is where the steps overlap, between the two
    // guesses or, as those are rounded too, next to them.
    constexpr std::int64_t beside = 2;
    std::int64_t low = std::min(place(from_i), place(from_j)) - beside;
    std::int64_t high = std::max(place(from_i), place(from_j)) + beside;
    while (low <= high) {
      const std::int64_t middle = std::midpoint(low, high);
      const double guess = at_place(middle);
      const bool too_low = i - guess > i_after || j + guess < j_after;
      const bool too_high = i - guess < i_after || j + guess > j_after;
      if (too_low == too_high) return p = guess, is(guess);  // neither, or, where nothing gives both, both
      (too_low ? low : high) = too_low ? middle + 1 : middle - 1;
    }
    return false;
  }
};

/// A momentum: what collides loses and gains it.
struct Momenta {
  using Value = Vec;
  static bool find(const Vec& i, const Vec& j, const Vec& i_after, const Vec& j_after, Vec& p) {
    return Exchange{i.x, j.x, i_after.x, j_after.x}.find(p.x) && Exchange{i.y, j.y, i_after.y, j_after.y}.find(p.y);
  }
  static void apply(Vec& i, Vec& j, const Vec& p) {
    i = {i.x - p.x, i.y - p.y};
    j = {j.x + p.x, j.y + p.y};
  }
};

/// A turn: both spins gain it. Negated, the first loses it, for rounding knows no sign.
struct Turns {
  using Value = double;
  static bool find(double i, double j, double i_after, double j_after, double& turn) {
    if (same_bits(i, i_after) && same_bits(j, j_after)) return turn = -0.0, true;  // +0 would change a -0
    return Exchange{-i, j, -i_after, j_after}.find(turn) && same_bits(i + turn, i_after);
  }
  static void apply(double& i, double& j, double turn) {
    i += turn;
    j += turn;
  }
};

/// What the disks of a run have, as its rows change it.
template <class Value>
class Replayed {
 public:
  Replayed(const Value* start, std::int64_t n) : now_(start, start + n) {}

  Value& operator[](std::int32_t disk) {
    if (disk < 0 || disk >= static_cast<std::int64_t>(now_.size())) {
      throw std::invalid_argument("pairs: must be numbers of disks, from 0 to n - 1.");
    }
    return now_[static_cast<std::size_t>(disk)];
  }

 private:
  std::vector<Value> now_;
};

/// What every row exchanges, (rows,), from what disks start with and what rows leave them with; and the rows of which
/// nothing can have been exchanged. Of the log, its frames and pairs count.
template <class Exchanged, class Value = typename Exchanged::Value>
std::vector<std::int64_t> find(const LogView& log, const Value* start, const Value* after, int threads,
                               Value* exchanged, StopRequest* stop) {
  std::vector<std::vector<std::int64_t>> without(static_cast<std::size_t>(log.runs));
  stoppable_for(log.runs, threads, stop, [&](std::int64_t run) {
    Pace pace{stop};
    Replayed<Value> now{start + run * log.n, log.n};
    const RowRange rows = rows_of(log, run, 0, log.frames);
    in_pieces(rows.begin, rows.end, pace, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        Value &i = now[log.pairs[2 * row]], &j = now[log.pairs[2 * row + 1]];
        const Value &i_after = after[2 * row], &j_after = after[2 * row + 1];
        Value found{};
        if (Exchanged::find(i, j, i_after, j_after, found)) {
          exchanged[row] = found;
        } else {
          exchanged[row] = Value{};
          without[static_cast<std::size_t>(run)].push_back(row);
        }
        i = i_after;
        j = j_after;
      }
    });
  });
  std::vector<std::int64_t> all;
  for (const auto& of_run : without) all.insert(all.end(), of_run.begin(), of_run.end());
  return all;
}

/// The way back: what rows leave disks with, (rows, 2).
template <class Exchanged, class Value = typename Exchanged::Value>
void apply(const LogView& log, const Value* start, const Value* exchanged, const ExactRows<Value>& exact, int threads,
           Value* after, StopRequest* stop) {
  const std::int64_t* const exact_end = exact.rows + exact.count;
  stoppable_for(log.runs, threads, stop, [&](std::int64_t run) {
    Pace pace{stop};
    Replayed<Value> now{start + run * log.n, log.n};
    const RowRange rows = rows_of(log, run, 0, log.frames);
    const std::int64_t* next = std::lower_bound(exact.rows, exact_end, rows.begin);
    in_pieces(rows.begin, rows.end, pace, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        Value &i = now[log.pairs[2 * row]], &j = now[log.pairs[2 * row + 1]];
        if (next != exact_end && *next == row) {
          i = exact.after[2 * (next - exact.rows)];
          j = exact.after[2 * (next - exact.rows) + 1];
          ++next;
        } else {
          Exchanged::apply(i, j, exchanged[row]);
        }
        after[2 * row] = i;
        after[2 * row + 1] = j;
      }
    });
  });
}

}  // namespace

std::vector<std::int64_t> find_momenta(const LogView& log, int threads, Vec* momenta, StopRequest* stop) {
  return find<Momenta>(log, log.start, log.velocities, threads, momenta, stop);
}

void apply_momenta(const LogView& log, const Vec* momenta, const ExactRows<Vec>& exact, int threads, Vec* velocities,
                   StopRequest* stop) {
  apply<Momenta>(log, log.start, momenta, exact, threads, velocities, stop);
}

std::vector<std::int64_t> find_turns(const LogView& log, const double* start, const double* spins, int threads,
                                     double* turns, StopRequest* stop) {
  return find<Turns>(log, start, spins, threads, turns, stop);
}

void apply_turns(const LogView& log, const double* start, const double* turns, const ExactRows<double>& exact,
                 int threads, double* spins, StopRequest* stop) {
  apply<Turns>(log, start, turns, exact, threads, spins, stop);
}

}  // namespace hthm
