// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "campaign/bisect_state.hpp"
#include "report/bisect.hpp"

namespace relapse::campaign {

// All that a log says, for a reader; of one that is not over, what is believed now ("under-way", "interrupted" when
// nobody works at it). Pure.
report::BisectReport reportOf(const BisectState& state, bool underWay = false);

}  // namespace relapse::campaign
