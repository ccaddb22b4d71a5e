// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "failure/values.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// Whether the kernel that `node` is to boot was built with what the scenario wants of it: its faults, its filesystem,
// its network, its probes. BadInput names each thing that is missing and the fragment of kernel-configs/ that has it.
// `config` is the kernel's .config; empty (a ready Image): nothing can be said, the guest is asked later.
Result<void> checkKernelOptions(const scenario::Scenario& scenario, const std::string& node,
                                const std::filesystem::path& config);

}  // namespace relapse::run
