// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "report/values.hpp"
#include "run/experiment.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

using ProbesByNode = std::map<std::string, scenario::Probes>;

// Looks the scenario's probes up in the files of their nodes' kernels, before a guest is booted: what cannot be hit is
// a note of the record. The probes that each node can have. BadInput: a function that is not in the kernel at all.
Result<ProbesByNode> lookUpProbes(const scenario::Scenario& scenario, report::RunRecord& record);

// Sets the probes on their nodes. What they give goes to trace.<node>.log, and onto the timeline.
// BadInput: a kernel refuses one, with its reason.
Result<void> setUpProbes(const ProbesByNode& probes, Experiment& experiment, Evidence& evidence);

// How often each was hit, as far as the guests still tell: notes for those that never were.
std::vector<std::string> unhitProbes(const ProbesByNode& probes, Experiment& experiment);

}  // namespace relapse::run
