#include "measures/frame_speeds.hpp"

#include <algorithm>

#include "core/narrow.hpp"
#include "core/paced_array.hpp"

namespace hthm {
namespace {

/// From this share of changed disks on it is faster to count them all.
constexpr std::int64_t most_of = 4;

/// A first frame of a run has nothing in common with the last one of another; where it goes on like that, frames do not
/// follow each other.
constexpr int most_unlike = 3;

/// The bits of a velocity, as a vector that any processor has.
typedef std::int64_t Bits __attribute__((vector_size(sizeof(Vec)), aligned(alignof(Vec)), may_alias));

Bits bits(const Vec* v) { return *reinterpret_cast<const Bits*>(v); }
bool any(Bits found) { return (found[0] | found[1]) != 0; }

}  // namespace

FrameSpeeds::FrameSpeeds(const SpeedBins& bins, std::int64_t n, Pace& pace)
    : bins_{bins},
      n_{n},
      pace_{pace},
      counts_(static_cast<std::size_t>(bins.bins()) + 1),
      bin_of_{defaults<std::int32_t>(n, pace)} {
  static_cast<void>(narrow<std::int32_t>(bins.bins(), "bins"));  // as they are kept, a disk each
}

const std::vector<std::int64_t>& FrameSpeeds::operator()(const Vec* frame) {
  if (before_ != nullptr && follow(frame)) {
    unlike_ = 0;
  } else {
    if (before_ != nullptr) ++unlike_;
    count_all(frame);
  }
  before_ = unlike_ < most_unlike ? frame : nullptr;
  return counts_;
}

/// Count what has changed since the frame before; false, and counts that are of no use, where that is too much.
bool FrameSpeeds::follow(const Vec* frame) {
  constexpr std::int64_t together = 8;
  changed_ = 0;
  bool follows = true;
  in_pieces(0, n_, pace_, [&](std::int64_t first, std::int64_t last) {
    std::int64_t i = first;
    for (; follows && i + together <= last; i += together) {
      Bits differing{};
      for (std::int64_t k = i; k < i + together; ++k) differing |= bits(frame + k) ^ bits(before_ + k);
      if (!any(differing)) [[likely]]
        continue;
      for (std::int64_t k = i; k < i + together; ++k) look_at(k, frame);
      follows = changed_ * most_of <= n_;
    }
    for (; follows && i < last; ++i) look_at(i, frame);
  });
  return follows;
}

void FrameSpeeds::look_at(std::int64_t disk, const Vec* frame) {
  if (!any(bits(frame + disk) ^ bits(before_ + disk))) return;
  std::int32_t& bin = bin_of_[static_cast<std::size_t>(disk)];
  const auto now = static_cast<std::int32_t>(bins_(frame[disk]));
  --counts_[static_cast<std::size_t>(bin)];
  ++counts_[static_cast<std::size_t>(now)];
  bin = now;
  ++changed_;
}

void FrameSpeeds::count_all(const Vec* frame) {
  std::fill(counts_.begin(), counts_.end(), 0);
  in_pieces(0, n_, pace_, [&](std::int64_t first, std::int64_t last) {
    if (unlike_ >= most_unlike) return bins_.count(frame + first, last - first, counts_.data());
    bins_.find(frame + first, last - first, bin_of_.data() + first);
    for (std::int64_t i = first; i < last; ++i) {
      ++counts_[static_cast<std::size_t>(bin_of_[static_cast<std::size_t>(i)])];
    }
  });
}

}  // namespace hthm
