// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <variant>

#include "failure/values.hpp"

namespace relapse::kernel {

// Where the source of a kernel comes from.
struct UrlSource {
  std::string url;
  std::string sha256;
};
struct PackageSource {  // a Debian package that holds usr/src/NAME.tar.*
  std::string package;
};
struct ArchiveSource {
  std::filesystem::path file;
};
struct TreeSource {
  std::filesystem::path folder;
};
struct GitSource {
  std::filesystem::path repository;
  std::string ref;
};
using SourceReference = std::variant<UrlSource, PackageSource, ArchiveSource, TreeSource, GitSource>;

using SourceList = std::map<std::string, SourceReference>;

// sources.yaml: "NAME: {url, sha256}" or "NAME: {package}". BadInput with every error.
Result<SourceList> loadSources(const std::filesystem::path& file);

// What a word on the command line or in a scenario means: a name of the list, an existing folder or
// file, or git:DIR#REF. Else BadInput with what there is.
Result<SourceReference> resolve(const std::string& word, const SourceList& list);

}  // namespace relapse::kernel
