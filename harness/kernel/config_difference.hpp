// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"

namespace relapse::kernel {

// An option that two fragments do not ask for alike. An empty value: it is not asked for there.
struct DifferentOption {
  std::string name;  // "CONFIG_PREEMPT"
  std::string good;
  std::string bad;
};

// What differs between two fragments (or whole .config files), in the order of their names.
// BadInput: a file cannot be read or is no fragment; there is no difference.
Result<std::vector<DifferentOption>> configDifference(const std::filesystem::path& good,
                                                      const std::filesystem::path& bad);

// The good fragment's text, with `changed` of the differences as the bad one has them.
Result<std::string> mixedFragment(const std::filesystem::path& good, const std::vector<DifferentOption>& changed);

}  // namespace relapse::kernel
