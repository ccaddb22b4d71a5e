// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "campaign/values.hpp"
#include "document/values.hpp"
#include "failure/values.hpp"
#include "statistics/values.hpp"

namespace relapse::campaign {

// Whether a scenario's text loads.
using Loads = std::function<bool(const std::string& text)>;

struct MinimizePlan {
  document::Value scenario;
  std::chrono::milliseconds budget{0};
  std::uint64_t seed = 1;
};

// One thing that was tried to be left out.
struct ReductionRecord {
  std::string story;
  statistics::Count count;  // hits: the same bug
  bool taken = false;
  std::string why;  // not taken although the tries do not say so: inconclusive, bad input, too many tries
};
using ReductionObserver = std::function<void(const ReductionRecord&)>;
using MinimizeTryObserver = std::function<void(const std::string& label, std::uint64_t seed, const TryResult&)>;

struct MinimizeResult {
  document::Value scenario;          // with all that could be taken out
  statistics::Count original;        // tries of the scenario as it was
  statistics::Count fresh;           // of the minimized one, made after the last reduction was taken
  std::set<std::string> signatures;  // of the bug, as the original's tries had it
  std::vector<ReductionRecord> steps;
  int refused = 0;  // reductions that do not load
  int tries = 0;
  bool complete = false;  // nothing more of what reductions() knows can be taken out
  Ending ending = Ending::Done;
  std::optional<Failure> failure;
};

// Delta debugging: takes a reduction when the bug (reproduced, with a signature of the original's) still comes, by a
// sequential test for half of the original's rate. A bug that comes each time has to come 2 times of 2, or to make up
// for a miss. Goes on until a whole pass takes nothing more. The result is tried 3 times again (more for a bug that is
// rare). The budget is as that of search().
MinimizeResult minimize(const MinimizePlan& plan, const Loads& loads, const Try& attempt, const Elapsed& elapsed,
                        const MinimizeTryObserver& tried, const ReductionObserver& observer);

}  // namespace relapse::campaign
