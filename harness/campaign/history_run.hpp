// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "history/values.hpp"
#include "report/values.hpp"

namespace relapse::campaign {

// What the history keeps of a run. It belongs to no night; what was set from outside (--set) is part of its cell, but
// for the seed. Pure.
history::Run historyRunOf(const report::RunRecord& record);

}  // namespace relapse::campaign
