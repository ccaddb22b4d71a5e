// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stop_token>
#include <vector>

#include "failure/values.hpp"
#include "kernel/patch.hpp"
#include "kernel/patched_tree.hpp"
#include "kernel/values.hpp"

namespace relapse::kernel {

// Makes `tree` its pristine source with these patches on, one after the other, whatever was on it
// before. Files whose content does not change keep their mtimes. The patched contents are computed
// aside first: a patch that does not apply leaves the tree as it was.
// BadInput: names patch, file and hunk.
Result<std::vector<PatchUse>> putOn(const std::vector<Patch>& patches, PatchedTree& tree, std::stop_token stop = {});

}  // namespace relapse::kernel
