// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "report/night.hpp"

namespace relapse::report {

// From `seconds` on, so large a part of the runs is without the event.
struct SurvivalStep {
  double seconds = 0;
  double without = 1;
};

struct SurvivalCurve {
  std::vector<SurvivalStep> steps = {};     // the first at 0, with 1; then one at each time of an event
  std::vector<SurvivalStep> censored = {};  // where a run ended without it, on the curve
  double end = 0;                           // seconds: the last time that anything is known of
};

// How long it takes until the event comes, after Kaplan and Meier (J. Am. Stat. Assoc. 53, 1958): runs without it count
// as long as they were watched. Of an event and the end of another run at one time, the event came first. Pure.
SurvivalCurve timeToEvent(const Rate& rate);

}  // namespace relapse::report
