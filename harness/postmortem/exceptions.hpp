// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace relapse::postmortem {

// Where an exception in the kernel enters. The frame record that is made there holds the very address that was
// interrupted, and stands behind all its registers.
bool isExceptionEntry(const std::string& function);

// An exception was taken, and nothing of its entry has run: where it came from is in a register that is not shown.
bool isVector(const std::string& function);

}  // namespace relapse::postmortem
