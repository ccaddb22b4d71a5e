// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/run_files.hpp"

namespace relapse::report {

// A run's timeline as SVG: a lane for each node and one for the host; faults with their ends and works are bars, what
// has no length is a mark, events stand below with their titles and lead to their sections. Nothing without entries.
std::string timelineChart(const RunFiles& run);

// All its entries as a table.
std::string timelineTable(const RunFiles& run);

}  // namespace relapse::report
