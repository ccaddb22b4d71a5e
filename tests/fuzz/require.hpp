// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace relapse {

// Ends the process, which the fuzzer takes for a finding.
void require(bool holds, const char* law, std::string_view found = {});

bool isCleanText(std::string_view text);  // valid UTF-8, no control characters but tabs

}  // namespace relapse
