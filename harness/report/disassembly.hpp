// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "postmortem/values.hpp"

namespace relapse::report {

// The instructions with their source lines, a line "fs/nfs/write.c:1987 __nfs_commit_inode" where it changes, "=>" at
// the pc, and below where the first argument is. ASCII; ends in a line end.
std::string disassemblyText(const postmortem::Disassembly& code);

// "argument 0 in x20 = 0xffffff80010845c0", "argument 0 unknown: why"
std::string firstArgumentText(const postmortem::Disassembly& code);

}  // namespace relapse::report
