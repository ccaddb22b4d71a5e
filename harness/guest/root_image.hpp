// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "failure/values.hpp"

namespace relapse::guest {

// A part of the guest's root: a cpio archive of Debian's arm64 packages and our own programs.
struct RootImage {
  std::filesystem::path file;
  std::string sha256Key;  // of what went in
};

struct RootRecipe {
  std::filesystem::path packages;      // text: one Debian package a line
  std::filesystem::path files;         // text: which of the packages' files go in, see below
  std::filesystem::path overlay = {};  // a folder that is put on top: /init, /relapse, /etc; empty: none
};

// Made once for a recipe and the packages' versions, then from `cache`/roots. Failures: HostLacks
// (packages cannot be had), BadInput (a file of the recipe is missing, or a line matches nothing).
// A line of `files` is a path or glob of the packages' files, or "/PATH -> /TARGET": a link of our own.
// With an overlay it is a whole root, with its folders, links and /dev/console; without one it is an addition
// to such a root: libraries that the root has already may be in it again.
Result<RootImage> makeRootImage(const RootRecipe& recipe, const std::filesystem::path& cache,
                                std::stop_token stop = {});

}  // namespace relapse::guest
