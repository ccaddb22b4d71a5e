// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "history/connection.hpp"
#include "history/values.hpp"

// Values and their rows: one list of columns for each table, used for reading and for writing.
namespace relapse::history {

extern const std::string kRunColumns;
extern const std::string kNightColumns;
extern const std::string kCellColumns;

std::string placeholders(const std::string& columns);  // "?, ?, ?", as many as the columns

Values valuesOf(const Run& run);
Values valuesOf(const Night& night);
Values valuesOf(const NightCell& cell);

Run runOf(const Row& row);
Night nightOf(const Row& row);
NightCell cellOf(const Row& row);

}  // namespace relapse::history
