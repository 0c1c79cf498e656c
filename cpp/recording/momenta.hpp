// A log kept by what its collisions exchange: one momentum a row, from which with the start both velocities follow, and
// one turn, from which both spins do.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run.hpp"
#include "recording/replay.hpp"

namespace hthm {

/// Rows that nothing exchanged explains, and what they leave the two disks with.
template <class Value>
struct ExactRows {
  const std::int64_t* rows;  // (count,) ascending
  const Value* after;        // (count, 2)
  std::int64_t count;
};

/// Find a momentum p of every row, (rows,), with which v_i - p and v_j + p, each component rounded once, are its
/// velocities bit for bit, v being those before it, and return the rows that have none, ascending; their momentum is 0.
/// A rule that adds to one disk what it takes from the other has one for every row, and so has the exact engine, whose
/// units are powers of two, as long as no velocity is subnormal.
/// Throws std::invalid_argument where the log points outside of itself, and Stopped.
std::vector<std::int64_t> find_momenta(const LogView& log, int threads, Vec* momenta, StopRequest* stop = nullptr);

/// The velocities (rows, 2) after every collision; those of the log are not read. Throws as find_momenta.
void apply_momenta(const LogView& log, const Vec* momenta, const ExactRows<Vec>& exact, int threads, Vec* velocities,
                   StopRequest* stop = nullptr);

/// Find a turn t of every row, (rows,), with which w_i + t and w_j + t are its spins (rows, 2), from those at the
/// start, (runs, n), as find_momenta does; a rule that turns both disks alike has one for every row, but where a spin
/// becomes 0. Velocities of the log are not read. Throws as find_momenta.
std::vector<std::int64_t> find_turns(const LogView& log, const double* start, const double* spins, int threads,
                                     double* turns, StopRequest* stop = nullptr);

/// The spins (rows, 2) after every collision. Throws as find_momenta.
void apply_turns(const LogView& log, const double* start, const double* turns, const ExactRows<double>& exact,
                 int threads, double* spins, StopRequest* stop = nullptr);

}  // namespace hthm
