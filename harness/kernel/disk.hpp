// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "failure/values.hpp"
#include "process/scratch.hpp"

namespace relapse::kernel {

// Files of the cache. What goes wrong below the cache is thrown as std::filesystem::filesystem_error,
// which obtain() turns into a Failure: HostLacks, or Exhausted for a full disk.

std::string readFile(const std::filesystem::path& file);
std::string readFileIfThere(const std::filesystem::path& file);  // empty when it is not

// The same of a file that somebody else may have made. BadInput: it is a pipe, a device or a folder, is larger than
// `most` bytes, or cannot be read. Never blocks.
Result<std::string> readGiven(const std::filesystem::path& file, std::uint64_t most);

inline constexpr std::uint64_t kMostPatchBytes = 64u << 20;  // of a patch, and of an mbox
inline constexpr std::uint64_t kMostListBytes = 1u << 20;    // of a `series`, and of a Makefile

// Under the final name there is the old content or the whole new one. Folders on the way are made.
void writeFile(const std::filesystem::path& file, std::string_view content);

// `to` becomes a copy of `from` in one step, with a fresh mtime; a symbolic link is copied as one.
void copyOver(const std::filesystem::path& from, const std::filesystem::path& to);

// Both absent, or the same type, content and executable bit.
bool sameFile(const std::filesystem::path& one, const std::filesystem::path& other);

// Something is there, be it a dangling link.
bool isThere(const std::filesystem::path& file);

// Exhausted, unless the file system that holds `folder` has that much room.
Result<void> requireSpace(const std::filesystem::path& folder, std::uint64_t bytes, std::string_view purpose);

Failure failureOf(const std::filesystem::filesystem_error& error);

// A folder of its own below `parent`, removed with all in it by the destructor.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::filesystem::path& parent);

  // Empty at first, and may be renamed.
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  process::ScratchFolder folder_;
};

}  // namespace relapse::kernel
