// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stacktrace/object_file.hpp"

namespace relapse::stacktrace {

// Where the files of modules and their debug information lie: a folder and all below it (links to folders are not
// followed), read once.
class ModuleFolder {
 public:
  ModuleFolder() = default;  // none
  explicit ModuleFolder(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }
  bool given() const { return !path_.empty(); }

  std::vector<std::string> names() const;  // of its modules, with '_' for '-'

  // NAME.ko, NAME.ko.debug, NAME.ko.xz, ...; '-' and '_' are the same in a name. Those of .debug first.
  std::vector<std::filesystem::path> filesOf(std::string_view module) const;

  // By build-id or .gnu_debuglink, in this folder, beside the file that asks, and in /usr/lib/debug; only one whose
  // build-id or sum is the wanted one. Empty: none.
  std::filesystem::path debugFile(const DebugFileWanted& wanted) const;

 private:
  std::filesystem::path path_;
  std::multimap<std::string, std::filesystem::path> modules_;  // by name
  std::multimap<std::string, std::filesystem::path> files_;    // by file name
};

// "nfs" for "nfs.ko.xz", "nf_nat" for "nf-nat.ko.debug"; empty for another file.
std::string moduleNameOf(std::string_view fileName);

}  // namespace relapse::stacktrace
