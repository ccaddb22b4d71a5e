// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>

#include "report/values.hpp"
#include "run/collection.hpp"
#include "run/evidence.hpp"
#include "run/experiment.hpp"
#include "run/values.hpp"

namespace relapse::run {

// Makes sense of what was collected, after the guest's end: decodes the events' traces, profiles the samples, gives the
// dump the kernel's addresses and looks into it, and writes what it finds beside them. What fails is a note of the
// record: a verdict never changes. Returns the SHA-256 of the files that are whole then, by name.
std::map<std::string, std::string> explain(const RunRequest& request, const Collected& collected,
                                           const Experiment& experiment, Evidence& evidence, report::RunRecord& record);

}  // namespace relapse::run
