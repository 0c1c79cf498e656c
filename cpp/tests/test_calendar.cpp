// The order of events in the calendar, and what very many at one time cost: comparisons are counted, no time taken.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "event_driven/calendar.hpp"

namespace {

/// A time that counts how often it is compared with another.
struct Counted {
  static inline std::int64_t comparisons = 0;

  double value = 0;

  explicit operator double() const { return value; }
  Counted operator-(const Counted& other) const { return {value - other.value}; }
  bool operator==(const Counted& other) const { return ++comparisons, value == other.value; }
  bool operator<(const Counted& other) const { return ++comparisons, value < other.value; }
  bool operator>(const Counted& other) const { return ++comparisons, value > other.value; }
};

using Calendar = hthm::event_driven::Calendar<Counted>;

/// The earliest event by a look at all of them.
std::int32_t earliest_of(const std::vector<double>& times, double end) {
  std::int32_t best = Calendar::none;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] < (best < 0 ? end : times[static_cast<std::size_t>(best)])) best = static_cast<std::int32_t>(i);
  }
  return best;
}

}  // namespace

TEST_CASE("the calendar gives the earliest event, of equal ones that of the lowest disk, few in a bucket or many") {
  for (const double crowding : {0.0, 0.5, 0.99}) {  // part of the events that are due at the same few times
    CAPTURE(crowding);
    std::mt19937_64 random{7};
    std::uniform_real_distribution<double> part{0, 1};
    hthm::Pace pace{nullptr};
    Calendar calendar{400, {1}, 800, pace};
    std::vector<double> times(400);
    const auto schedule = [&](std::int32_t disk, double time) {
      times[static_cast<std::size_t>(disk)] = time;
      calendar.schedule(disk, {time});
    };
    const auto later_than = [&](double now) {
      return part(random) < crowding ? std::floor(8 * now + 2 * part(random)) / 8 : now + 0.3 * part(random);
    };
    for (std::int32_t i = 0; i < 400; ++i) schedule(i, later_than(0));
    std::int64_t turns = 0;
    for (int epoch = 0; epoch < 4; ++epoch) {
      for (;;) {
        const std::int32_t i = calendar.earliest();
        REQUIRE(i == earliest_of(times, 1));
        if (i < 0) break;
        const double now = times[static_cast<std::size_t>(i)];
        ++turns;
        schedule(i, part(random) < 0.9 ? std::max(now, later_than(now)) + (part(random) < 0.5 ? 0.02 : 0) : now + 0.1);
        const auto other = static_cast<std::int32_t>(400 * part(random));  // whom the event concerns, too
        if (part(random) < 0.3) schedule(other, std::max(now, later_than(now)));
      }
      calendar.shift_time({1}, [](std::int64_t) {});
      for (double& time : times) time -= 1;
    }
    CHECK(turns > 1000);
  }
}

TEST_CASE("of many disks events come in order, though they wait before they are put into their buckets") {
  constexpr std::int32_t n = 10'000;
  static_assert(n > hthm::event_driven::cached);
  struct Case {
    double events, crowding;  // crowding: the part of the events that are due at one of few times
  };
  // More than one a bucket, about one, none in most; and crowds, whose disks may be waiting still.
  for (const auto& [events, crowding] : {Case{100, 0}, {4.0 * n, 0}, {4000.0 * n, 0}, {4.0 * n, 0.3}, {4.0 * n, 1}}) {
    CAPTURE(events);
    CAPTURE(crowding);
    std::mt19937_64 random{5};
    std::uniform_real_distribution<double> part{0, 1};
    hthm::Pace pace{nullptr};
    Calendar calendar{n, {1}, events, pace};
    std::vector<double> times(n, 2);
    std::set<std::pair<double, std::int32_t>> due;
    const auto schedule = [&](std::int32_t disk, double time) {
      if (part(random) < crowding) time = std::ceil(16 * time) / 16;
      due.erase({times[static_cast<std::size_t>(disk)], disk});
      due.emplace(time, disk);
      times[static_cast<std::size_t>(disk)] = time;
      calendar.schedule(disk, {time});
    };
    for (std::int32_t i = 0; i < n; ++i) schedule(i, part(random) < 0.1 ? part(random) : 1 + part(random));
    for (int epoch = 0; epoch < 3; ++epoch) {
      while (due.begin()->first < 1) {
        const auto [now, disk] = *due.begin();
        REQUIRE(calendar.earliest() == disk);
        calendar.look_ahead([](std::int32_t) {}, [](std::int32_t, int) {});
        schedule(disk, now + part(random) * (part(random) < 0.5 ? 0.01 : 2));
        const auto other = static_cast<std::int32_t>(n * part(random));  // as a rule one that does not wait
        if (part(random) < 0.3) schedule(other, now + part(random) * 0.5);
        if (part(random) < 0.3) schedule(disk, now + part(random) * 0.1);  // one that does
        if (part(random) < crowding / 2) schedule(disk, now);              // to the crowd, where there is one
      }
      REQUIRE(calendar.earliest() == Calendar::none);
      calendar.shift_time({1}, [](std::int64_t) {});
      due.clear();
      for (std::int32_t i = 0; i < n; ++i) due.emplace(times[static_cast<std::size_t>(i)] -= 1, i);
    }
  }
}

TEST_CASE("most events have been shown ahead twice when they come") {
  constexpr std::int32_t n = 4000;
  std::mt19937_64 random{11};
  std::uniform_real_distribution<double> part{0, 1};
  hthm::Pace pace{nullptr};
  Calendar calendar{n, {1}, 4.0 * n, pace};
  for (std::int32_t i = 0; i < n; ++i) calendar.schedule(i, {0.5 * part(random)});
  std::vector<int> shown(n);  // how far the present event of a disk is known
  std::int64_t all = 0, ready = 0;
  for (std::int32_t i = calendar.earliest(); i >= 0; i = calendar.earliest()) {
    const double now = calendar.time(i).value;
    calendar.look_ahead([&](std::int32_t k) { shown[static_cast<std::size_t>(k)] |= 1; },
                        [&](std::int32_t k, int) {
                          REQUIRE(calendar.time(k).value >= now);
                          shown[static_cast<std::size_t>(k)] |= 2;
                        });
    REQUIRE(calendar.earliest() == i);
    ++all;
    ready += shown[static_cast<std::size_t>(i)] == 3;
    shown[static_cast<std::size_t>(i)] = 0;
    calendar.schedule(i, {now + 0.5 * part(random)});
  }
  CHECK(all > 3 * n);
  CHECK(ready > 0.8 * static_cast<double>(all));
  calendar.look_ahead([](std::int32_t) {}, [](std::int32_t, int) { FAIL("nothing is left"); });
}

TEST_CASE("any number of events at one time cost n log n comparisons") {
  constexpr std::int32_t n = 1 << 17;
  hthm::Pace pace{nullptr};
  Calendar calendar{n, {1}, 4.0 * n, pace};
  for (std::int32_t i = 0; i < n; ++i) calendar.schedule(i, {0});
  Counted::comparisons = 0;
  for (std::int32_t i = 0; i < n; ++i) {
    REQUIRE(calendar.earliest() == i);
    calendar.schedule(i, {i % 2 == 0 ? 0.5 : 2});
  }
  for (std::int32_t i = 0; i < n; i += 2) {
    REQUIRE(calendar.earliest() == i);
    calendar.schedule(i, {0.5});  // a contact that goes on: the same event again
    calendar.schedule(i, {2});
  }
  CHECK(calendar.earliest() == Calendar::none);
  CHECK(Counted::comparisons < 200 * std::int64_t{n});  // a search of them all each time: n^2 / 2, 65 536 n
}
