// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>

#include "failure/values.hpp"
#include "history/connection.hpp"

namespace relapse::history {

// What makes version N of the file from version N - 1; the first makes it from nothing. A step that was released is
// never changed: a new one is added.
struct Step {
  int version;
  const char* sql;
};
std::span<const Step> steps();

// Takes the steps that the file lacks, all or none; WAL is on afterwards. BadInput: no history, or of a newer relapse.
Result<void> bringUpToDate(Connection& connection);

// Everything that may be wrong with the file; BadInput says what is.
Result<void> checkSchema(const Connection& connection);

}  // namespace relapse::history
