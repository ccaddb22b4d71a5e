// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "cli/command_tree.hpp"

namespace relapse::cli {

inline constexpr std::size_t kHelpWidth = 100;

// --help of a command, or with `all` --help-all: the rarer options too, and its commands with their options.
std::string helpText(const CommandView& command, bool all);

// Makes `app` and its commands print helpText().
void useHelpText(CLI::App& app);

}  // namespace relapse::cli
