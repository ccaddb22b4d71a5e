// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "cli/command_tree.hpp"

namespace relapse::cli {

// "relapse-run": the name of its page.
std::string pageName(const CommandView& command);

// The man page of `command`, in troff's man macros. `root` is relapse itself, whose options every command has.
// The commands of a command other than relapse are sections of its page. `version` and `day` go to the foot.
std::string manualPage(const CommandView& command, const CommandView& root, const std::string& version,
                       const std::string& day);

}  // namespace relapse::cli
