// Arrays of a value a disk: for many disks they lie in huge pages.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace hthm {

/// Takes memory of a quarter MiB and more in pages of 2 MiB where Linux has them to give. Disks that are neighbours in
/// the box are anywhere in memory; with pages of 4 KiB the processor looks up the address of nearly every one in tables
/// that themselves are not in the cache. And a large page is had at once: 100 000 disks for two frames took twice as
/// long while their arrays, below 2 MiB each, were had 4 KiB at a time.
template <class T>
struct HugePages {
  using value_type = T;

  HugePages() = default;
  template <class Other>
  HugePages(const HugePages<Other>&) {}

  T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_array_new_length{};
    if (!large(count)) return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t{alignof(T)}));
    const std::size_t bytes = (count * sizeof(T) + page - 1) / page * page;
    void* memory = ::operator new(bytes, std::align_val_t{page});
#if defined(MADV_HUGEPAGE)
    static_cast<void>(madvise(memory, bytes, MADV_HUGEPAGE));  // a wish: where it is refused nothing is lost but speed
#endif
    return static_cast<T*>(memory);
  }

  void deallocate(T* memory, std::size_t count) {
    ::operator delete(memory, std::align_val_t{large(count) ? page : alignof(T)});
  }

  template <class Other>
  bool operator==(const HugePages<Other>&) const {
    return true;
  }

 private:
  static constexpr std::size_t page = std::size_t{1} << 21;

  static bool large(std::size_t count) { return count * sizeof(T) >= page / 8; }  // else most of a page would lie idle
};

template <class T>
using LargeArray = std::vector<T, HugePages<T>>;

}  // namespace hthm
