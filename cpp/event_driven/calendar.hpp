// The queue of events: one pending event a disk, in buckets by time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "core/paced_array.hpp"
#include "core/prefetch.hpp"
#include "event_driven/crowd.hpp"
#include "event_driven/disk.hpp"
#include "event_driven/prediction.hpp"

namespace hthm::event_driven {

/// A calendar of the current epoch, [0, length): buckets of equal width, each a ring of disks, and one more ring for
/// everything later. All operations cost O(1) where a bucket holds about one event: only the first bucket that is not
/// empty is searched for its earliest event. Ties go to the disk of the lower number, so that the order does not depend
/// on how the rings came about.
///
/// Where very many events are due at once, as from a lattice on the borders of the cells, a bucket would be searched
/// from end to end for each of them: when its turn comes its disks leave the ring for a heap, `crowd_`.
///
/// A bucket is itself a link of its ring, which therefore always has a neighbour on either side: entering and leaving
/// are the same few stores for every disk, without a case to guess wrong.
template <class Real>
class Calendar {
 public:
  static constexpr std::int32_t none = -1;

  /// What will be asked when the event of a disk comes. It lies beside the time of the event, and the calendar does not
  /// look at it.
  struct Note {
    std::uint32_t partner_collisions = 0;  // of the predicted partner, when it was predicted
    Side exit = Side::left;                // through which the disk will leave its cell
  };

  /// About so many `events` are expected in an epoch.
  Calendar(std::int64_t disks, const Real& length, double events, Pace& pace)
      : disks_{static_cast<std::int32_t>(disks)},
        buckets_{
            static_cast<std::int32_t>(std::bit_ceil(static_cast<std::uint64_t>(std::clamp(events, 64.0, 0x1p24))))},
        per_time_{static_cast<double>(buckets_) / static_cast<double>(length)},
        patience_{disks > cached ? far : buckets_},
        occupied_(defaults<std::uint64_t>(buckets_ / 64 + 1, pace)),
        events_(defaults<Event>(disks, pace)),
        links_(defaults<Link>(disks + buckets_ + 1, pace)) {
    clear([&pace](std::int64_t links) { pace.did(links); });
  }

  /// Begin the next epoch: set back the clock and look which events are due in it; `shifted(count)` is called after
  /// every so many disks and buckets.
  template <class OnPiece>
  void shift_time(const Real& length, const OnPiece& shifted) {
    clear(shifted);
    for (std::int32_t i = 0; i < disks_; ++i) {
      schedule(i, Real(time(i) - length));
      if (i % 0x4000 == 0) shifted(0x4000);
    }
  }

  const Real& time(std::int32_t disk) const { return events_[static_cast<std::size_t>(disk)].time; }
  Note& note(std::int32_t disk) { return events_[static_cast<std::size_t>(disk)].note; }

  /// Have fetched what is known of the event of a disk.
  void fetch(std::int32_t disk) const {
    prefetch(&events_[static_cast<std::size_t>(disk)]);
    prefetch(&links_[static_cast<std::size_t>(disk)]);
  }

  /// Set the event of a disk, in place of the one it had.
  void schedule(std::int32_t disk, const Real& time) {
    leave(disk);
    events_[static_cast<std::size_t>(disk)].time = time;
    const std::int32_t bucket = bucket_of(time);
    if (bucket - current_ > patience_) [[unlikely]] {  // or rather, a call that few disks should not notice
      put_off(disk, bucket);
    } else {
      put(disk, bucket);
    }
  }

  /// Look at what is going to happen: soon(disk) is called about two dozen buckets ahead, or for any disk, and
  /// next(disk, part) for the parts 0, 1 and 2 a few buckets ahead. Of a bucket two are seen soon, for the second tells
  /// of itself only when the first has been fetched, and more are rare. What is scheduled nearer than that is not seen:
  /// it has just been in the cache.
  template <class Soon, class Next>
  void look_ahead(const Soon& soon, const Next& next) {
    const std::int32_t end = std::min(current_ + 1, buckets_ - 3 * apart);
    for (seen_ = std::max(seen_, current_ - 3 * apart); seen_ < end; ++seen_) {
      const std::int32_t head = disks_ + seen_, first = link(head + 3 * apart).next;
      const std::int32_t second = link(link(head + 2 * apart).next).next;
      soon(first < disks_ ? first : 0);  // any disk rather than a branch that is guessed wrong every other time
      soon(second < disks_ ? second : 0);
      for (int part = 0; part < 3; ++part) {
        const std::int32_t ahead = apart + 2 * (1 - part);
        for (std::int32_t k = link(head + ahead).next; k < disks_; k = link(k).next) next(k, part);
      }
    }
  }

  /// The disk whose event is the earliest of this epoch; `none` if all that is left is later.
  std::int32_t earliest() {
    if (!crowd_.empty()) [[unlikely]]
      return earliest_of_crowd();
    if (!advance_to_occupied()) return none;
    const std::int32_t head = disks_ + current_;
    std::int32_t best = link(head).next;
    std::int32_t room = crowded;
    for (std::int32_t k = link(best).next; k != head; k = link(k).next) {
      if (time(k) < time(best) || (time(k) == time(best) && k < best)) best = k;
      if (--room == 0) [[unlikely]]
        return earliest_of_crowd();
    }
    return best;
  }

 private:
  struct Link {
    std::int32_t next, previous;
  };

  struct Event {
    Real time;
    Note note;
  };

  /// Many more than chance brings together in a bucket that holds about one.
  static constexpr std::int32_t crowded = 64;

  /// Of many disks, an event more buckets ahead than this waits before it is put into its bucket.
  static constexpr std::int32_t far = 64;

  /// Disks that wait at a time.
  static constexpr std::uint32_t turns = 8;

  /// Buckets from one look ahead to the next: what was fetched has come by then.
  static constexpr std::int32_t apart = 6;

  struct Waiting {
    std::int32_t disk = none, bucket = 0;
  };

  Link& link(std::int32_t k) { return links_[static_cast<std::size_t>(k)]; }

  /// Take a disk out of its ring; what it is linked to is for `put` to say.
  void leave(std::int32_t disk) {
    const Link& entry = link(disk);
    link(entry.next).previous = entry.previous;
    link(entry.previous).next = entry.next;
  }

  void put(std::int32_t disk, std::int32_t bucket) {
    occupied_[static_cast<std::size_t>(bucket >> 6)] |= std::uint64_t{1} << (bucket & 63);
    Link& head = link(disks_ + bucket);
    link(disk) = {head.next, disks_ + bucket};
    link(head.next).previous = disk;
    head.next = disk;
  }

  /// Let a disk wait until its bucket has been fetched, which is anywhere in memory, and then the disk that will be its
  /// neighbour there: so many others are put off before its turn comes. `stop_` sees to it that none waits too long.
  [[gnu::noinline]] void put_off(std::int32_t disk, std::int32_t bucket) {
    link(disk) = {disk, disk};
    prefetch(&link(disks_ + bucket));
    stop_ = std::min(stop_, bucket >> 6);
    Waiting& place = waiting_[put_off_ % turns];
    settle(place);
    place = {disk, bucket};
    prefetch(&link(link(disks_ + waiting_[(put_off_ + turns / 2) % turns].bucket).next));
    ++put_off_;
  }

  /// Put a disk that has waited where it belongs, which may be elsewhere by now.
  void settle(const Waiting& waiting) {
    if (waiting.disk == none) return;
    leave(waiting.disk);
    put(waiting.disk, bucket_of(time(waiting.disk)));
  }

  /// Let no disk wait any longer; false if there is none.
  [[gnu::noinline]] bool settle_all() {
    if (stop_ == buckets_ >> 6) return false;
    for (Waiting& waiting : waiting_) {
      settle(waiting);
      waiting = {};
    }
    stop_ = buckets_ >> 6;
    return true;
  }

  /// The same where the current bucket has a crowd, which all that are in its ring join. Each of them becomes a ring of
  /// its own, and leaves that for another as any disk does: `schedule` knows of no crowd.
  [[gnu::cold, gnu::noinline]] std::int32_t earliest_of_crowd() {
    const std::int32_t head = disks_ + current_;
    const auto time_of = [this](std::int32_t disk) { return time(disk); };
    for (std::int32_t k = link(head).next; k != head;) {
      const std::int32_t next = link(k).next;
      crowd_.add(k, time_of);
      link(k) = {k, k};
      k = next;
    }
    link(head) = {head, head};
    const std::int32_t first = crowd_.first(time_of);
    return first == none ? earliest() : first;
  }

  /// Every link a ring of its own; `cleared(count)` is called after every so many.
  template <class OnPiece>
  void clear(const OnPiece& cleared) {
    constexpr std::int32_t piece = 0x10000;
    const auto links = static_cast<std::int32_t>(links_.size());
    for (std::int32_t first = 0; first < links; first += piece) {
      const std::int32_t last = links - first > piece ? first + piece : links;
      for (std::int32_t k = first; k < last; ++k) link(k) = {k, k};
      cleared(last - first);
    }
    std::fill(occupied_.begin(), occupied_.end(), 0);
    crowd_.clear();
    current_ = seen_ = 0;
    std::fill(waiting_.begin(), waiting_.end(), Waiting{});
    stop_ = buckets_ >> 6;
  }

  /// Rounded or not, this never decreases with time; what is due already goes to the current bucket.
  std::int32_t bucket_of(const Real& time) const {
    const double bucket = static_cast<double>(time) * per_time_;
    return static_cast<std::int32_t>(
        std::min(std::max(bucket, static_cast<double>(current_)), static_cast<double>(buckets_)));
  }

  /// Go on to the first bucket with an event; false if there is none before the end of the epoch.
  bool advance_to_occupied() {
    std::int32_t k = current_ >> 6;
    std::uint64_t rest = occupied_[static_cast<std::size_t>(k)] & (~std::uint64_t{0} << (current_ & 63));
    for (;;) {
      while (rest == 0) {
        if (++k == stop_) {
          if (settle_all()) return advance_to_occupied();
          return false;  // current_ stays: what is scheduled next may be due before the end
        }
        rest = occupied_[static_cast<std::size_t>(k)];
      }
      const std::int32_t bucket = (k << 6) + std::countr_zero(rest);
      if (link(disks_ + bucket).next != disks_ + bucket) {
        current_ = bucket;
        return true;
      }
      occupied_[static_cast<std::size_t>(k)] &= ~(rest & -rest);  // all that were in it have left
      rest &= rest - 1;
    }
  }

  std::int32_t disks_, buckets_;
  double per_time_;                       // buckets per unit of time
  std::int32_t current_ = 0;              // no event lies in an earlier bucket
  std::int32_t seen_ = 0;                 // the bucket that `look_ahead` comes to next
  std::int32_t patience_;                 // buckets ahead from which on a disk waits
  std::int32_t stop_ = 0;                 // no disk waits for a bucket of an earlier word of `occupied_`
  std::uint32_t put_off_ = 0;             // how many disks have been told to wait
  std::array<Waiting, turns> waiting_{};  // the last of them, or nobody
  LargeArray<std::uint64_t> occupied_;    // a bit a bucket, set where it may hold an event
  LargeArray<Event> events_;              // (disks,)
  LargeArray<Link> links_;  // (disks + buckets + 1,) disks, then buckets; the last bucket is what comes later
  Crowd<Real> crowd_;       // disks of the current bucket, where it holds very many
};

}  // namespace hthm::event_driven
