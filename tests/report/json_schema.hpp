// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace relapse::report {

// What the schema says of a value, as far as this project's schemas go: type, required, properties, items, enum,
// minimum, maximum.
void checkAgainst(const nlohmann::json& schema, const nlohmann::json& value, const std::string& where);

}  // namespace relapse::report
