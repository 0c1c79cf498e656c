#include "core/scratch_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace hthm {
namespace {

/// Bytes of one call of the system: some milliseconds on any disk.
constexpr std::size_t at_a_time = std::size_t{1} << 22;

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

/// Call of_system(done) for the bytes after `done` until all are; false where it makes no way.
template <class Call>
bool in_calls(std::size_t bytes, StopRequest* stop, const Call& of_system) {
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t more = of_system(done, std::min(bytes - done, at_a_time));
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) return false;
    done += static_cast<std::size_t>(more);
    if (stop != nullptr && done < bytes) stop->check();
  }
  return true;
}

}  // namespace

ScratchFile::ScratchFile(std::filesystem::path folder) : folder_{std::move(folder)}, file_{open_unnamed(folder_)} {
  if (file_ < 0) throw ScratchFileError("a temporary file could not be made", errno, folder_);
#if defined(POSIX_FADV_RANDOM)
  posix_fadvise(file_, 0, 0, POSIX_FADV_RANDOM);  // advice: what is read in order is read in large pieces anyway
#endif
}

ScratchFile::~ScratchFile() { close(file_); }

std::int64_t ScratchFile::append(const void* from, std::size_t bytes, StopRequest* stop) {
  const std::int64_t at = end_.fetch_add(static_cast<std::int64_t>(bytes));
  errno = 0;
  const bool all = in_calls(bytes, stop, [&](std::size_t done, std::size_t count) {
    return pwrite(file_, static_cast<const char*>(from) + done, count,
                  static_cast<off_t>(at) + static_cast<off_t>(done));
  });
  if (!all) throw ScratchFileError("a temporary file could not be written", errno != 0 ? errno : ENOSPC, folder_);
  return at;
}

/// Whether all of it was in the system's memory.
bool ScratchFile::read_at_once(std::int64_t at, void* to, std::size_t bytes) const {
#if defined(RWF_NOWAIT)
  const iovec all{to, bytes};
  return preadv2(file_, &all, 1, static_cast<off_t>(at), RWF_NOWAIT) == static_cast<ssize_t>(bytes);
#else
  static_cast<void>(at), static_cast<void>(to), static_cast<void>(bytes);
  return false;
#endif
}

void ScratchFile::read(std::int64_t at, void* to, std::size_t bytes, StopRequest* stop) const {
  if (bytes <= at_a_time && read_at_once(at, to, bytes)) return;
  ++waits_;
  errno = 0;
  const bool all = in_calls(bytes, stop, [&](std::size_t done, std::size_t count) {
    return pread(file_, static_cast<char*>(to) + done, count, static_cast<off_t>(at) + static_cast<off_t>(done));
  });
  if (!all) throw ScratchFileError("a temporary file could not be read", errno != 0 ? errno : EIO, folder_);
}

void ScratchFile::fetch(std::int64_t at, std::size_t bytes) const {
#if defined(POSIX_FADV_WILLNEED)
  posix_fadvise(file_, static_cast<off_t>(at), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
#else
  static_cast<void>(at), static_cast<void>(bytes);
#endif
}

}  // namespace hthm
