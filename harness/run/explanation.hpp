// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "report/values.hpp"
#include "run/collection.hpp"
#include "run/evidence.hpp"
#include "run/experiment.hpp"
#include "run/values.hpp"

namespace relapse::run {

// Makes sense of what was collected, after the guest's end: decodes the events' traces, profiles the samples, looks
// into the dump, and writes what it finds beside them. What fails is a note of the record: a verdict never changes.
void explain(const RunRequest& request, const Collected& collected, const Experiment& experiment, Evidence& evidence,
             report::RunRecord& record);

}  // namespace relapse::run
