// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>

#include "report/night.hpp"

namespace relapse::report {

// Plots of the cells, by key; a cell without one has no plot.
struct CellPlots {
  Result<std::string> curve;  // time to the event
  Result<std::string> rates;  // over the last nights
};
using NightPlots = std::map<std::string, CellPlots>;

// Made by gnuplot, some 50 ms each: of the flagged cells first, then of those with the event, of the first kMostPlots.
inline constexpr std::size_t kMostPlots = 40;
NightPlots nightPlots(const NightReport& night);

// report.html of a night, as a run's page is: no script, no network. Links are relative to the folder it lies in.
std::string nightPage(const NightReport& night, const NightPlots& plots);

// A flag asks for a person: the first four of kFlags.
bool wantsAPerson(std::string_view flag);

}  // namespace relapse::report
