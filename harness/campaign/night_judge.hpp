// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "campaign/values.hpp"
#include "statistics/values.hpp"

// A cell's night against the nights before. Pure.
//
// A night first makes the runs that the matrix asks for. A cell whose runs look unlike those of the nights before is
// only suspected: with many cells, and bugs that come now and then, every night has some of those. A suspected cell is
// run again, as often as it takes to be sure, and these runs alone decide: they were not chosen for how they look. A
// cell is flagged when Fisher's exact test finds them too unlikely beside the nights before, at the matrix's
// false-flags divided by all cells and by both questions (how often? which bug?), after Bonferroni. So in a night
// without a change, the probability of any flag is at most false-flags, whatever the cells' rates are.
//
// "The nights before" are those since the cell was last flagged: a change is told once.
namespace relapse::campaign {

// Runs of one cell that came to a verdict.
struct CellTally {
  statistics::Count failed;               // against the expectation
  std::map<std::string, int> signatures;  // of the runs that failed; "" where they survived and should not have
  CellTally& operator+=(const CellTally& other);
};

// Another run; one that is inconclusive changes nothing.
void add(CellTally& runs, const TryResult& result);

struct JudgeRules {
  double falseFlags = 0.05;
  int cells = 1;     // that are judged this night
  int confirm = 30;  // runs at most to confirm a change
};

// How many runs the confirmation of this suspicion takes, 0: there is none, or its runs are already enough. Known
// before these runs are made. More than rules.confirm: it cannot be had.
int confirmation(const CellTally& before, const CellTally& tonight, const JudgeRules& rules);

struct Judgement {
  std::string flag;   // a word of report::kFlags
  std::string words;  // with the numbers
};

// `confirmed`: the confirmation's runs, without tries if there were none. A cell without a night before is a new
// failure when it fails: nobody has seen it yet.
Judgement judge(const CellTally& before, const CellTally& tonight, const CellTally& confirmed, int inconclusive,
                const JudgeRules& rules);

// Whether this flag starts a new "before", and whether it wants a person.
bool isChange(const std::string& flag);
bool isAlarm(const std::string& flag);

}  // namespace relapse::campaign
