// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "failure/values.hpp"
#include "kernel/listing.hpp"
#include "kernel/patched_tree.hpp"

namespace relapse::kernel {

// Brings the content of these files into `folder`, each below its path.
using Supplier = std::function<Result<void>(const std::vector<ListedFile>& files, const std::filesystem::path& folder)>;

// Makes the pristine source of `tree` what the listing says, touching only what differs from the
// last time; HOME/mirrored remembers it. A mirroring that is cut is completed by the next.
Result<void> mirror(const Listing& listing, PatchedTree& tree, const Supplier& supply);

}  // namespace relapse::kernel
