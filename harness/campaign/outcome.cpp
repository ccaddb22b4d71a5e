// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/outcome.hpp"

#include <algorithm>

#include "verdict/judge.hpp"

namespace relapse::campaign {
namespace {

struct FromVerdict {
  TryResult& result;
  const report::RunRecord& record;

  void operator()(const verdict::Reproduced& verdict) const {
    result.outcome = Outcome::Reproduced;
    result.signature = verdict.signature;
    std::chrono::milliseconds last{0};  // the bug is there when all that is expected is
    for (const auto event : verdict.events) last = std::max(last, record.seen.events.at(event).at);
    result.toEvent = last;
  }
  void operator()(const verdict::Survived&) const { result.outcome = Outcome::Survived; }
  void operator()(const verdict::OtherFailure& verdict) const {
    result.outcome = Outcome::OtherFailure;
    result.signature = verdict.signature;
  }
  void operator()(const verdict::Inconclusive& verdict) const { result.reason = verdict.reason; }
};

// Done once for all tries, or found in the cache.
bool isPreparation(const std::string& stage) {
  return stage == "fetch" || stage == "patch" || stage == "build" || stage == "root";
}

}  // namespace

TryResult resultOf(const report::RunRecord& record) {
  TryResult result;
  for (const auto& stage : record.stages) {
    result.time += stage.took;
    if (isPreparation(stage.stage)) result.building += stage.took;
  }
  std::visit(FromVerdict{result, record}, record.verdict);
  result.run = record.directory;
  result.held = verdict::held(record.scenario.expect, record.verdict);
  return result;
}

}  // namespace relapse::campaign
