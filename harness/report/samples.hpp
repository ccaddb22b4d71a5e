// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "guest/values.hpp"
#include "postmortem/values.hpp"

namespace relapse::report {

// registers.json: the raw samples, registers and stack memory in hex.
std::string samplesJson(const std::vector<guest::Sample>& samples);

// spin.folded: one line a stack, "vcpu 1;outermost;...;innermost COUNT", as flame graph tools read it.
std::string foldedText(const postmortem::SpinProfile& profile);

}  // namespace relapse::report
