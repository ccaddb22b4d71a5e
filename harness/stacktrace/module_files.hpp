// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "failure/values.hpp"
#include "stacktrace/decoded_file.hpp"
#include "stacktrace/module_folder.hpp"

namespace relapse::stacktrace {

// The modules of one kernel, opened when first asked for. Not thread-safe.
class ModuleFiles {
 public:
  // `folder` empty: there are none. `release` empty: not known, any will do.
  ModuleFiles(const std::filesystem::path& folder, std::string release, SourcePaths paths);

  // BadInput: no file of that name, none of that build-id (empty: not known) or release, none with debug information.
  Result<DecodedFile*> find(const std::string& name, const std::string& buildId);

 private:
  Result<std::unique_ptr<DecodedFile>> open(const std::string& name, const std::string& buildId);
  Result<void> check(DecodedFile& module, const std::string& buildId);

  std::filesystem::path path_;
  std::string release_;
  SourcePaths paths_;
  std::unique_ptr<ModuleFolder> folder_;  // read when first asked for
  std::map<std::pair<std::string, std::string>, Result<std::unique_ptr<DecodedFile>>> opened_;
};

// "1234abcd..." of "nfs_wb_page+0x70/0x1b4 [nfs 1234abcd...]"; empty: it has none.
std::string moduleBuildId(std::string_view frame);

}  // namespace relapse::stacktrace
