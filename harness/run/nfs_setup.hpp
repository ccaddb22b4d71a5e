// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "failure/values.hpp"
#include "run/experiment.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// The guests' network, the export and its mounts. Cable i (from 1) joins client i's eth0, 10.77.i.2, and the server's
// eth(i-1), 10.77.i.1; a client alone exports to itself over loopback. A Failure is the infrastructure's.

// All of it, on guests that have just booted.
Result<void> setUpNfs(const scenario::Scenario& scenario, Experiment& experiment);

// What a guest needs that was booted again: its network, and the export on the disk that it had, or the mount.
Result<void> setUpAgain(const scenario::Scenario& scenario, Experiment& experiment, const std::string& node);

// Arms the kernel's detectors of a guest and reads them back: false when the kernel has taken other values.
Result<bool> armDetectors(const scenario::Scenario& scenario, Experiment& experiment, const std::string& node);

}  // namespace relapse::run
