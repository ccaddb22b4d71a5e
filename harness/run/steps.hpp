// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "failure/values.hpp"
#include "run/experiment.hpp"
#include "run/faults.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// Takes the scenario's steps in their order, until the last foreground one has ended. Comes back early, without a
// failure, when the verdict is decided; a Failure is the infrastructure's (or Cancelled).
Result<void> takeSteps(const scenario::Scenario& scenario, Experiment& experiment, Faults& faults,
                       Experiment::Clock::time_point until);

// The command line of a workload in the guest. Pure.
std::vector<std::string> workCommand(const scenario::Scenario& scenario, const scenario::WorkStep& step);

// How much later than its turn the work of step `index` starts, by the scenario's seed. Pure.
std::chrono::milliseconds jitterOf(const scenario::Scenario& scenario, std::size_t index);

}  // namespace relapse::run
