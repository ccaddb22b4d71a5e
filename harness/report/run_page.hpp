// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/page.hpp"
#include "report/run_files.hpp"

namespace relapse::report {

// report.html of a run: one page, without a script and without the network. It may lie in the run's directory, whose
// files it links. With run.rate, how often runs like this one show the event. Calls gnuplot for the curve of that rate
// alone; a plot that cannot be made is a note on the page.
std::string runPage(const RunFiles& run);

// How a verdict is shown.
Tone toneOf(const Json& verdict);

}  // namespace relapse::report
