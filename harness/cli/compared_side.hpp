// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "history/history.hpp"

namespace relapse::cli {

// One of the two things that `relapse compare` takes.
struct ComparedSide {
  enum class What { Run, Night, Kernel };
  What what = What::Run;
  std::string name;                      // "night 20261128T160000Z-all"
  std::filesystem::path directory = {};  // of a run
  std::string id = {};                   // of a run or a night
};

// What the word means: kernel:..., a directory, the name of a run or a night in `state`, or latest. BadInput says what
// there is.
Result<ComparedSide> comparedSide(const std::string& word, const std::filesystem::path& state);

// Its runs. BadInput: the history has none.
Result<std::vector<history::Run>> runsOf(const ComparedSide& side, const history::History& history);

}  // namespace relapse::cli
