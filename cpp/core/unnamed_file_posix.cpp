#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <string>

#include "core/unnamed_file.hpp"

namespace hthm {
namespace {

int open_unnamed(const std::filesystem::path& folder) {
#if defined(O_TMPFILE)
  const int unnamed = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (unnamed >= 0) return unnamed;  // not every file system has them
#endif
  std::string name = (folder / "hthm-XXXXXX").string();
  const int file = mkostemp(name.data(), O_CLOEXEC);
  if (file >= 0) unlink(name.c_str());
  return file;
}

int descriptor(std::intptr_t file) { return static_cast<int>(file); }

}  // namespace

UnnamedFile::UnnamedFile(const std::filesystem::path& folder) : file_{open_unnamed(folder)} {
#if defined(POSIX_FADV_RANDOM)
  // Advice: what is read in order is read in large pieces anyway.
  if (is_open()) posix_fadvise(descriptor(file_), 0, 0, POSIX_FADV_RANDOM);
#endif
}

UnnamedFile::~UnnamedFile() {
  if (is_open()) close(descriptor(file_));
}

std::int64_t UnnamedFile::write(std::int64_t at, const void* from, std::size_t bytes) const {
  return pwrite(descriptor(file_), from, bytes, static_cast<off_t>(at));
}

std::int64_t UnnamedFile::read(std::int64_t at, void* to, std::size_t bytes) const {
  return pread(descriptor(file_), to, bytes, static_cast<off_t>(at));
}

bool UnnamedFile::read_at_once(std::int64_t at, void* to, std::size_t bytes) const {
#if defined(RWF_NOWAIT)
  const iovec all{to, bytes};
  return preadv2(descriptor(file_), &all, 1, static_cast<off_t>(at), RWF_NOWAIT) == static_cast<ssize_t>(bytes);
#else
  static_cast<void>(at), static_cast<void>(to), static_cast<void>(bytes);
  return false;
#endif
}

void UnnamedFile::fetch(std::int64_t at, std::size_t bytes) const {
#if defined(POSIX_FADV_WILLNEED)
  posix_fadvise(descriptor(file_), static_cast<off_t>(at), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
#else
  static_cast<void>(at), static_cast<void>(bytes);
#endif
}

}  // namespace hthm
