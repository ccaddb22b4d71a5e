// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/source_list.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "document/errors.hpp"
#include "document/load.hpp"
#include "document/schema.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
constexpr std::string_view kGitPrefix = "git:";

bool isSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Nobody on the way can read or cut it, or it does not leave this host.
bool isSafeUrl(std::string_view text) {
  for (const std::string_view start : {"https://", "file:///", "http://127.0.0.1/", "http://127.0.0.1:"})
    if (text.starts_with(start)) return true;
  return false;
}

const document::Table& sourceTable() {
  static const document::Table table{
      .name = "a kernel source",
      .keys = document::Keys::Any,
      .rows = {{"url", document::Text{"an https:// or file:/// URL", &isSafeUrl}, document::Optional{}, "Where the tarball is."},
               {"sha256", document::Text{"64 hex digits", &isSha256}, document::Optional{}, "Its SHA-256."},
               {"package", document::Text{"a Debian package"}, document::Optional{},
                "A Debian package that holds the tarball under usr/src."}}};
  return table;
}

std::optional<SourceReference> readSource(const document::Entry& entry, document::Errors& errors) {
  const auto settings = document::read(sourceTable(), entry.value, errors, entry.key);
  const bool url = settings.has("url") && settings.has("sha256");
  if (url && !settings.has("package"))
    return UrlSource{settings.get<std::string>("url"), settings.get<std::string>("sha256")};
  if (settings.has("package") && !settings.has("url")) return PackageSource{settings.get<std::string>("package")};
  errors.add(entry.place, entry.key, "expected {url, sha256} or {package}, found " + document::describe(entry.value));
  return std::nullopt;
}

Result<SourceReference> resolveGit(const std::string& word) {
  const std::string rest = word.substr(kGitPrefix.size());
  const std::size_t mark = rest.rfind('#');
  if (mark == std::string::npos || mark == 0 || mark + 1 == rest.size())
    return fail(FailureKind::BadInput, fmt::format("kernel source: expected git:DIR#REF, found \"{}\"", word));
  const fs::path repository = rest.substr(0, mark);
  if (!fs::is_directory(repository))
    return fail(FailureKind::BadInput,
                fmt::format("kernel source \"{}\": there is no folder {}", word, repository.string()));
  return GitSource{fs::canonical(repository), rest.substr(mark + 1)};
}

std::string unknown(const std::string& word, const SourceList& list) {
  std::vector<std::string_view> names;
  for (const auto& [name, source] : list) names.push_back(name);
  return fmt::format("kernel source: expected a name ({}), a kernel tree, a tarball or git:DIR#REF, found \"{}\"{}",
                     fmt::join(names, ", "), word, document::didYouMean(word, names));
}

}  // namespace

Result<SourceList> loadSources(const fs::path& file) {
  document::Errors errors;
  const auto root = document::load(file, errors);
  SourceList list;
  if (root && root->map() != nullptr) {
    for (const document::Entry& entry : *root->map())
      if (auto source = readSource(entry, errors)) list.emplace(entry.key, std::move(*source));
  } else if (errors.empty()) {
    errors.add(document::Place{file.string()}, "", "expected a map of kernel sources");
  }
  if (!errors.empty()) return errors.failure();
  return list;
}

Result<SourceReference> resolve(const std::string& word, const SourceList& list) {
  if (const auto named = list.find(word); named != list.end()) return named->second;
  if (word.starts_with(kGitPrefix)) return resolveGit(word);
  if (fs::is_directory(word)) return TreeSource{fs::canonical(word)};
  if (fs::is_regular_file(word)) return ArchiveSource{fs::canonical(word)};
  return fail(FailureKind::BadInput, unknown(word, list));
}

}  // namespace relapse::kernel
