// Which disks are in which cell: blocks of eight lanes, one a cell and more where a cell is crowded.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/paced_array.hpp"
#include "core/prefetch.hpp"
#include "event_driven/lanes.hpp"

namespace hthm::event_driven {

/// The first block of a cell has the number of the cell; where it is full, others follow in a chain, all full but the
/// last. A disk is found again by its slot, the number of its lane over all blocks.
class CellBlocks {
 public:
  static constexpr std::int32_t none = -1;

  /// Of at most so many disks. Every block but the first of a cell follows one that is full: there is room for all that
  /// may ever be needed, which takes no memory until then, and no array is ever moved.
  CellBlocks(std::int64_t cells, std::int64_t disks, Pace& pace)
      : lanes_(defaults<Lanes>(cells, pace, cells + disks / Lanes::count + 1)),
        disks_(defaults<Disks>(cells, pace, cells + disks / Lanes::count + 1)),
        chain_(defaults<Chain>(cells, pace, cells + disks / Lanes::count + 1)) {}

  const Lanes* lanes() const { return lanes_.data(); }
  std::int32_t next(std::int32_t block) const { return chain_[at(block)].next; }
  std::int32_t disk(std::int32_t slot) const { return disks_[at(block_of(slot))][lane_of(slot)]; }
  static std::int32_t block_of(std::int32_t slot) { return slot / Lanes::count; }

  /// Have fetched what is known of a cell, or nearly all.
  void fetch(std::int32_t cell) const {
    prefetch(lanes_[at(cell)].x);
    prefetch(lanes_[at(cell)].vx);
    prefetch(&disks_[at(cell)]);
    prefetch(&chain_[at(cell)]);
  }

  /// Of a cell that is not empty.
  std::int32_t last_of_first_block(std::int32_t cell) const {
    return disks_[at(cell)][static_cast<std::size_t>(chain_[at(cell)].count - 1)];
  }

  /// Put a disk into a cell; its lane is still to be written.
  std::int32_t insert(std::int32_t cell, std::int32_t disk) {
    std::int32_t block = cell;
    while (next(block) != none) block = next(block);
    if (chain_[at(block)].count == Lanes::count) {
      const std::int32_t fresh = new_block();
      chain_[at(block)].next = fresh;
      block = fresh;
    }
    const std::int32_t lane = chain_[at(block)].count++;
    disks_[at(block)][static_cast<std::size_t>(lane)] = disk;
    return block * Lanes::count + lane;
  }

  /// Take out the disk in a slot of a cell. The last disk of the cell moves there: its number, or `none`.
  std::int32_t remove(std::int32_t cell, std::int32_t slot) {
    std::int32_t before = none, last = cell;
    for (; next(last) != none; last = next(last)) before = last;
    const std::int32_t from = last * Lanes::count + --chain_[at(last)].count;
    const std::int32_t moved = from == slot ? none : disk(from);
    if (moved != none) {
      disks_[at(block_of(slot))][lane_of(slot)] = moved;
      Lanes& to = lanes_[at(block_of(slot))];
      const Lanes& old = lanes_[at(last)];
      write(slot, old.x[lane_of(from)], old.y[lane_of(from)]);
      to.vx[lane_of(slot)] = old.vx[lane_of(from)];
      to.vy[lane_of(slot)] = old.vy[lane_of(from)];
    }
    lanes_[at(last)].x[lane_of(from)] = Lanes::nobody;
    if (before != none && chain_[at(last)].count == 0) {
      chain_[at(before)].next = none;
      free_.push_back(last);
    }
    return moved;
  }

  void write(std::int32_t slot, float x, float y) {
    Lanes& lanes = lanes_[at(block_of(slot))];
    lanes.x[lane_of(slot)] = x;
    lanes.y[lane_of(slot)] = y;
  }

  void write(std::int32_t slot, float x, float y, float vx, float vy) {
    write(slot, x, y);
    Lanes& lanes = lanes_[at(block_of(slot))];
    lanes.vx[lane_of(slot)] = vx;
    lanes.vy[lane_of(slot)] = vy;
  }

 private:
  using Disks = std::array<std::int32_t, Lanes::count>;

  struct Chain {
    std::int32_t next = none;
    std::int32_t count = 0;  // disks in this block
  };

  static std::size_t at(std::int32_t k) { return static_cast<std::size_t>(k); }
  static std::size_t lane_of(std::int32_t slot) { return static_cast<std::size_t>(slot % Lanes::count); }

  std::int32_t new_block() {
    if (!free_.empty()) {
      const std::int32_t block = free_.back();
      free_.pop_back();
      return block;
    }
    lanes_.emplace_back();
    disks_.emplace_back();
    chain_.emplace_back();
    return static_cast<std::int32_t>(chain_.size()) - 1;
  }

  LargeArray<Lanes> lanes_;         // (blocks,)
  LargeArray<Disks> disks_;         // (blocks,)
  LargeArray<Chain> chain_;         // (blocks,)
  std::vector<std::int32_t> free_;  // blocks in no chain
};

}  // namespace hthm::event_driven
