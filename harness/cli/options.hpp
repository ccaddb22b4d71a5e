// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"

namespace relapse::cli {

// Options that several commands have.

// Which kernel, and what is set from the command line.
void addKernel(CLI::App& app, RunArguments& run);
void addEngine(CLI::App& app, EngineArguments& engine);

// A command whose options are many.
void addBisect(CLI::App& app, BisectArguments& bisect);

}  // namespace relapse::cli
