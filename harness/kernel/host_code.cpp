// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/host_code.hpp"

#include <algorithm>
#include <array>

#include "kernel/diff.hpp"

namespace relapse::kernel {

namespace {

constexpr std::array<std::string_view, 3> kFolders{"scripts/", "tools/", "usr/"};
constexpr std::array<std::string_view, 4> kNames{"Makefile", "Kconfig", "Kbuild", "Platform"};
constexpr std::array<std::string_view, 9> kEndings{".sh", ".pl", ".py", ".awk", ".sed", ".mk", ".bc", ".lds", ".tbl"};

}  // namespace

bool runsAtBuild(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const auto inFolder = [&](std::string_view folder) { return path.starts_with(folder); };
  const auto named = [&](std::string_view start) { return name.starts_with(start); };
  const auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
  if (std::ranges::any_of(kFolders, inFolder) || std::ranges::any_of(kNames, named)) return true;
  if (std::ranges::any_of(kEndings, ends) || path.find("/tools/") != std::string_view::npos) return true;
  // A program without an ending; at the top there are only texts such as MAINTAINERS.
  return name.find('.') == std::string_view::npos && name.size() < path.size() && !path.starts_with("Documentation/");
}

std::vector<std::string> hostCodeIn(const std::vector<Patch>& patches) {
  std::vector<std::string> files;
  for (const Patch& patch : patches)
    for (const std::string& file : outlineOf(patch.content).files)
      if (runsAtBuild(file) && std::ranges::find(files, file) == files.end()) files.push_back(file);
  return files;
}

}  // namespace relapse::kernel
