// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/mirror.hpp"

#include <algorithm>

#include "kernel/disk.hpp"
#include "kernel/git.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;

struct Changes {
  std::vector<ListedFile> brought;  // new or different
  std::vector<ListedFile> gone;
};

// On disk "KIND HASH PATH<null>".
Listing readRecord(const fs::path& file) {
  Listing listing;
  for (const std::string& entry : splitAtNull(readFileIfThere(file))) {
    const std::size_t space = entry.find(' ', 2);
    if (space == std::string::npos) continue;
    listing.push_back({entry.substr(space + 1), entry.front(), entry.substr(2, space - 2)});
  }
  return listing;
}

void writeRecord(const fs::path& file, const Listing& listing) {
  std::string text;
  for (const ListedFile& entry : listing) {
    text += entry.kind;
    text += ' ' + entry.content + ' ' + entry.path;
    text += '\0';
  }
  writeFile(file, text);
}

Changes compare(const Listing& before, const Listing& now) {
  Changes changes;
  auto old = before.begin();
  for (const ListedFile& file : now) {
    for (; old != before.end() && old->path < file.path; ++old) changes.gone.push_back(*old);
    const bool known = old != before.end() && old->path == file.path;
    if (!known || !(*old == file)) changes.brought.push_back(file);
    if (known) ++old;
  }
  changes.gone.insert(changes.gone.end(), old, before.end());
  return changes;
}

// What is under way counts as unlike anything, until it is done.
Listing withDoubts(const Listing& before, const Changes& changes) {
  Listing doubtful;
  for (ListedFile file : changes.brought) {
    file.content = "?";
    doubtful.push_back(std::move(file));
  }
  Listing rest;
  std::ranges::set_difference(before, doubtful, std::back_inserter(rest), {}, &ListedFile::path, &ListedFile::path);
  Listing all;
  std::ranges::merge(rest, doubtful, std::back_inserter(all), {}, &ListedFile::path, &ListedFile::path);
  return all;
}

}  // namespace

Result<void> mirror(const Listing& listing, PatchedTree& tree, const Supplier& supply) {
  const fs::path record = tree.home() / "mirrored";
  const Listing before = readRecord(record);
  const Changes changes = compare(before, listing);
  if (changes.brought.empty() && changes.gone.empty()) return {};
  fs::create_directories(tree.source());
  writeRecord(record, withDoubts(before, changes));
  const ScratchFolder incoming(tree.home());
  if (auto supplied = supply(changes.brought, incoming.path()); !supplied) return supplied;
  for (const ListedFile& file : changes.gone) tree.removePristine(file.path);
  for (const ListedFile& file : changes.brought) tree.movePristine(file.path, incoming.path() / file.path);
  writeRecord(record, listing);
  return {};
}

}  // namespace relapse::kernel
