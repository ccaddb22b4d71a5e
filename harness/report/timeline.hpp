// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/values.hpp"

namespace relapse::report {

// One line of timeline.jsonl, without the line end. Bytes that are no UTF-8 become U+FFFD.
std::string timelineJson(const TimelineEntry& entry);

}  // namespace relapse::report
