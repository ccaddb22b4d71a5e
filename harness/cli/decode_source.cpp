// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/decode_source.hpp"

#include <fmt/format.h>

#include <fstream>

#include "console/cursor.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;

// "6.1.192" of the Makefile's VERSION, PATCHLEVEL and SUBLEVEL; empty: it is no kernel's.
std::string versionOf(const fs::path& folder) {
  std::ifstream file(folder / "Makefile");
  std::map<std::string, std::string> values;
  std::string text;
  for (int i = 0; i < 20 && std::getline(file, text); ++i) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) continue;
    values[std::string(console::trimmed(text.substr(0, equals)))] = console::trimmed(text.substr(equals + 1));
  }
  if (values["VERSION"].empty() || values["PATCHLEVEL"].empty()) return {};
  const std::string& sublevel = values["SUBLEVEL"];
  return values["VERSION"] + '.' + values["PATCHLEVEL"] + (sublevel.empty() ? "" : "." + sublevel);
}

bool isOfVersion(std::string_view release, std::string_view version) {
  if (!release.starts_with(version)) return false;
  const std::string_view rest = release.substr(version.size());
  return rest.empty() || rest.front() < '0' || rest.front() > '9';
}

}  // namespace

Result<SourceTree> SourceTree::open(const fs::path& folder, const std::string& release) {
  const std::string version = versionOf(folder);
  if (version.empty())
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected a kernel tree, found no kernel's Makefile", folder.string()));
  if (!release.empty() && !isOfVersion(release, version))
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected the source of {}, found {}", folder.string(), release, version));
  return SourceTree(folder);
}

std::string SourceTree::line(const stacktrace::SourcePlace& place) {
  const fs::path path = fs::path(place.file).lexically_normal();
  if (place.line == 0 || path.empty() || path.is_absolute() || *path.begin() == "..") return {};
  const auto [at, fresh] = files_.try_emplace(place.file);
  if (fresh) {
    std::ifstream file(folder_ / path);
    for (std::string text; std::getline(file, text);) at->second.emplace_back(console::trimmed(text));
  }
  return place.line <= at->second.size() ? at->second[place.line - 1] : std::string();
}

}  // namespace relapse::cli
