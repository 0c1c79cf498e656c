#include <windows.h>

#include <cerrno>
#include <system_error>

#include "core/unnamed_file.hpp"

namespace hthm {
namespace {

HANDLE handle(std::intptr_t file) { return reinterpret_cast<HANDLE>(file); }

/// The last refusal, as POSIX numbers it.
int refusal() {
  if (GetLastError() == ERROR_DIRECTORY) return ENOENT;  // a temporary file was to be made where there is no folder
  const std::error_condition reason = std::system_category().default_error_condition(static_cast<int>(GetLastError()));
  return reason.category() == std::generic_category() ? reason.value() : EIO;
}

/// A place in a file that is not opened for overlapped work: the call waits, and threads share no position.
OVERLAPPED place(std::int64_t at) {
  OVERLAPPED place{};
  place.Offset = static_cast<DWORD>(at);
  place.OffsetHigh = static_cast<DWORD>(at >> 32);
  return place;
}

std::intptr_t open_unnamed(const std::filesystem::path& folder) {
  wchar_t name[MAX_PATH];
  if (GetTempFileNameW(folder.c_str(), L"hth", 0, name) != 0) {  // it is made, and empty
    const HANDLE file =
        CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                    FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE | FILE_FLAG_RANDOM_ACCESS, nullptr);
    if (file != INVALID_HANDLE_VALUE) return reinterpret_cast<std::intptr_t>(file);
    const DWORD reason = GetLastError();
    DeleteFileW(name);
    SetLastError(reason);
  }
  errno = refusal();
  return reinterpret_cast<std::intptr_t>(INVALID_HANDLE_VALUE);
}

}  // namespace

UnnamedFile::UnnamedFile(const std::filesystem::path& folder) : file_{open_unnamed(folder)} {}

UnnamedFile::~UnnamedFile() {
  if (is_open()) CloseHandle(handle(file_));
}

std::int64_t UnnamedFile::write(std::int64_t at, const void* from, std::size_t bytes) const {
  OVERLAPPED where = place(at);
  DWORD written = 0;
  if (WriteFile(handle(file_), from, static_cast<DWORD>(bytes), &written, &where)) return written;
  errno = refusal();
  return -1;
}

std::int64_t UnnamedFile::read(std::int64_t at, void* to, std::size_t bytes) const {
  OVERLAPPED where = place(at);
  DWORD read = 0;
  if (ReadFile(handle(file_), to, static_cast<DWORD>(bytes), &read, &where)) return read;
  if (GetLastError() == ERROR_HANDLE_EOF) return 0;
  errno = refusal();
  return -1;
}

bool UnnamedFile::read_at_once(std::int64_t, void*, std::size_t) const { return false; }  // Windows does not say

void UnnamedFile::fetch(std::int64_t, std::size_t) const {}

}  // namespace hthm
