// A file for what memory has no room for.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "core/stop_request.hpp"
#include "core/unnamed_file.hpp"

namespace hthm {

/// The system refused; `code` is its errno, and `folder` where.
struct ScratchFileError : std::runtime_error {
  ScratchFileError(const std::string& what, int refusal, std::filesystem::path where)
      : std::runtime_error{what}, code{refusal}, folder{std::move(where)} {}
  int code;
  std::filesystem::path folder;
};

/// A file without a name: it is gone with the process, however that ends. What is read often, the system keeps in
/// memory that is free, and counts as no process's own. Its functions may be called from several threads.
class ScratchFile {
 public:
  /// Throws ScratchFileError where the folder is none, or takes no files.
  explicit ScratchFile(std::filesystem::path folder);

  /// Write at the end; returns where. Throws ScratchFileError where there is no more room, and Stopped.
  std::int64_t append(const void* from, std::size_t bytes, StopRequest* stop = nullptr);
  /// Throws ScratchFileError where the disk fails.
  void read(std::int64_t at, void* to, std::size_t bytes, StopRequest* stop = nullptr) const;
  /// Have the system fetch what will be read soon. In memory already, it takes as long as to read it.
  void fetch(std::int64_t at, std::size_t bytes) const;
  /// Calls of `read`, since this was asked, that may have had to wait for the disk.
  std::int64_t waits() { return waits_.exchange(0); }

 private:
  std::filesystem::path folder_;
  UnnamedFile file_;
  std::atomic<std::int64_t> end_ = 0;
  mutable std::atomic<std::int64_t> waits_ = 0;
};

}  // namespace hthm
