// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "process/descriptor.hpp"
#include "run/values.hpp"

namespace relapse::cli {

// What a killed relapse of this user's on this host left, and nobody uses: guests whose supervisor was killed as well,
// runs that were broken off, scratch folders, half files.
struct Leftover {
  std::string what;  // "guests", "a run", "scratch files", "half a file"
  std::filesystem::path path;
  process::Descriptor lock = {};  // nobody else cleans it up while this lives
};

std::vector<Leftover> leftovers(const run::Places& places);

// Ends its guests, if it has any, and removes it. HostLacks: no permission.
Result<void> cleanUp(const Leftover& leftover);

}  // namespace relapse::cli
