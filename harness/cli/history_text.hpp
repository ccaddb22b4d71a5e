// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "history/values.hpp"

// What `relapse history` prints: for a person, without a guest's control characters, and one line of JSON each.
namespace relapse::cli {

std::string historyText(const history::Run& run);
std::string historyText(const history::Signature& signature);
std::string historyText(const history::Night& night);
std::string prunedText(const history::Pruned& pruned, bool dryRun);

std::string historyJson(const history::Run& run);
std::string historyJson(const history::Signature& signature);
std::string historyJson(const history::Night& night);
std::string prunedJson(const history::Pruned& pruned, bool dryRun);

}  // namespace relapse::cli
