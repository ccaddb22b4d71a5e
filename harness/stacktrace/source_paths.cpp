// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/source_paths.hpp"

#include <filesystem>

namespace relapse::stacktrace {
namespace {

std::string normal(std::string_view file) {
  return std::filesystem::path(file).lexically_normal().string();
}

}  // namespace

SourcePaths::SourcePaths(std::string_view mainFile) {
  constexpr std::string_view kMain = "init/main.c";
  const std::string file = normal(mainFile);
  if (file.ends_with(kMain)) root_ = file.substr(0, file.size() - kMain.size());
}

const std::string& SourcePaths::shown(const std::string& file) {
  const auto [at, fresh] = shown_.try_emplace(file);
  if (!fresh || file.empty()) return at->second;
  std::string path = normal(file);
  if (!root_.empty() && path.starts_with(root_)) path.erase(0, root_.size());
  return at->second = path;
}

}  // namespace relapse::stacktrace
