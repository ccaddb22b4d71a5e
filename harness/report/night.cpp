// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/night.hpp"

#include "report/json_fields.hpp"

namespace relapse::report {
namespace {

using Times = std::vector<std::chrono::milliseconds>;

Json timesJson(const Times& times) {
  Json out = Json::array();
  for (const auto time : times) out.push_back(time.count());
  return out;
}

Json rateJson(const Rate& rate) {
  return {{"hits", rate.hits},
          {"runs", rate.runs},
          {"inconclusive", rate.inconclusive},
          {"low", rate.low},
          {"high", rate.high},
          {"to_event_ms", timesJson(rate.toEvent)},
          {"without_ms", timesJson(rate.without)}};
}

Json runJson(const NightRun& run) {
  Json out{
      {"id", run.id},         {"directory", run.directory},  {"verdict", run.verdict}, {"signature", run.signature},
      {"reason", run.reason}, {"took_ms", run.took.count()}, {"where", run.where}};
  if (run.toEvent) out["to_event_ms"] = run.toEvent->count();
  return out;
}

Json pastJson(const PastCell& past) {
  return {{"night", past.night}, {"hits", past.hits}, {"runs", past.runs}, {"flag", past.flag}, {"page", past.page}};
}

Json cellJson(const NightCellReport& cell) {
  Json out{
      {"key", cell.key},           {"kernel", cell.kernel},   {"scenario", cell.scenario},   {"variant", cell.variant},
      {"expected", cell.expected}, {"release", cell.release}, {"rate", rateJson(cell.rate)}, {"flag", cell.flag},
      {"words", cell.words}};
  out["runs"] = Json::array();
  for (const auto& run : cell.runs) out["runs"].push_back(runJson(run));
  out["past"] = Json::array();
  for (const auto& past : cell.past) out["past"].push_back(pastJson(past));
  return out;
}

Json signatureJson(const NightSignature& one) {
  return {{"signature", one.signature},  {"title", one.title},        {"cells", one.cells},      {"runs", one.runs},
          {"first_seen", one.firstSeen}, {"last_seen", one.lastSeen}, {"evidence", one.evidence}};
}

}  // namespace

// Found by their argument, from JsonFields: so not in the namespace without a name.
static void readFields(JsonFields& in, Rate& rate) {
  in.read("hits", rate.hits);
  in.read("runs", rate.runs);
  in.read("inconclusive", rate.inconclusive);
  in.read("low", rate.low);
  in.read("high", rate.high);
  in.read("to_event_ms", rate.toEvent);
  in.read("without_ms", rate.without);
}
static void readFields(JsonFields& in, NightRun& run) {
  in.read("id", run.id);
  in.read("directory", run.directory);
  in.read("verdict", run.verdict);
  in.read("signature", run.signature);
  in.read("reason", run.reason);
  in.read("took_ms", run.took);
  in.read("where", run.where);
  in.readIfThere("to_event_ms", run.toEvent);
}
static void readFields(JsonFields& in, PastCell& past) {
  in.read("night", past.night);
  in.read("hits", past.hits);
  in.read("runs", past.runs);
  in.read("flag", past.flag);
  in.read("page", past.page);
}
static void readFields(JsonFields& in, NightCellReport& cell) {
  in.read("key", cell.key);
  in.read("kernel", cell.kernel);
  in.read("scenario", cell.scenario);
  in.read("variant", cell.variant);
  in.read("expected", cell.expected);
  in.read("release", cell.release);
  in.read("rate", cell.rate);
  in.read("flag", cell.flag);
  in.read("words", cell.words);
  in.read("runs", cell.runs);
  in.read("past", cell.past);
}
static void readFields(JsonFields& in, NightSignature& one) {
  in.read("signature", one.signature);
  in.read("title", one.title);
  in.read("cells", one.cells);
  in.read("runs", one.runs);
  in.read("first_seen", one.firstSeen);
  in.read("last_seen", one.lastSeen);
  in.read("evidence", one.evidence);
}

std::string nightJson(const NightReport& night) {
  Json out{{"version", kNightVersion},        {"id", night.id},
           {"matrix", night.matrix},          {"started_at", night.startedAt},
           {"finished_at", night.finishedAt}, {"engine", night.engine},
           {"relapse", night.relapse},        {"expected", night.expected},
           {"false_flags", night.falseFlags}};
  out["cells"] = Json::array();
  for (const auto& cell : night.cells) out["cells"].push_back(cellJson(cell));
  out["signatures"] = Json::array();
  for (const auto& one : night.signatures) out["signatures"].push_back(signatureJson(one));
  out["notes"] = night.notes;
  return dumped(out, 2) + "\n";
}

Result<NightReport> readNight(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(FailureKind::BadInput, "not JSON");
  std::string error;
  JsonFields in(json, "night", "", error);
  in.readVersion(kNightVersion);
  NightReport night;
  in.read("id", night.id);
  in.read("matrix", night.matrix);
  in.read("started_at", night.startedAt);
  in.read("finished_at", night.finishedAt);
  in.read("engine", night.engine);
  in.read("relapse", night.relapse);
  in.read("expected", night.expected);
  in.read("false_flags", night.falseFlags);
  in.read("cells", night.cells);
  in.read("signatures", night.signatures);
  in.read("notes", night.notes);
  if (!error.empty()) return fail(FailureKind::BadInput, error);
  return night;
}

}  // namespace relapse::report
