// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "failure/values.hpp"

namespace relapse::kernel {

struct Commit {
  std::string id;  // 40 hex digits
  std::string subject;
  std::string author;                // "Name <mail>"
  std::vector<std::size_t> parents;  // positions in the range; those outside of it are left out
  std::size_t files = 0;             // that it touches, against its first parent
  bool headers = false;  // one of them is a header, a Makefile or a Kconfig file: many objects are built anew
};

struct GitRange {
  std::filesystem::path repository;  // its .git folder
  std::string good;                  // 40 hex digits
  std::string bad;
  std::vector<Commit> commits;  // reachable from bad and not from good; parents before their children; bad is the last
};

// The commits between two refs of a tree, which is only read. `firstParent`: what was merged is part of its merge.
// BadInput: no repository, no such ref, good is no ancestor of bad (says whether it is the other way round), nothing
// between, a shallow clone that ends between them. Exhausted: their log is longer than 256 MiB.
Result<GitRange> listRange(const std::filesystem::path& tree, const std::string& good, const std::string& bad,
                           bool firstParent, std::stop_token stop = {});

// What a commit changes against its first parent, as a patch that `git apply` takes, renames as a removal and a new
// file; empty when it changes nothing. `reversed`: what takes it away. BadInput: no repository, no such commit.
Result<std::string> patchOfCommit(const std::filesystem::path& repository, const std::string& id, bool reversed,
                                  std::stop_token stop = {});

}  // namespace relapse::kernel
