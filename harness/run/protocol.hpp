// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "failure/values.hpp"
#include "run/experiment.hpp"
#include "run/faults.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// The course of an experiment in booted guests. Each comes back early, without a failure, when
// the verdict is decided; a Failure is the infrastructure's (or Cancelled).

// Sets the detectors of every guest and reads them back, and writes the marker that must be seen on its console.
Result<void> openEyes(const scenario::Scenario& scenario, Experiment& experiment);

// Where each kernel and its modules lie, as the guests tell; a Failure costs the decoding of addresses alone.
Result<void> learnPlaces(Experiment& experiment);

// Waits for the verdict, or the workloads' ends and the undoing of faults; work that is not done by then is
// stuck-workload.
Result<void> watch(const scenario::Scenario& scenario, Experiment& experiment, const Faults& faults,
                   Experiment::Clock::time_point until);

// The proofs without which nothing "survived": a quiet window, every fault undone, then a write and a read by each
// client.
Result<void> proveHealth(const scenario::Scenario& scenario, Experiment& experiment, Faults& faults);

}  // namespace relapse::run
