// What the systems call a temporary file, read and written at any place by several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace hthm {

/// A file without a name, or with one that nobody else needs: it is gone with the process, however that ends. What
/// fails says so by its result, and leaves the reason, a number of errno, in errno.
class UnnamedFile {
 public:
  /// There is a file afterwards, or not: see is_open.
  explicit UnnamedFile(const std::filesystem::path& folder);
  ~UnnamedFile();
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;

  bool is_open() const { return file_ != none; }
  /// Bytes written from this place on, which may be fewer, or -1.
  std::int64_t write(std::int64_t at, const void* from, std::size_t bytes) const;
  /// Bytes read from this place on, which may be fewer, or -1.
  std::int64_t read(std::int64_t at, void* to, std::size_t bytes) const;
  /// Whether all of it was in the system's memory, and has been read.
  bool read_at_once(std::int64_t at, void* to, std::size_t bytes) const;
  /// Have the system fetch what will be read soon, where it can.
  void fetch(std::int64_t at, std::size_t bytes) const;

 private:
  static constexpr std::intptr_t none = -1;  // no descriptor of POSIX, and no handle of Windows

  std::intptr_t file_ = none;
};

}  // namespace hthm
