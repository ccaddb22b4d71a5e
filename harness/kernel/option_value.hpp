// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "kernel/fragments.hpp"

namespace relapse::kernel {

// Why a build may not be given this option; empty: it may. Values become text of Makefiles and shells on the host, and
// some name files of the host that get into the kernel. What a value can be: y, m, n, a number, or a text in quotes of
// letters, digits, blanks and "_.,:+=@%()-"; with "/" only where no one but the guest's kernel reads it. Pure.
std::string refusalOf(const AskedOption& option);

}  // namespace relapse::kernel
