// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/night.hpp"

namespace relapse::report {

// The end of a night as a person reads it on a terminal: what is new first, then all cells, then the signatures.
std::string nightSummary(const NightReport& night, bool colour);

}  // namespace relapse::report
