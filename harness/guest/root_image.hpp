// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "failure/values.hpp"

namespace relapse::guest {

// The guest's root: an initramfs (cpio) of Debian's arm64 packages and our own programs.
struct RootImage {
  std::filesystem::path file;
  std::string sha256Key;  // of what went in
};

struct RootRecipe {
  std::filesystem::path packages;  // text: one Debian package a line
  std::filesystem::path files;     // text: one path or glob a line, which of the packages' files go in
  std::filesystem::path overlay;   // a folder that is put on top: /init, /relapse, /etc
};

// Made once for a recipe and the packages' versions, then from `cache`/roots. Failures: HostLacks
// (packages cannot be had), BadInput (a file of the recipe is missing, or a line matches nothing).
Result<RootImage> makeRootImage(const RootRecipe& recipe, const std::filesystem::path& cache,
                                std::stop_token stop = {});

}  // namespace relapse::guest
