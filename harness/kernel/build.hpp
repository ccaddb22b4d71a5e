// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "kernel/fragments.hpp"
#include "kernel/kernel.hpp"

namespace relapse::kernel {

// What turns the way a kernel is built into another kernel: raised with make's arguments below.
inline constexpr int kRecipeVersion = 1;

// First lines of the cross compiler's and linker's --version. HostLacks when there is none.
Result<std::string> toolchain(const std::stop_token& stop);

struct BuildPlace {
  std::filesystem::path source;
  std::filesystem::path output;  // make's O=
  std::filesystem::path ccache;
  std::filesystem::path history;  // remembers how many objects a whole build has
};

// Removes all that was built there if any of it is of a time that has yet to come: the clock was set back since, and
// make would take an object for newer than the patch that was put on after it. Whether there was any. Throws
// filesystem_error: a folder that cannot be read may hold such an object.
bool forgetObjectsOfTheFuture(const BuildPlace& place);

// allnoconfig with the options, unless the same was done there before; `kconfig` is what else the outcome
// depends on. BadInput names each option that did not survive.
Result<void> configure(const std::vector<AskedOption>& asked, const std::string& kconfig, const BuildPlace& place,
                       const BuildOptions& options);

// Image, vmlinux and, where the configuration has any, the modules; all that make and the compiler print is in
// OUTPUT/relapse-build.log. BuildFailed: the first error and the log's place; Exhausted: the deadline or the disk.
Result<void> compile(const std::string& line, const BuildPlace& place, const BuildOptions& options);

std::filesystem::path imageOf(const BuildPlace& place);
std::filesystem::path vmlinuxOf(const BuildPlace& place);
std::filesystem::path dotConfigOf(const BuildPlace& place);
std::filesystem::path logOf(const BuildPlace& place);

}  // namespace relapse::kernel
