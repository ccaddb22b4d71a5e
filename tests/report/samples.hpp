// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

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

// What a guest may say to become a script, an attribute, a terminal's command, a link, a plot's command.
extern const std::string kHostile;

}  // namespace relapse::report
