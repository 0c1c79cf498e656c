// Pairs into ascending (i, j), the order in which they collide.
#pragma once

#include "fixed_step/pair_finders/pair_list.hpp"

namespace hthm {

/// Sort pairs of disks [0, n), each there once. Fast where they are few, nearly in order, or very many.
void sort_pairs(PairList& pairs, std::int64_t n, Pace& pace);

}  // namespace hthm
