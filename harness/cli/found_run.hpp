// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"

namespace relapse::cli {

// A path as given, or by its name what lies in one of `kinds`' folders ("runs", "nights") of the state folder; there,
// `latest` is the last run. BadInput says what was `expected`.
Result<std::filesystem::path> findKept(const std::string& word, const std::filesystem::path& state,
                                       const std::vector<std::string>& kinds, const std::string& expected);

}  // namespace relapse::cli
