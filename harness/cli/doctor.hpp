// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/leftovers.hpp"
#include "run/values.hpp"

namespace relapse::cli {

// What this host must have, and the Debian package that brings it.
struct Requirement {
  std::string_view what;     // a program's name or a file's path
  std::string_view package;  // what to install when it is missing
  std::string_view why;
};
const std::vector<Requirement>& requirements();

struct Finding {
  bool good = false;
  std::string what;
  std::string detail;  // where it is, or why it is missing
  std::string mend;    // the command that mends it; empty when there is nothing to mend
};

// Looks at the host, the way `relapse run` will need it.
std::vector<Finding> examine(const run::Places& places);

// What killed relapses left, which is nothing that the host lacks.
std::vector<Finding> describe(const std::vector<Leftover>& leftovers);

// The findings as text; at its end the one command that installs what is missing.
std::string doctorText(const std::vector<Finding>& findings, bool colour);

}  // namespace relapse::cli
