// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "process/process.hpp"

namespace relapse::kernel {

struct GitOptions {
  std::filesystem::path directory = {};
  std::filesystem::path ceiling = {};  // no repository above is looked for; empty: above as well
  std::filesystem::path index = {};    // instead of the repository's
  std::stop_token stop = {};
};

// git, untouched by the user's configuration and environment (GIT_DIR is set in hooks and by some
// scripts), without hooks and without writing to the repository by the way. Exhausted when it prints more than 256 MiB.
Result<process::Output> runGit(std::vector<std::string> words, const GitOptions& options);

// The parts of a text that end in a null byte.
std::vector<std::string> splitAtNull(std::string_view text);

// The paths of `git apply --numstat -z`; of a rename or copy the new one.
std::vector<std::string> pathsOfNumstat(std::string_view text);

}  // namespace relapse::kernel
