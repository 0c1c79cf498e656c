#include "core/scratch_file.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace hthm {
namespace {

/// Bytes of one call of the system: some milliseconds on any disk.
constexpr std::size_t at_a_time = std::size_t{1} << 22;

/// Call of_system(done) for the bytes after `done` until all are; false where it makes no way.
template <class Call>
bool in_calls(std::size_t bytes, StopRequest* stop, const Call& of_system) {
  for (std::size_t done = 0; done < bytes;) {
    const std::int64_t more = of_system(done, std::min(bytes - done, at_a_time));
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) return false;
    done += static_cast<std::size_t>(more);
    if (stop != nullptr && done < bytes) stop->check();
  }
  return true;
}

}  // namespace

ScratchFile::ScratchFile(std::filesystem::path folder) : folder_{std::move(folder)}, file_{folder_} {
  if (!file_.is_open()) throw ScratchFileError("a temporary file could not be made", errno, folder_);
}

std::int64_t ScratchFile::append(const void* from, std::size_t bytes, StopRequest* stop) {
  const std::int64_t at = end_.fetch_add(static_cast<std::int64_t>(bytes));
  errno = 0;
  const bool all = in_calls(bytes, stop, [&](std::size_t done, std::size_t count) {
    return file_.write(at + static_cast<std::int64_t>(done), static_cast<const char*>(from) + done, count);
  });
  if (!all) throw ScratchFileError("a temporary file could not be written", errno != 0 ? errno : ENOSPC, folder_);
  return at;
}

void ScratchFile::read(std::int64_t at, void* to, std::size_t bytes, StopRequest* stop) const {
  if (bytes <= at_a_time && file_.read_at_once(at, to, bytes)) return;
  ++waits_;
  errno = 0;
  const bool all = in_calls(bytes, stop, [&](std::size_t done, std::size_t count) {
    return file_.read(at + static_cast<std::int64_t>(done), static_cast<char*>(to) + done, count);
  });
  if (!all) throw ScratchFileError("a temporary file could not be read", errno != 0 ? errno : EIO, folder_);
}

void ScratchFile::fetch(std::int64_t at, std::size_t bytes) const { file_.fetch(at, bytes); }

}  // namespace hthm
