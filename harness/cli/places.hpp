// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "run/values.hpp"

namespace relapse::cli {

// Where things are, from the environment: $XDG_CACHE_HOME and $XDG_STATE_HOME where they are set;
// else, as root, /var/cache/relapse and /var/lib/relapse; else below the home folder. `stateDir`
// (--state-dir), if not empty, holds both. What came with the program is in
// ../share/relapse of its folder, or, of one that was not installed, in its source and build folders. RELAPSE_DATA_DIR
// names another checkout's scenarios/, kernel-configs/ and guest-scripts/.
run::Places places(const std::filesystem::path& stateDir);

// This program's file.
std::filesystem::path executable();

std::filesystem::path scenariosFolder();

// What drgn runs to look into a dump.
std::filesystem::path inspectionScript();

// A scenario's file: a path as given, or the name of one in scenarios/. BadInput names the nearest.
Result<std::filesystem::path> findScenario(const std::string& nameOrPath);

// The file with the runs' history.
std::filesystem::path historyFile(const std::filesystem::path& state);

// All scenario files of scenarios/, sorted.
std::vector<std::filesystem::path> allScenarios();

}  // namespace relapse::cli
