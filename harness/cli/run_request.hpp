// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>

#include "cli/commands.hpp"
#include "run/values.hpp"

namespace relapse::cli {

// A run of the scenario with what the command line puts in place of its kernel. `scratch`: HostSession::root().
run::RunRequest requestFor(const RunArguments& arguments, const scenario::Scenario& scenario, const run::Places& places,
                           const std::filesystem::path& scratch, const std::stop_token& stop);

}  // namespace relapse::cli
