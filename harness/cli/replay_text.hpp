// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "run/outcome.hpp"

namespace relapse::cli {

// A run beside the one that it repeats.
struct ReplayedRun {
  run::Outcome first;
  run::Outcome now;
  run::Comparison comparison;
};

// What is the same, what differs, and both runs' times side by side. No control characters of the guest's.
std::string replayText(const ReplayedRun& replayed);

// `result` (a result.json) with a member "replay": {"of": ID, "same": true, "differences": [{"what", "first", "now"}],
// "times": [{"what", "first_ms", "now_ms"}]}.
std::string replayJson(const std::string& result, const ReplayedRun& replayed);

}  // namespace relapse::cli
