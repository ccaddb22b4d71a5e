// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/values.hpp"
#include "failure/values.hpp"

namespace relapse::engine {

// Which jobs an engine knows, and which of them have left their result.
class Ledger {
 public:
  // Jobs that this engine could not tell apart, place or wait for: Internal, they are made by relapse itself.
  Result<void> check(const std::vector<Job>& jobs) const;

  void add(const Job& job) { jobs_.emplace(job.name, State::Live); }
  void ended(const JobEnd& end) { jobs_[end.name] = end.what == JobEnd::What::Result ? State::Left : State::Lost; }

  // Those of `after` whose end is still to come.
  std::vector<std::string> awaited(const Job& job) const;
  // The first of `after` that left nothing: the job cannot run any more.
  std::optional<std::string> lost(const Job& job) const;

 private:
  enum class State { Live, Left, Lost };
  std::map<std::string, State> jobs_;
};

JobEnd cancelledFor(const Job& job, const std::string& lost);  // "not run: `lost` left no result"

}  // namespace relapse::engine
