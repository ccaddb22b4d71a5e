// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "failure/values.hpp"
#include "postmortem/values.hpp"

namespace relapse::postmortem {

// What inspection/main.py prints -> Findings. Trusts nothing: a key that is missing, unknown or of another type is a
// Failure (Internal) with its name: "waits[2].holder.pid: expected a number, found a string".
Result<Findings> parseFindings(std::string json);

}  // namespace relapse::postmortem
