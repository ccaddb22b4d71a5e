// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace relapse::kernel {

// Whether a kernel with this .config has anything as a module.
bool hasModules(std::string_view dotConfig);

// The modules (.ko, with their debug information) of a build, as the modules.order in its output folder lists
// them: in the order of their file names, of which the kernel has no two alike.
std::vector<std::filesystem::path> builtModules(const std::filesystem::path& output);

// The *.ko of a folder, in the order of their names. Throws std::filesystem::filesystem_error.
std::vector<std::filesystem::path> modulesIn(const std::filesystem::path& folder);

// One sum of their file names and contents; empty for none. Throws std::filesystem::filesystem_error.
std::string sumOfModules(const std::vector<std::filesystem::path>& modules);

}  // namespace relapse::kernel
