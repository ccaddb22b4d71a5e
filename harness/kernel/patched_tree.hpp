// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace relapse::kernel {

// A copy of a kernel source on which patched files can be put and taken off again, so that all
// other files keep their mtimes. HOME/src is what make sees. HOME/originals holds, for each file
// that is patched now, its pristine version (files/PATH) or the note that there is none
// (created/PATH); it is written before src is touched, so a crash loses nothing.
// Paths are relative to the source. The caller holds the lock. Throws filesystem_error.
class PatchedTree {
 public:
  explicit PatchedTree(std::filesystem::path home);

  const std::filesystem::path& home() const { return home_; }
  std::filesystem::path source() const { return home_ / "src"; }

  // Where the pristine version is; nothing is there when the source has no such file.
  std::filesystem::path pristine(const std::string& path) const;
  std::vector<std::string> patched() const;  // sorted

  // The file becomes a copy of `content`, or goes when nothing is there. Not written when it is so already.
  void put(const std::string& path, const std::filesystem::path& content);
  void restore(const std::string& path);  // a patched file becomes pristine again, with a fresh mtime

  // The source itself changes: the pristine version becomes `content`, which is moved away, or goes.
  // A patched file's present version stays.
  void movePristine(const std::string& path, const std::filesystem::path& content);
  void removePristine(const std::string& path);

 private:
  std::filesystem::path saved(const std::string& path) const { return home_ / "originals/files" / path; }
  std::filesystem::path created(const std::string& path) const { return home_ / "originals/created" / path; }
  bool isPatched(const std::string& path) const;

  std::filesystem::path home_;
};

}  // namespace relapse::kernel
