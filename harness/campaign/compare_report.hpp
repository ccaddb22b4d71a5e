// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "campaign/compare.hpp"

namespace relapse::campaign {

// The names that the two sets have for a reader: "night 20261128T160000Z-all", "kernel 6.1.192".
struct ComparedNames {
  std::string one;
  std::string other;
};

// Sentences with the numbers, cells with a difference first, in lines of less than 100 columns. Text that a guest
// wrote has no control characters.
std::string text(const SetComparison& comparison, const ComparedNames& names);

// All of it.
nlohmann::ordered_json json(const SetComparison& comparison, const ComparedNames& names);

}  // namespace relapse::campaign
