// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "campaign/values.hpp"
#include "report/values.hpp"

namespace relapse::campaign {

// What a run is as a try. Pure.
TryResult resultOf(const report::RunRecord& record);

}  // namespace relapse::campaign
