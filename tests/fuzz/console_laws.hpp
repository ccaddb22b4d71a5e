// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "console/parser.hpp"
#include "require.hpp"

namespace relapse::console {

// What holds for the events of any log of `length` bytes.
void requireEventLaws(const std::vector<ConsoleEvent>& events, std::size_t length);

// All that they hold, as text.
std::string described(const std::vector<ConsoleEvent>& events);
std::string described(const ParserCounts& counts);

}  // namespace relapse::console
