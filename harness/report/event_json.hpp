// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include "console/values.hpp"

namespace relapse::report {

using Json = nlohmann::ordered_json;

// Parts of an event that a run's record and a scan's line share.
Json frameJson(const console::RawFrame& frame);  // what the frame has not is left out
Json framesJson(const console::ConsoleEvent& event);
Json registersJson(const console::ConsoleEvent& event);  // {"x29": "ffff800012345678", ...}, as printed
Json artefactJson(const console::ConsoleEvent& event);   // null, or its name
Json spanJson(const console::LogSpan& span);             // [first, past]

// On one line, or with `indent` blanks a level. Bytes that are no UTF-8 become U+FFFD.
std::string dumped(const Json& value, int indent = -1);

}  // namespace relapse::report
