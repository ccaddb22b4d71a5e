// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "failure/values.hpp"

namespace relapse::kernel {

struct UnpackOptions {
  std::function<void(long entries)> onEntries = {};  // every thousand
  std::stop_token stop = {};
};

// Unpacks a tarball (any compression libarchive knows) below `folder`, which exists. A path that
// leads out of it, by "..", "/" or a link, is BadInput; so is what is no archive.
Result<void> unpackArchive(const std::filesystem::path& archive, const std::filesystem::path& folder,
                           const UnpackOptions& options = {});

}  // namespace relapse::kernel
