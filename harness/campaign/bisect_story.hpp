// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "campaign/bisect_course.hpp"
#include "campaign/bisect_log.hpp"
#include "campaign/bisect_state.hpp"

// What a reader is told of a bisect, in words.
namespace relapse::campaign {

// Of an event, given the state with it: "run 17: 0005-nfs-... bad in 5.3 s, soft-lockup nfs_wb_page", and what is
// believed now. Empty: nothing.
std::string storyOf(const BisectEvent& event, const BisectState& state);

// The whole story of a log, line by line.
std::vector<std::string> storyOf(const std::vector<BisectEvent>& events);

// The result in a sentence; `ending`: of report::kBisectEndings.
std::string resultInWords(const BisectState& state, const MainSearch& search, const std::string& ending);

// "0005-nfs-keep-the-page"; 0: the old end's name.
std::string nameOf(const BisectPlan& plan, std::size_t number);

// "97 %"; "99.9 %" of what is not quite 1.
std::string percent(double share);

}  // namespace relapse::campaign
