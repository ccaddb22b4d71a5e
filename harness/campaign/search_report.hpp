// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "campaign/search.hpp"
#include "campaign/values.hpp"

namespace relapse::campaign {

// A search and what it was about: all its reports are made from it.
struct SearchReport {
  std::string scenario;
  std::vector<Knob> knobs;
  SearchPlan plan;
  SearchResult result;
  int leftOut = 0;             // settings that the scenario refuses
  std::string whyLeftOut;      // of the first of them
  std::filesystem::path best;  // the file it was written to; empty: it was not
};

// What a person reads: a table of settings, the best first; what each value of a knob shows; the best setting by its
// fresh tries. Ends with a line end.
std::string text(const SearchReport& report);

// The same for a program, and nothing left out; docs/campaign.md has its keys.
nlohmann::ordered_json json(const SearchReport& report);
nlohmann::ordered_json json(const Tried& tried, const Candidate& candidate);

// "reproduced", ...
std::string_view word(Outcome outcome);
std::string_view word(Ending ending);

// "9/10, 90 % (55-100 %)"
std::string inWords(statistics::Count count);

}  // namespace relapse::campaign
