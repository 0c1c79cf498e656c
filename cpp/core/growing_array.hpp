// Arrays that grow while nobody knows how large they will become.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

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
  GrowingArray() = default;
  GrowingArray(GrowingArray&& other) noexcept
      : memory_{std::move(other.memory_)},
        size_{std::exchange(other.size_, 0)},
        capacity_{std::exchange(other.capacity_, 0)} {}
  GrowingArray& operator=(GrowingArray&& other) noexcept {
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  std::int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() const { return memory_.get(); }
  T* begin() const { return data(); }
  T* end() const { return data() + size_; }
  T& operator[](std::int64_t k) const { return data()[k]; }

  friend bool operator==(const GrowingArray& a, const GrowingArray& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

  /// Room for `size` elements; throws std::bad_alloc, and nothing has changed.
  void reserve(std::int64_t size) {
    if (size <= capacity_) return;
    resize_memory(size + size / 4);  // where realloc does copy, few times
  }

  /// One more; throws std::bad_alloc, and nothing has changed.
  void push_back(const T& value) {
    if (size_ == capacity_) [[unlikely]]
      resize_memory(std::max(least, 2 * capacity_));
    data()[size_++] = value;
  }

  /// `count` elements more, not yet written, for which there is room; returns the first.
  T* extend(std::int64_t count) {
    T* first = end();
    size_ += count;
    return first;
  }

  /// Hand the memory over, never null, without what was reserved in vain. The array is empty afterwards.
  std::unique_ptr<T[], Free> release() {
    if (size_ < capacity_ || !memory_) resize_memory(size_);
    size_ = capacity_ = 0;
    return std::move(memory_);
  }

 private:
  static constexpr std::int64_t least = 16;

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

}  // namespace hthm
