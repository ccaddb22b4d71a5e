// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/history_run.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "campaign/outcome.hpp"
#include "verdict/judge.hpp"

namespace relapse::campaign {
namespace {

using std::chrono::milliseconds;

std::string cellOf(const report::RunRecord& record) {
  auto varied = record.scenario.cell;
  for (const auto& set : record.overrides)
    if (!set.starts_with("seed=") && std::ranges::find(varied, set) == varied.end()) varied.push_back(set);
  return fmt::format("{}", fmt::join(varied, " "));
}

// The event that the verdict is about; nothing if it is about none.
const console::ConsoleEvent* eventOf(const report::RunRecord& record) {
  const auto at = [&](std::size_t place) {
    return place < record.seen.events.size() ? &record.seen.events[place] : nullptr;
  };
  if (const auto* reproduced = std::get_if<verdict::Reproduced>(&record.verdict))
    return reproduced->events.empty() ? nullptr : at(reproduced->events.front());
  if (const auto* other = std::get_if<verdict::OtherFailure>(&record.verdict)) return at(other->event);
  return nullptr;
}

milliseconds watchedOf(const report::RunRecord& record) {
  milliseconds watched{0};
  for (const auto& stage : record.stages)
    if (stage.stage == "boot" || stage.stage == "mount" || stage.stage == "workload" || stage.stage == "watch")
      watched += stage.took;
  return watched;
}

bool isEvidence(const report::ArtefactFile& file) {
  return file.name == "vmcore" || file.name.starts_with("bundle/");
}

}  // namespace

history::Run historyRunOf(const report::RunRecord& record) {
  const auto result = resultOf(record);
  const auto* event = eventOf(record);
  history::Run run;
  run.id = record.id;
  run.directory = record.directory;
  run.startedAt = record.startedAt;
  run.scenario = record.scenario.name;
  run.cell = cellOf(record);
  run.kernel = record.kernel.source;
  run.release = record.kernel.release;
  run.buildId = record.kernel.buildId;
  run.line = record.kernel.line;
  run.seed = record.scenario.seed;
  run.verdict = verdict::word(record.verdict);
  run.expected = std::holds_alternative<scenario::ExpectSurvived>(record.scenario.expect) ? "survived" : "reproduced";
  run.held = verdict::held(record.scenario.expect, record.verdict);
  run.signature = result.signature;
  run.title = event != nullptr ? event->title : "";
  run.reason = result.reason;
  run.toEvent = result.toEvent;
  if (!run.toEvent && event != nullptr) run.toEvent = event->at;
  run.took = result.time;
  run.watched = watchedOf(record);
  run.evidence = !record.directory.empty() && std::ranges::any_of(record.artefacts, isEvidence);
  return run;
}

}  // namespace relapse::campaign
