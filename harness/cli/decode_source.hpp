// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "stacktrace/values.hpp"

namespace relapse::cli {

// The lines of a kernel's source tree; a file is read when first asked for. Not thread-safe.
class SourceTree {
 public:
  // BadInput: no kernel tree, or (unless `release` is empty) one of another release.
  static Result<SourceTree> open(const std::filesystem::path& folder, const std::string& release);

  // Without the blanks at both ends; empty: the tree has no such line.
  std::string line(const stacktrace::SourcePlace& place);

 private:
  explicit SourceTree(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
  std::map<std::string, std::vector<std::string>> files_;
};

}  // namespace relapse::cli
