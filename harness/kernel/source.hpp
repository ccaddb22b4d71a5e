// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "failure/values.hpp"
#include "kernel/patched_tree.hpp"
#include "kernel/source_list.hpp"
#include "kernel/values.hpp"

namespace relapse::kernel {

// What work on a source needs to know.
struct Work {
  std::filesystem::path cache;
  std::function<void(const Progress&)> onProgress = {};
  std::stop_token stop = {};

  void tell(Stage stage, std::string text, long done = 0, long total = 0) const {
    if (onProgress) onProgress({stage, done, total, std::move(text)});
  }
};

// A source that can be had.
struct LocatedSource {
  std::string id;       // of its content: no two contents have the same
  std::string copy;     // its working copy is CACHE/trees/COPY
  std::string line;     // empty: known when it has been provided
  std::string kconfig;  // changes when its Kconfig files do
  // Makes the tree's pristine source this one. The caller holds the copy's lock.
  std::function<Result<void>(PatchedTree&)> provide;
};

// Downloads what has to be; a tree is listed. HostLacks: it cannot be had, and another source may
// do; BadInput: it is no kernel.
Result<LocatedSource> locate(const SourceReference& reference, const Work& work);

// VERSION.PATCHLEVEL of a kernel's Makefile; BadInput when it has none.
Result<std::string> lineOf(const std::filesystem::path& makefile);

// A listing of a commit's files and how to get them (git_source.cpp), of a tree (tree_source.cpp),
// and of archives (archive_source.cpp).
Result<LocatedSource> locateGit(const GitSource& git, const Work& work);
Result<LocatedSource> locateTree(const TreeSource& tree, const Work& work);
Result<LocatedSource> locateUrl(const UrlSource& url, const Work& work);
Result<LocatedSource> locatePackage(const PackageSource& package, const Work& work);
Result<LocatedSource> locateArchive(const ArchiveSource& archive, const Work& work);

}  // namespace relapse::kernel
