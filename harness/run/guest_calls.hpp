// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "run/experiment.hpp"

namespace relapse::run {

inline constexpr std::chrono::seconds kPatience{30};  // for what takes a guest milliseconds

// A call whose failure does not matter once the verdict is decided: no lines then. Without a node: in the first client.
Result<std::vector<std::string>> callUnlessDecided(Experiment& experiment, const std::string& node,
                                                   const std::vector<std::string>& argv,
                                                   std::chrono::seconds patience = kPatience);

// Cancelled, as a Failure; the other ends of waiting show in the observations.
Result<void> interrupted(Experiment::Wait wait);

}  // namespace relapse::run
