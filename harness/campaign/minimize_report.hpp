// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "campaign/minimize.hpp"

namespace relapse::campaign {

struct MinimizeReport {
  std::string scenario;
  MinimizeResult result;
  std::filesystem::path file;  // it was written to; empty: it was not
};

// One reduction as a line of the story: "taken    without step 3 (work: copiers)   2/2".
std::string line(const ReductionRecord& record);

// What a person reads at the end, and the same for a program. Ends with a line end.
std::string text(const MinimizeReport& report);
nlohmann::ordered_json json(const MinimizeReport& report);

}  // namespace relapse::campaign
