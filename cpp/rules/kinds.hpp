// Kinds of disk of a mixture: which disk is of which kind.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace hthm {

/// So many disks of this diameter and this mass.
struct Kind {
  std::int64_t n;
  double diameter, mass;
};

/// The first disks are of the first kind, those that follow of the next, and so on: nothing is kept for each disk.
class Kinds {
 public:
  /// Throws std::invalid_argument for none, and for numbers that are not above zero.
  explicit Kinds(std::vector<Kind> all) : all_{std::move(all)} {
    if (all_.empty()) throw std::invalid_argument("kinds: must be at least one");
    for (const Kind& kind : all_) {
      if (kind.n < 1 || !(kind.diameter > 0) || !(kind.mass > 0)) {
        throw std::invalid_argument("kinds: must have disks, a diameter and a mass above zero");
      }
      disks_ += kind.n;
      ends_.push_back(disks_);
    }
    ends_.pop_back();  // what is left is of the last kind
  }

  std::int64_t disks() const { return disks_; }
  std::size_t size() const { return all_.size(); }
  const Kind& operator[](std::size_t kind) const { return all_[kind]; }

  /// The kind of disk i.
  std::size_t of(std::int64_t i) const {
    std::size_t kind = 0;
    for (const std::int64_t end : ends_) kind += i >= end;
    return kind;
  }

  /// The distance of the centres of two disks that touch: the diameter exactly where both have the same.
  double contact(std::size_t a, std::size_t b) const { return (all_[a].diameter + all_[b].diameter) / 2; }

  double largest_diameter() const {
    return std::max_element(all_.begin(), all_.end(),
                            [](const Kind& a, const Kind& b) { return a.diameter < b.diameter; })
        ->diameter;
  }
  double least_mass() const {
    return std::min_element(all_.begin(), all_.end(), [](const Kind& a, const Kind& b) { return a.mass < b.mass; })
        ->mass;
  }

 private:
  std::vector<Kind> all_;
  std::vector<std::int64_t> ends_;  // (kinds - 1,) where the disks of a kind end and those of the next begin
  std::int64_t disks_ = 0;
};

}  // namespace hthm
