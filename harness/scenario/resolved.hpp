// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"

namespace relapse::scenario {

// A scenario's file as it was run, as a text that stands alone: `overrides` (KEY=VALUE) are put onto it, those of
// its matrix's cell first; without `matrix`, `repeat` and the series. It loads from any folder. BadInput: the file
// cannot be read, or an override cannot be put onto it. Reads the disk, keeps no state.
Result<std::string> resolvedText(const std::filesystem::path& file, const std::vector<std::string>& overrides);

// `text` with further overrides put on. BadInput as above. Pure.
Result<std::string> overriddenText(const std::string& text, const std::vector<std::string>& overrides);

}  // namespace relapse::scenario
