// The collisions of many runs, one run after another, in arrays that grow while the runs are simulated.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/run.hpp"

namespace hthm {

/// Memory of std::realloc.
struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

/// An array that grows at its end. std::realloc grows a large one by moving its pages, not its bytes: no second copy
/// ever stands beside the first, and what is reserved takes no memory until it is written.
template <class T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  std::int64_t size() const { return size_; }
  T* data() const { return memory_.get(); }

  /// Room for `size` elements; throws std::bad_alloc, and nothing has changed.
  void reserve(std::int64_t size) {
    if (size <= capacity_) return;
    resize_memory(size + size / 4);  // where realloc does copy, few times
  }

  /// `count` elements more, not yet written, for which there is room; returns the first.
  T* extend(std::int64_t count) {
    T* end = data() + size_;
    size_ += count;
    return end;
  }

  /// Hand the memory over, never null, without what was reserved in vain. The array is empty afterwards.
  std::unique_ptr<T[], Free> release() {
    if (size_ < capacity_ || !memory_) resize_memory(size_);
    size_ = capacity_ = 0;
    return std::move(memory_);
  }

 private:
  void resize_memory(std::int64_t capacity) {
    if (capacity > PTRDIFF_MAX / static_cast<std::int64_t>(sizeof(T))) throw std::bad_alloc{};
    const auto bytes = static_cast<std::size_t>(capacity) * sizeof(T);
    void* memory = std::realloc(memory_.get(), bytes > 0 ? bytes : 1);
    if (!memory) throw std::bad_alloc{};
    static_cast<void>(memory_.release());
    memory_.reset(static_cast<T*>(memory));
    capacity_ = capacity;
  }

  std::unique_ptr<T[], Free> memory_;
  std::int64_t size_ = 0, capacity_ = 0;
};

/// Rows of all runs so far: those of a run stand together, in the order in which its disks collided.
struct LogRows {
  bool timed = false;                // whether there are times: exact engines only
  GrowingArray<std::int32_t> pairs;  // (rows, 2), i < j
  GrowingArray<Vec> velocities;      // (rows, 2) of i and j just after the collision
  GrowingArray<double> times;        // (rows,) since the start of the run, or none

  std::int64_t rows() const { return pairs.size() / 2; }

  /// Append the rows of runs, each in pieces that follow each other; what has been moved is freed as it goes.
  /// Throws std::bad_alloc, and nothing has changed, or Stopped, and rows and runs can only be destroyed.
  void append(std::vector<std::vector<CollisionLog>>& runs, int threads, StopRequest* stop = nullptr);
};

}  // namespace hthm
