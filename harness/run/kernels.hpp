// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "failure/values.hpp"
#include "report/values.hpp"
#include "run/stages.hpp"
#include "run/values.hpp"

namespace relapse::run {

// The kernels of all nodes, built or taken from where they are, in the record; their progress as stages of the run.
// They have what the scenario wants of them. Failures are those of kernel::obtain() and of checkKernelOptions().
Result<void> obtainKernels(const RunRequest& request, Stages& stages, report::RunRecord& record);

}  // namespace relapse::run
