// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/run_files.hpp"

namespace relapse::report {

// Parts of a run's page that show its events, as markup.

// One event: message, what is known of it, trace, registers.
std::string eventMarkup(const Json& event);

// A trace, innermost frame first, with what was inlined.
std::string traceMarkup(const Json& frames);

// All events but those that decided, each behind its title.
std::string otherEvents(const Json& result);

}  // namespace relapse::report
