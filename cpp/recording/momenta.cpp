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

/// Velocities of a run as its rows change them.
class Replayed {
 public:
  Replayed(const Vec* start, std::int64_t n) : now_(start, start + n) {}

  Vec& operator[](std::int32_t disk) {
    if (disk < 0 || disk >= static_cast<std::int64_t>(now_.size())) {
      throw std::invalid_argument("pairs: must be numbers of disks, from 0 to n - 1.");
    }
    return now_[static_cast<std::size_t>(disk)];
  }

 private:
  std::vector<Vec> now_;
};

}  // namespace

std::vector<std::int64_t> find_momenta(const LogView& log, int threads, Vec* momenta, StopRequest* stop) {
  std::vector<std::vector<std::int64_t>> without(static_cast<std::size_t>(log.runs));
  stoppable_for(log.runs, threads, stop, [&](std::int64_t run) {
    Pace pace{stop};
    Replayed now{log.start + run * log.n, log.n};
    const RowRange rows = rows_of(log, run, 0, log.frames);
    in_pieces(rows.begin, rows.end, pace, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        Vec &i = now[log.pairs[2 * row]], &j = now[log.pairs[2 * row + 1]];
        const Vec &i_after = log.velocities[2 * row], &j_after = log.velocities[2 * row + 1];
        Vec p{};
        if (Exchange{i.x, j.x, i_after.x, j_after.x}.find(p.x) && Exchange{i.y, j.y, i_after.y, j_after.y}.find(p.y)) {
          momenta[row] = p;
        } else {
          momenta[row] = {0, 0};
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

void apply_momenta(const MomentumView& log, int threads, Vec* velocities, StopRequest* stop) {
  const LogView offsets{log.start, log.frame_offsets, log.pairs, nullptr, log.runs, log.frames, log.n, log.rows};
  const std::int64_t* const exact_end = log.exact + log.exact_rows;
  stoppable_for(log.runs, threads, stop, [&](std::int64_t run) {
    Pace pace{stop};
    Replayed now{log.start + run * log.n, log.n};
    const RowRange rows = rows_of(offsets, run, 0, log.frames);
    const std::int64_t* exact = std::lower_bound(log.exact, exact_end, rows.begin);
    in_pieces(rows.begin, rows.end, pace, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        Vec &i = now[log.pairs[2 * row]], &j = now[log.pairs[2 * row + 1]];
        if (exact != exact_end && *exact == row) {
          i = log.exact_velocities[2 * (exact - log.exact)];
          j = log.exact_velocities[2 * (exact - log.exact) + 1];
          ++exact;
        } else {
          const Vec& p = log.momenta[row];
          i = {i.x - p.x, i.y - p.y};
          j = {j.x + p.x, j.y + p.y};
        }
        velocities[2 * row] = i;
        velocities[2 * row + 1] = j;
      }
    });
  });
}

}  // namespace hthm
