// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "cli/command_tree.hpp"

namespace relapse::cli {

// Scripts that complete commands, options, and values: an option's choices, files or folders, and what
// `relapse words` offers for scenarios, runs, kernels and events.
std::string bashCompletion(const CommandView& root);
std::string zshCompletion(const CommandView& root);
std::string fishCompletion(const CommandView& root);

}  // namespace relapse::cli
