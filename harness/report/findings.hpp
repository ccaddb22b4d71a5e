// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "postmortem/values.hpp"

namespace relapse::report {

// postmortem.txt: one screen first (what is wrong, who is stuck, who waits, the page), then all the rest: every stack,
// RPC, the guest's own log. ASCII alone: other bytes of the guest's become blanks or '?'. Ends in a line end.
std::string findingsText(const postmortem::Findings& findings);

// The first of these for the end of a run, which has shown the trace: at most 20 lines, each indented by two blanks.
// Ends in a line end.
std::string findingsSummary(const postmortem::Findings& findings);

// Who waits for whom, the one that waits for nobody first, those that wait for it indented below; tasks that wait alike
// are one line. Empty when nobody waits.
std::string waitTree(const std::vector<postmortem::Wait>& waits);

// "appender-0 (91)", "4 tasks: appender-0..3", "3 tasks: cp, dd, cp"
std::string tasksInShort(const std::vector<postmortem::TaskName>& tasks);

}  // namespace relapse::report
