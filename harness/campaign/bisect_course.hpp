// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "bisect/belief.hpp"
#include "bisect/search.hpp"
#include "campaign/bisect_state.hpp"

// What a bisect does after what it knows: the search; the proof; and with --subset the searches for what the culprit
// needs. Pure: whoever comes later, with the same log, goes on with the same.
namespace relapse::campaign {

// Tries of one kernel until it is known whether it shows the bug.
struct Settle {
  Mix mix;
};
// Tries of the kernel that the search chose.
struct Narrow {
  BisectRound round;
  bisect::Question question;
};
// Nothing is left to do. The words of report::kBisectEndings.
struct Course {
  std::string ending;
};
using Work = std::variant<Settle, Narrow, Course>;

// `tree`: the kernel that was built last.
Work workLeft(const BisectState& state, const Mix& tree = {});

// Costs as far as is known: a kernel that was built is there, one that stands near to one that could not be built may
// not be either, and the more objects lie between it and `tree`, the kernel that was built last, the longer it takes.
bisect::Costs costsOf(const BisectState& state, const BisectRound& round, const Mix& tree);

// The first search, as it is.
struct MainSearch {
  explicit MainSearch(const BisectState& state, const Mix& tree = {});
  BisectRound round;
  bisect::Evidence evidence;
  bisect::Belief belief;
  bisect::Step step;  // by what is known now, with no try under way
};

// Whether a kernel shows the bug, by its tries alone; nothing: not known at the confidence asked for.
std::optional<bool> shows(const BisectState& state, const MainSearch& search, const Mix& mix);

// The proof: culprit taken from the end with the bug, and put on the other.
struct Proof {
  Mix mix;
  bool bad = false;  // is expected
  std::string words;
};
std::vector<Proof> proofsOf(const BisectPlan& plan, const bisect::Question& question, std::size_t culprit);

// What --subset found so far.
struct Subset {
  std::set<std::size_t> members;
  bool suffices = false;  // together, on the good end
  bool minimal = false;   // and none can be left out
  std::set<std::size_t> necessary;
  std::string why = {};           // it could not be had
  std::optional<Work> left = {};  // to be done; nothing: it is done
};
Subset subsetOf(const BisectState& state, const MainSearch& search, std::size_t culprit, const Mix& tree = {});

}  // namespace relapse::campaign
