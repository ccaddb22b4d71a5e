// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "console/parser.hpp"

namespace relapse::console {

// Ends the process, which the fuzzer takes for a finding.
void require(bool holds, const char* law, std::string_view found = {});

bool isCleanText(std::string_view text);  // valid UTF-8, no control characters but tabs

// What holds for the events of any log of `length` bytes.
void requireEventLaws(const std::vector<ConsoleEvent>& events, std::size_t length);

// All that they hold, as text.
std::string described(const std::vector<ConsoleEvent>& events);
std::string described(const ParserCounts& counts);

}  // namespace relapse::console
