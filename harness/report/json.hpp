// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "console/values.hpp"
#include "report/values.hpp"

namespace relapse::report {

inline constexpr int kResultVersion = 1;  // of docs/result.schema.json

// One event as one line of JSON, without the line end. Bytes that are no UTF-8 become U+FFFD.
std::string eventJson(const console::ConsoleEvent& event);

// result.json, as docs/result.schema.json describes it.
std::string resultJson(const RunRecord& record);

}  // namespace relapse::report
