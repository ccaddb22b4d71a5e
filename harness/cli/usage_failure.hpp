// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <CLI/CLI.hpp>

#include "failure/values.hpp"

namespace relapse::cli {

// What is wrong with a command line that `app` refused with `error`: the option or word, what was expected there,
// the nearest known one, and whose --help to read. BadInput.
Failure usageFailure(const CLI::App& app, const CLI::ParseError& error);

}  // namespace relapse::cli
