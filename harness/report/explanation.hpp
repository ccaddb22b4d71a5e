// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "postmortem/values.hpp"
#include "report/values.hpp"
#include "stacktrace/values.hpp"

namespace relapse::report {

// Blocks of a run's summary on the terminal: what the run found out about its event. Guest's text is cleaned.

// The trace with the places of its functions, down to the system call. All that was inlined is shown for the innermost
// frame; others say how much there was.
std::string decodedTrace(const stacktrace::StackTrace& trace);

// Who spins, where, and with what in common; nothing when no vCPU spins.
std::string spinLines(const postmortem::SpinProfile& profile);

// The instruction at the event's pc, and its function's first argument.
std::string codeLine(const postmortem::Disassembly& code);

// What the stuck vCPU got of the host.
std::string stallLine(const StallOnHost& stall);

}  // namespace relapse::report
