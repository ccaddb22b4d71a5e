// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"

namespace relapse::kernel {

// One file of a source that is mirrored.
struct ListedFile {
  std::string path;     // relative to the source
  char kind = '-';      // '-' plain, 'x' executable, 'l' symbolic link
  std::string content;  // what tells two contents apart: a hash

  friend bool operator==(const ListedFile&, const ListedFile&) = default;
};
using Listing = std::vector<ListedFile>;  // sorted by path

// All that a listing says, as one hash; of those files only for which `counts` is true.
std::string fingerprint(const Listing& listing, const std::function<bool(std::string_view path)>& counts = {});

// The files of a user's tree, which is read only: with .git what git tracks or would add, else all;
// without build products. `index` (in the cache) remembers stat and hash of each, so that only what
// changed since is read; what changed just before `now` is not remembered yet, as it may still change without
// its stat showing it. BadInput when a file cannot be read.
Result<Listing> listTree(const std::filesystem::path& tree, const std::filesystem::path& index,
                         std::stop_token stop = {},
                         std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

// What a build leaves in a tree, by its path alone.
bool looksBuilt(std::string_view path);

}  // namespace relapse::kernel
