// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/source.hpp"

#include <fmt/format.h>

#include <sstream>

#include "kernel/disk.hpp"

namespace relapse::kernel {

namespace {

// "VERSION = 6" -> "6"; empty when the Makefile has no such line.
std::string valueOf(const std::string& makefile, const std::string& name) {
  std::istringstream lines(makefile);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, sign, value;
    if (words >> word >> sign >> value && word == name && sign == "=") return value;
  }
  return {};
}

struct Locate {
  const Work& work;
  Result<LocatedSource> operator()(const UrlSource& source) const { return locateUrl(source, work); }
  Result<LocatedSource> operator()(const PackageSource& source) const { return locatePackage(source, work); }
  Result<LocatedSource> operator()(const ArchiveSource& source) const { return locateArchive(source, work); }
  Result<LocatedSource> operator()(const TreeSource& source) const { return locateTree(source, work); }
  Result<LocatedSource> operator()(const GitSource& source) const { return locateGit(source, work); }
};

}  // namespace

Result<LocatedSource> locate(const SourceReference& reference, const Work& work) {
  return std::visit(Locate{work}, reference);
}

Result<std::string> lineOf(const std::filesystem::path& makefile) {
  const std::string text = readGiven(makefile, kMostListBytes).value_or(std::string());
  const std::string version = valueOf(text, "VERSION");
  const std::string patchlevel = valueOf(text, "PATCHLEVEL");
  if (!version.empty() && !patchlevel.empty()) return version + "." + patchlevel;
  return fail(FailureKind::BadInput,
              fmt::format("{} is no kernel source: expected VERSION and PATCHLEVEL in its Makefile, found {}",
                          makefile.parent_path().string(), text.empty() ? "no Makefile" : "none"));
}

}  // namespace relapse::kernel
