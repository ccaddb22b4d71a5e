// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "kernel/disk.hpp"
#include "kernel/git.hpp"
#include "kernel/hash.hpp"
#include "kernel/listing.hpp"
#include "kernel/mirror.hpp"
#include "kernel/source.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kRoomForSource = 2ull << 30;
constexpr std::size_t kPathsAtOnce = 500;  // of a command line

bool isKconfig(std::string_view path) {
  return path.substr(path.rfind('/') + 1).starts_with("Kconfig");
}

// A supplier that first makes sure of the disk, and says what it does.
Supplier told(Supplier supply, std::string text, const Work& work) {
  return [=](const std::vector<ListedFile>& files, const fs::path& folder) -> Result<void> {
    work.tell(Stage::Fetch, text, 0, static_cast<long>(files.size()));
    const std::uint64_t room = std::min<std::uint64_t>(kRoomForSource, files.size() << 16);
    if (auto enough = requireSpace(folder, room, "copying a kernel source"); !enough) return enough;
    return supply(files, folder);
  };
}

LocatedSource mirrored(const std::string& id, const std::string& place, Listing listing, Supplier supply) {
  LocatedSource source{id, place, {}, fingerprint(listing, isKconfig), {}};
  source.provide = [listing = std::move(listing), supply = std::move(supply)](PatchedTree& tree) {
    return mirror(listing, tree, supply);
  };
  return source;
}

Result<void> copyFiles(const std::vector<ListedFile>& files, const fs::path& tree, const fs::path& folder,
                       const Work& work) {
  for (const ListedFile& file : files) {
    if (work.stop.stop_requested()) return fail(FailureKind::Cancelled, "cancelled");
    if (!isThere(tree / file.path))
      return fail(FailureKind::BadInput, fmt::format("{} went away while it was read", (tree / file.path).string()));
    copyOver(tree / file.path, folder / file.path);
  }
  return {};
}

Result<std::string> askGit(std::vector<std::string> words, const fs::path& repository, const Work& work) {
  const std::string verb = words.front();
  auto output = runGit(std::move(words), {.directory = repository, .stop = work.stop});
  if (!output) return passOn(output.error());
  if (output->succeeded()) return std::move(output->standardOutput);
  const std::string said = output->standardError.substr(0, output->standardError.find('\n'));
  return fail(FailureKind::BadInput, fmt::format("git {} in {}: {}", verb, repository.string(), said));
}

std::string withoutLineEnd(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// "100755 blob ID<tab>PATH"
Listing listingOf(const std::string& lsTree) {
  Listing listing;
  for (const std::string& entry : splitAtNull(lsTree)) {
    const std::size_t tab = entry.find('\t');
    if (tab == std::string::npos || entry.find(" blob ") != 6) continue;
    const char kind = entry.starts_with("120") ? 'l' : entry.starts_with("100755") ? 'x' : '-';
    listing.push_back({entry.substr(tab + 1), kind, entry.substr(12, tab - 12)});
  }
  std::ranges::sort(listing, {}, &ListedFile::path);
  return listing;
}

// Writes files of a commit below `folder`, by an index of its own: the repository is only read.
Result<void> checkOut(const std::vector<ListedFile>& files, const fs::path& gitFolder, const std::string& commit,
                      const fs::path& folder, const Work& work) {
  const ScratchFolder scratch(folder.parent_path());
  const GitOptions options{.directory = folder, .index = scratch.path() / "index", .stop = work.stop};
  const std::vector<std::string> where{"--git-dir=" + gitFolder.string(), "--work-tree=" + folder.string()};
  const auto git = [&](std::vector<std::string> words) -> Result<void> {
    words.insert(words.begin(), where.begin(), where.end());
    const auto output = runGit(std::move(words), options);
    if (!output) return passOn(output.error());
    if (output->succeeded()) return {};
    const bool full = output->standardError.find("No space left") != std::string::npos;
    return fail(full ? FailureKind::Exhausted : FailureKind::BadInput, "git: " + output->standardError.substr(0, 300));
  };
  if (auto read = git({"read-tree", commit}); !read) return read;
  for (std::size_t first = 0; first < files.size(); first += kPathsAtOnce) {
    std::vector<std::string> words{"checkout-index", "-f", "-q", "--"};
    for (std::size_t i = first; i < std::min(files.size(), first + kPathsAtOnce); ++i) words.push_back(files[i].path);
    if (auto written = git(std::move(words)); !written) return written;
  }
  return {};
}

std::string lineOfText(const std::string& makefile, const Work& work) {
  const ScratchFolder scratch(work.cache);
  writeFile(scratch.path() / "Makefile", makefile);
  return lineOf(scratch.path() / "Makefile").value_or("");
}

}  // namespace

Result<LocatedSource> locateTree(const TreeSource& source, const Work& work) {
  auto line = lineOf(source.folder / "Makefile");
  if (!line) return passOn(line.error());
  const std::string copy = "tree-" + sha256(source.folder.string()).substr(0, 16);
  work.tell(Stage::Fetch, "looking at " + source.folder.string());
  const fs::path index = work.cache / "sources/listings" / copy;
  auto listing = listTree(source.folder, index, work.stop);
  if (!listing) return passOn(listing.error());
  const std::string id = "tree-" + fingerprint(*listing);
  const auto supply = [=, name = id](const std::vector<ListedFile>& files, const fs::path& folder) -> Result<void> {
    if (auto copied = copyFiles(files, source.folder, folder, work); !copied) return copied;
    const auto now = listTree(source.folder, index, work.stop);
    if (!now) return passOn(now.error());
    if ("tree-" + fingerprint(*now) == name) return {};
    return fail(FailureKind::BadInput, source.folder.string() + " changed while it was read; run again");
  };
  auto located = mirrored(id, copy, std::move(*listing), told(supply, "copying " + source.folder.string(), work));
  located.line = *line;
  return located;
}

Result<LocatedSource> locateGit(const GitSource& source, const Work& work) {
  auto commit =
      askGit({"rev-parse", "--verify", "-q", "--end-of-options", source.ref + "^{commit}"}, source.repository, work);
  if (!commit)
    return fail(commit.error().kind,
                fmt::format("git:{}#{}: expected a commit there, found none", source.repository.string(), source.ref));
  auto gitFolder = askGit({"rev-parse", "--absolute-git-dir"}, source.repository, work);
  if (!gitFolder) return passOn(gitFolder.error());
  const std::string id = withoutLineEnd(*commit);
  const fs::path repository = withoutLineEnd(*gitFolder);
  auto files = askGit({"ls-tree", "-r", "-z", "--full-tree", id}, source.repository, work);
  if (!files) return passOn(files.error());
  const auto supply = [repository, id, work](const std::vector<ListedFile>& wanted, const fs::path& folder) {
    return checkOut(wanted, repository, id, folder, work);
  };
  auto makefile = askGit({"show", id + ":Makefile"}, source.repository, work);
  const std::string line = makefile ? lineOfText(*makefile, work) : "";
  if (line.empty())
    return fail(FailureKind::BadInput,
                fmt::format("git:{}#{} is no kernel source", source.repository.string(), source.ref));
  auto located = mirrored("git-" + id, "git-" + sha256(repository.string()).substr(0, 16), listingOf(*files),
                          told(supply, "checking out " + id.substr(0, 12), work));
  located.line = line;
  return located;
}

}  // namespace relapse::kernel
