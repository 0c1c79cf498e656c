// The cells around a cell in which a disk may find a partner.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hthm::event_driven {

/// A cell as seen from another: columns to the right, rows up, each -1, 0 or 1.
struct Way {
  std::int8_t column, row;
};

/// The nine cells that can hold a partner, of them the disk's own, and by the side through which it came the three that
/// are new to it.
inline constexpr std::array<Way, 9> all_ways = {
    {{-1, -1}, {0, -1}, {1, -1}, {-1, 0}, {0, 0}, {1, 0}, {-1, 1}, {0, 1}, {1, 1}}};
inline constexpr std::size_t own_way = 4;
inline constexpr std::array<std::array<Way, 3>, 4> fresh_ways = {{{{{-1, -1}, {-1, 0}, {-1, 1}}},
                                                                  {{{1, -1}, {1, 0}, {1, 1}}},
                                                                  {{{-1, -1}, {0, -1}, {1, -1}}},
                                                                  {{{-1, 1}, {0, 1}, {1, 1}}}}};

/// From a disk's cell to the next one, by the side through which it leaves.
inline constexpr std::array<Way, 4> ways_out = {{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};

}  // namespace hthm::event_driven
