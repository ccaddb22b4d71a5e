// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "failure/values.hpp"
#include "run/experiment.hpp"
#include "run/stages.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// The course of an experiment in a booted guest. Each comes back early, without a failure, when
// the verdict is decided; a Failure is the infrastructure's (or Cancelled).

// Sets the detectors and reads them back, and writes the marker that must be seen on the console.
Result<void> openEyes(const scenario::Scenario& scenario, Experiment& experiment);

// The export and its mount.
Result<void> mountExport(const scenario::Scenario& scenario, Experiment& experiment);

// Where the kernel and its modules lie, as the guest tells; a Failure costs the decoding of addresses alone.
Result<void> learnPlaces(Experiment& experiment);

// The scenario's steps in their order, until the last foreground one has ended.
Result<void> takeSteps(const scenario::Scenario& scenario, Experiment& experiment, Experiment::Clock::time_point until);

// Waits for the verdict or the workloads' ends; work that is not done by then is stuck-workload.
Result<void> watch(const scenario::Scenario& scenario, Experiment& experiment, Experiment::Clock::time_point until);

// The proofs without which nothing "survived": a quiet window, then a write and a read.
Result<void> proveHealth(const scenario::Scenario& scenario, Experiment& experiment);

}  // namespace relapse::run
