// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "report/night.hpp"
#include "report/run_files.hpp"

namespace relapse::report {

// A night or runs as test systems know them: what was as expected, and what was not. JUnit and KTAP are made from this.

enum class Held {
  Yes,
  No,
  Unknown,  // inconclusive: no answer, which is an error and never a pass
  NotRun,   // nobody tried; or a run without the event of a cell that is as expected all the same
};

struct Check {
  std::string name;
  Held held = Held::Unknown;
  std::string words = {};  // why it did not hold
  std::chrono::milliseconds took{0};
  std::string more = {};  // lines: the event's trace
};

// A cell with its own answer, which its runs make together; of runs alone: one scenario.
struct CheckGroup {
  std::string name;
  Check whole = {};
  std::vector<Check> runs = {};
};

struct CheckList {
  std::string name;
  std::string startedAt;
  std::vector<CheckGroup> groups;
};

CheckList checksOf(const NightReport& night);
CheckList checksOf(std::span<const RunFiles> runs);

// XML 1.0, as Jenkins' and GitLab's readers of JUnit's format take it: a suite for each group, a case for its answer
// and one for each run.
std::string junit(const CheckList& checks);

// KTAP version 1 (Documentation/dev-tools/ktap.rst): a test for each group, its runs as subtests.
std::string ktap(const CheckList& checks);

}  // namespace relapse::report
