// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "failure/values.hpp"

namespace relapse::guest {

// A kernel's modules, for the guest: an archive that is put behind the root image (GuestSpec::modules) and holds
// /usr/lib/modules/RELEASE/NAME.ko without debug information, which would take the guest's memory.
struct ModuleRecipe {
  std::filesystem::path folder;  // of *.ko
  std::string release;           // as the kernel calls itself, where modprobe looks for them
  std::string sha256;            // of what is in the folder: KernelImage::modulesSha256
};

// Made once for the same modules, then from `cache`/roots. Failures: HostLacks (the cross compiler's strip is
// missing), BadInput (a module that strip does not take), Exhausted, Cancelled.
Result<std::filesystem::path> makeModuleImage(const ModuleRecipe& recipe, const std::filesystem::path& cache,
                                              std::stop_token stop = {});

}  // namespace relapse::guest
