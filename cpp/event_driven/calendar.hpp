// The queue of events: one pending event a disk, in buckets by time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace hthm::event_driven {

/// A calendar of the current epoch, [0, length): buckets of equal width, each a doubly linked list through the disks,
/// and one more list for everything later. All operations cost O(1) where a bucket holds about one event: only the
/// first bucket that is not empty is searched for its earliest event. Ties go to the disk of the lower number, so that
/// the order does not depend on how the lists came about.
template <class Real>
class Calendar {
 public:
  static constexpr std::int32_t none = -1;

  /// About so many `events` are expected in an epoch.
  Calendar(std::int64_t disks, const Real& length, double events)
      : buckets_{
            static_cast<std::int32_t>(std::bit_ceil(static_cast<std::uint64_t>(std::clamp(events, 64.0, 0x1p24))))},
        per_time_{static_cast<double>(buckets_) / static_cast<double>(length)},
        first_(static_cast<std::size_t>(buckets_) + 1, none),
        occupied_(static_cast<std::size_t>(buckets_) / 64, 0),
        entries_(static_cast<std::size_t>(disks)) {}

  /// Begin the next epoch: set back the clock and look which events are due in it.
  void shift_time(const Real& length) {
    std::fill(first_.begin(), first_.end(), none);
    std::fill(occupied_.begin(), occupied_.end(), 0);
    current_ = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      entries_[i].bucket = none;
      schedule(static_cast<std::int32_t>(i), Real(entries_[i].time - length));
    }
  }

  const Real& time(std::int32_t disk) const { return at(disk).time; }

  /// Set the event of a disk, in place of the one it had.
  void schedule(std::int32_t disk, const Real& time) {
    Entry& entry = at(disk);
    if (entry.bucket != none) unlink(entry);
    entry.time = time;
    entry.bucket = bucket_of(time);
    std::int32_t& first = first_[static_cast<std::size_t>(entry.bucket)];
    entry.previous = none;
    entry.next = first;
    if (first != none) at(first).previous = disk;
    first = disk;
    if (entry.bucket < buckets_) word(entry.bucket) |= bit(entry.bucket);
  }

  /// The disk whose event is the earliest of this epoch; `none` if all that is left is later.
  std::int32_t earliest() {
    if (!advance_to_occupied()) return none;
    std::int32_t best = first_[static_cast<std::size_t>(current_)];
    for (std::int32_t k = at(best).next; k != none; k = at(k).next) {
      if (at(k).time < at(best).time || (at(k).time == at(best).time && k < best)) best = k;
    }
    return best;
  }

 private:
  struct Entry {
    Real time{};
    std::int32_t bucket = none;
    std::int32_t next = none, previous = none;
  };

  Entry& at(std::int32_t disk) { return entries_[static_cast<std::size_t>(disk)]; }
  const Entry& at(std::int32_t disk) const { return entries_[static_cast<std::size_t>(disk)]; }
  std::uint64_t& word(std::int32_t bucket) { return occupied_[static_cast<std::size_t>(bucket >> 6)]; }
  static std::uint64_t bit(std::int32_t bucket) { return std::uint64_t{1} << (bucket & 63); }

  /// Rounded or not, this never decreases with time; what is due already goes to the current bucket.
  std::int32_t bucket_of(const Real& time) const {
    const double bucket = static_cast<double>(time) * per_time_;
    if (!(bucket < buckets_)) return buckets_;
    return std::max(current_, static_cast<std::int32_t>(std::max(bucket, 0.0)));
  }

  void unlink(const Entry& entry) {
    if (entry.next != none) at(entry.next).previous = entry.previous;
    if (entry.previous != none) {
      at(entry.previous).next = entry.next;
    } else {
      first_[static_cast<std::size_t>(entry.bucket)] = entry.next;
      if (entry.next == none && entry.bucket < buckets_) word(entry.bucket) &= ~bit(entry.bucket);
    }
  }

  bool advance_to_occupied() {
    auto k = static_cast<std::size_t>(current_ >> 6);
    if (k >= occupied_.size()) return false;
    std::uint64_t rest = occupied_[k] & (~std::uint64_t{0} << (current_ & 63));
    while (rest == 0) {
      if (++k == occupied_.size()) return false;  // current_ stays: what is scheduled next may be due before the end
      rest = occupied_[k];
    }
    current_ = static_cast<std::int32_t>(k << 6) + std::countr_zero(rest);
    return true;
  }

  std::int32_t buckets_;
  double per_time_;                      // buckets per unit of time
  std::int32_t current_ = 0;             // no event lies in an earlier bucket
  std::vector<std::int32_t> first_;      // (buckets + 1,) of each list; the last list is what comes later
  std::vector<std::uint64_t> occupied_;  // a bit a bucket
  std::vector<Entry> entries_;           // (disks,)
};

}  // namespace hthm::event_driven
