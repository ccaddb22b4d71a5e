// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "postmortem/values.hpp"
#include "report/event_json.hpp"

namespace relapse::report {

// "waits" of postmortem.json; one that is not of its form is passed over.
std::vector<postmortem::Wait> waitsOf(const Json& postmortem);

// Who waits for whom as SVG: who waits for nobody at the left, behind each one those that wait for it, tasks that wait
// alike in one box. A dashed line: the holder is not certain. Nothing when nobody waits.
std::string waitGraph(const std::vector<postmortem::Wait>& waits);

}  // namespace relapse::report
