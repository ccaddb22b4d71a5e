// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/bisect.hpp"
#include "report/night.hpp"
#include "report/run_files.hpp"

namespace relapse::report {

// A run with a lockup, from samples/lockup, with a rate.
RunFiles sampleRun();

// The same, with hostile text behind all of its own, in values and in names; only words that decide the form are kept.
RunFiles hostileRun();

// Six cells, one for each of six flags, with 30 nights before it.
NightReport sampleNight();
NightReport hostileNight();

// Eight patches, of which the fifth is found; with everything that a bisect may have.
BisectReport sampleBisect();
BisectReport hostileBisect();

// Commits of a tree, of which three could not be told apart.
BisectReport bigBisect(std::size_t many);

// The same as the first of these, but that the search was for what fixed it; or ended so, and nothing is left. And one
// of commits, of which some are left.
BisectReport fixedBisect();
BisectReport endedBisect(std::string_view ending);
BisectReport undecidedBisect();

// All of these, one of nothing, and ones with names too long for any line.
std::vector<BisectReport> allBisects();

// What a guest may say to become a script, an attribute, a terminal's command, a link, a plot's command.
extern const std::string kHostile;

}  // namespace relapse::report
