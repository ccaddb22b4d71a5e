// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/values.hpp"
#include "verdict/values.hpp"

namespace relapse::verdict {

// What the observations amount to. Pure. Only evidence moves it off Inconclusive.
Verdict judge(const scenario::Expectation& expect, const Observations& seen);

// Whether nothing that may still come can change the verdict: the run may stop.
bool decided(const scenario::Expectation& expect, const std::vector<console::ConsoleEvent>& events);

// Whether the event is one that the scenario expects.
bool matches(const scenario::ExpectedEvent& expected, const console::ConsoleEvent& event);

// A workload's end that its step does not allow, in words; nothing if it is allowed.
std::optional<std::string> disallowed(const WorkOutcome& work);

std::string_view word(const Verdict& verdict);  // "reproduced", "survived", "other-failure", "inconclusive"
bool held(const scenario::Expectation& expect, const Verdict& verdict);

// 0 the expectation held, 1 it did not, 2 another failure, 125 inconclusive.
int exitStatus(const scenario::Expectation& expect, const Verdict& verdict);

// For `git bisect run`: 0 survived, 1 reproduced, 125 all else.
int bisectStatus(const Verdict& verdict);

}  // namespace relapse::verdict
