// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "report/night.hpp"
#include "report/page.hpp"

namespace relapse::report {

// Cells by nights, the last 30 and this one: each field tells its flag by colour and by sign, and hits of runs; it
// leads to that night's page, this night's to the cell below.
std::string heatMap(const NightReport& night);

// How a flag is shown; one that is not of kFlags as a question.
struct FlagLook {
  Tone tone = Tone::Warn;
  std::string_view sign = "?";
};
FlagLook lookOf(std::string_view flag);

std::string cellId(std::size_t place);  // of a cell's part of the page: "cell-3"

}  // namespace relapse::report
