// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "console/values.hpp"
#include "report/values.hpp"

namespace relapse::report {

// The end of a run as a person reads it: the verdict, the event with its trace, what came with it,
// the stages' times, where the evidence lies, and what to do next. Control characters of the
// guest's are not passed on.
std::string summary(const RunRecord& record, bool colour);

// One event in one line; with `trace`, its frames below it.
std::string eventText(const console::ConsoleEvent& event, bool trace);

// "8 min 12 s", "1.2 s", "45 ms"
std::string duration(std::chrono::milliseconds took);

}  // namespace relapse::report
