// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "failure/values.hpp"
#include "report/night.hpp"

namespace relapse::report {

// Plots as elements of SVG to stand in a page, by gnuplot. A script of gnuplot's gets numbers and this project's own
// words, no text of a guest, a scenario or a user. HostLacks: gnuplot is missing; Internal: it failed. May block for a
// second.

// The time-to-event curve, with a tick for each run that ended without the event.
Result<std::string> timeToEventPlot(const Rate& rate);

// The rates of the last nights, oldest first, each with its interval; nights without a run are left out.
Result<std::string> ratePlot(std::span<const PastCell> nights);

// What gnuplot has written as an element of a page: what is black takes the text's colour; its prologue, its
// identifiers and all that could be a script are gone. `label` is told to who does not see it.
std::string adapted(std::string_view svg, std::string_view label);

}  // namespace relapse::report
