// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "report/event_json.hpp"

namespace relapse::report {

// Parts of an object of JSON that was read from a file: what is missing, or of another type, is as if empty.
const Json& part(const Json& object, const char* key);    // null
const Json& listOf(const Json& object, const char* key);  // an empty list
std::string textOf(const Json& object, const char* key);
std::optional<std::int64_t> wholeOf(const Json& object, const char* key);
std::optional<double> numberOf(const Json& object, const char* key);
bool isTrue(const Json& object, const char* key);

}  // namespace relapse::report
