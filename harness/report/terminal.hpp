// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "console/values.hpp"
#include "report/values.hpp"

namespace relapse::report {

// The end of a run as a person reads it: the verdict, the event with its trace, what came with it,
// the stages' times, where the evidence lies, and what to do next. Control characters of the
// guest's are not passed on.
std::string summary(const RunRecord& record, bool colour);

// One event in one line; with `trace`, its frames below it, or pc and lr where it has none. No
// control characters.
std::string eventText(const console::ConsoleEvent& event, bool trace);

// Blanks for control characters (those of ISO 6429's second set, U+0080 to U+009F, too).
std::string plain(std::string_view text);

// With an ANSI code, "1;31", where there are colours.
std::string painted(const std::string& text, const char* code, bool colour);

// "2 h 5 min", "8 min 12 s", "1.2 s", "45 ms"
std::string duration(std::chrono::milliseconds took);

}  // namespace relapse::report
