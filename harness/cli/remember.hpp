// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "history/values.hpp"

namespace relapse::cli {

// Puts the run into the history of `state`. One that cannot be written is a warning on standard error: the run and its
// verdict stand without it.
void remember(const history::Run& run, const std::filesystem::path& state);

}  // namespace relapse::cli
