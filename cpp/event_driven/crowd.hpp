// Very many events that are due at about the same time, in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hthm::event_driven {

/// A heap of events by time, then by disk: any number of them cost O(log) each. What says whether an entry still holds
/// is the time_of(disk) of its present event: an entry of a disk that has another one by now is dropped when its turn
/// comes.
template <class Real>
class Crowd {
 public:
  static constexpr std::int32_t none = -1;

  bool empty() const { return entries_.empty(); }
  void clear() { entries_.clear(); }

  /// The present event of a disk.
  template <class TimeOf>
  void add(std::int32_t disk, const TimeOf& time_of) {
    if (entries_.size() >= room_) tidy(time_of);
    entries_.push_back({time_of(disk), disk});
    std::push_heap(entries_.begin(), entries_.end(), is_later);
  }

  /// The disk whose event is the earliest; `none` where no entry holds any longer.
  template <class TimeOf>
  std::int32_t first(const TimeOf& time_of) {
    while (!entries_.empty()) {
      const Entry& entry = entries_.front();
      if (entry.time == time_of(entry.disk)) return entry.disk;
      std::pop_heap(entries_.begin(), entries_.end(), is_later);
      entries_.pop_back();
    }
    return none;
  }

 private:
  struct Entry {
    Real time;
    std::int32_t disk;

    bool operator==(const Entry&) const = default;
  };

  /// The order of the heap, which has its greatest entry, the earliest, at the front.
  static bool is_later(const Entry& a, const Entry& b) {
    return a.time > b.time || (a.time == b.time && a.disk > b.disk);
  }

  /// Keep an entry a disk: disks in contact get one event after another of the same time. In order they are a heap.
  template <class TimeOf>
  void tidy(const TimeOf& time_of) {
    std::erase_if(entries_, [&time_of](const Entry& entry) { return !(entry.time == time_of(entry.disk)); });
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return is_later(b, a); });
    entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
    room_ = 2 * entries_.size() + 1024;
  }

  std::vector<Entry> entries_;
  std::size_t room_ = 0;  // entries until it is time to tidy up: they stay in proportion to the disks
};

}  // namespace hthm::event_driven
