// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/outcome.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "console/values.hpp"
#include "verdict/judge.hpp"

namespace relapse::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMilestone = "boot-milestone";  // how far a boot came says nothing of the bug

// The key's text; empty when there is none.
std::string text(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::chrono::milliseconds milliseconds(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return std::chrono::milliseconds(found != object.end() && found->is_number() ? found->get<long>() : 0);
}

const Json& list(const Json& object, const char* key) {
  static const Json none = Json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : none;
}

// "soft-lockup (client), rcu-stall (server)": which came first of each kind; their times and numbers are chance.
std::string order(const std::vector<Outcome::Event>& events) {
  std::vector<std::string> kinds;
  for (const auto& event : events) {
    const std::string one = fmt::format("{} ({})", event.kind, event.node);
    if (event.kind != kMilestone && std::ranges::find(kinds, one) == kinds.end()) kinds.push_back(one);
  }
  return kinds.empty() ? "none" : fmt::format("{}", fmt::join(kinds, ", "));
}

void differ(Comparison& comparison, const char* what, const std::string& first, const std::string& second) {
  if (first != second) comparison.differences.push_back({what, first, second});
}

}  // namespace

Outcome outcomeOf(const report::RunRecord& record) {
  Outcome outcome;
  outcome.id = record.id;
  outcome.startedAt = record.startedAt;
  outcome.relapse = record.relapseVersion;
  outcome.tools = record.toolVersions;
  outcome.verdict = verdict::word(record.verdict);
  if (const auto* reproduced = std::get_if<verdict::Reproduced>(&record.verdict))
    outcome.signature = reproduced->signature;
  if (const auto* other = std::get_if<verdict::OtherFailure>(&record.verdict)) outcome.signature = other->signature;
  if (const auto* none = std::get_if<verdict::Inconclusive>(&record.verdict)) outcome.reason = none->reason;
  for (const auto& event : record.seen.events)
    outcome.events.push_back({std::string(console::name(event.kind)), event.title, event.node, event.at});
  outcome.stages = record.stages;
  return outcome;
}

std::string outcomeJson(const Outcome& outcome) {
  Json verdict{{"word", outcome.verdict}};
  if (!outcome.signature.empty()) verdict["signature"] = outcome.signature;
  if (!outcome.reason.empty()) verdict["reason"] = outcome.reason;
  Json events = Json::array();
  for (const auto& event : outcome.events)
    events.push_back(
        {{"event", event.kind}, {"title", event.title}, {"node", event.node}, {"at_ms", event.at.count()}});
  Json stages = Json::array();
  for (const auto& stage : outcome.stages) stages.push_back({{"stage", stage.stage}, {"ms", stage.took.count()}});
  const Json all{{"id", outcome.id},
                 {"started_at", outcome.startedAt},
                 {"relapse", outcome.relapse},
                 {"tools", outcome.tools},
                 {"verdict", verdict},
                 {"events", events},
                 {"stages", stages}};
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Outcome> readOutcome(std::string_view json) {
  const Json value = Json::parse(json, nullptr, false);
  if (!value.is_object() || !value.contains("verdict") || text(value["verdict"], "word").empty())
    return fail(FailureKind::BadInput, "expected a run's outcome (JSON with verdict.word), found something else");
  Outcome outcome;
  outcome.id = text(value, "id");
  outcome.startedAt = text(value, "started_at");
  outcome.relapse = text(value, "relapse");
  outcome.tools = text(value, "tools");
  outcome.verdict = text(value["verdict"], "word");
  outcome.signature = text(value["verdict"], "signature");
  outcome.reason = text(value["verdict"], "reason");
  for (const auto& event : list(value, "events"))
    outcome.events.push_back(
        {text(event, "event"), text(event, "title"), text(event, "node"), milliseconds(event, "at_ms")});
  for (const auto& stage : list(value, "stages"))
    outcome.stages.push_back({text(stage, "stage"), milliseconds(stage, "ms")});
  return outcome;
}

Comparison compare(const Outcome& first, const Outcome& second) {
  Comparison comparison;
  comparison.same =
      first.verdict == second.verdict && first.signature == second.signature && second.verdict != "inconclusive";
  differ(comparison, "verdict", first.verdict, second.verdict);
  differ(comparison, "signature", first.signature, second.signature);
  differ(comparison, "events", order(first.events), order(second.events));
  differ(comparison, "tools", first.tools, second.tools);
  differ(comparison, "relapse", first.relapse, second.relapse);
  return comparison;
}

}  // namespace relapse::run
