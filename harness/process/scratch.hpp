// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "process/descriptor.hpp"

namespace relapse::process {

// Folders that a process uses for itself alone, and how others tell that it is dead: kOwnerFile in them
// is locked for as long as their owner lives, however it ends, and names the host whose locks can be asked.

inline constexpr const char* kOwnerFile = ".relapse-owner";

// This process's claim on a folder. Thread-safe as plain values are. A forked child holds it as well, for as long as it
// does not start another program.
class Ownership {
 public:
  // Exhausted: the file cannot be written, or somebody else has the folder.
  static Result<Ownership> take(const std::filesystem::path& folder);

  // The folder is nobody's scratch from now on: the file is removed.
  void giveUp();

 private:
  Ownership(std::filesystem::path file, Descriptor lock) : file_(std::move(file)), lock_(std::move(lock)) {}
  std::filesystem::path file_;
  Descriptor lock_;
};

// "PREFIXxxxxxx" with an Ownership: a new, empty folder of mode 0700. Exhausted: it cannot be made.
struct OwnFolder {
  std::filesystem::path path;
  Ownership owner;
};
Result<OwnFolder> makeOwnFolder(const std::filesystem::path& parent, std::string_view prefix);

// A folder for files of a moment; it is removed with all in it by the destructor.
class ScratchFolder {
 public:
  static Result<ScratchFolder> make(const std::filesystem::path& parent, std::string_view prefix);
  ~ScratchFolder();
  ScratchFolder(ScratchFolder&&) noexcept = default;
  ScratchFolder& operator=(ScratchFolder&&) = delete;

  // Empty at first, and may be renamed or removed.
  const std::filesystem::path& path() const { return files_; }

 private:
  explicit ScratchFolder(OwnFolder folder) : folder_(std::move(folder)), files_(folder_.path / "files") {}
  OwnFolder folder_;
  std::filesystem::path files_;
};

// A folder whose owner is dead. Nobody else takes it while this lives.
struct Abandoned {
  std::filesystem::path folder;
  Descriptor lock;
};

// Those directly below `parent` that this user's processes on this host left; sorted. Symbolic links are not followed.
std::vector<Abandoned> abandonedIn(const std::filesystem::path& parent);

// Removes them; how many there were.
std::size_t removeAbandoned(const std::filesystem::path& parent);

}  // namespace relapse::process
