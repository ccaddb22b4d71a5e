// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel/patch.hpp"

namespace relapse::kernel {

// Whether a file of a kernel's source is known to run on the host when it is built: Makefiles, Kconfig and Kbuild
// files, scripts, and the programs of scripts/, tools/ and usr/. Others can take part: a header may be a host
// program's, too.
bool runsAtBuild(std::string_view path);

// Those that the patches touch, each once, in their order. What a patch does not say plainly is not found.
std::vector<std::string> hostCodeIn(const std::vector<Patch>& patches);

}  // namespace relapse::kernel
