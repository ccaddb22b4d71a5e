// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "process/descriptor.hpp"
#include "require.hpp"

namespace relapse {

// A file without a disk, for what takes a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : file_(::memfd_create("fuzzed", MFD_CLOEXEC)) {
    const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(), 0);
    require(written == static_cast<ssize_t>(bytes.size()), "a file in memory can be written");
  }

  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

  std::string content() const {
    std::string bytes(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
    const ssize_t got = ::pread(file_.get(), bytes.data(), bytes.size(), 0);
    require(got == static_cast<ssize_t>(bytes.size()), "a file in memory can be read");
    return bytes;
  }

 private:
  process::Descriptor file_;
};

}  // namespace relapse
