// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/night.hpp"

#include <fmt/format.h>

#include "report/event_json.hpp"

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

// An object's fields, each asked for by name. The first that is missing or of another type is kept; all after it are
// left as they are.
class Reader {
 public:
  Reader(const Json& value, std::string path, std::string& error)
      : value_(value), path_(std::move(path)), error_(error) {
    if (!value_.is_object()) fault(path_, "an object");
  }

  template <class T>
  void read(const char* key, T& into) {
    if (!error_.empty()) return;
    const auto found = value_.find(key);
    if (found == value_.end()) return fault(below(key), "something, found nothing");
    take(*found, below(key), into);
  }
  template <class T>
  void readIfThere(const char* key, T& into) {
    if (error_.empty() && value_.contains(key)) read(key, into);
  }

 private:
  std::string below(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  void fault(const std::string& where, std::string_view expected) {
    if (error_.empty()) error_ = fmt::format("{}: expected {}", where.empty() ? "night" : where, expected);
  }

  void take(const Json& value, const std::string& path, std::string& into) {
    if (!value.is_string()) return fault(path, "a string");
    into = value.get<std::string>();
  }
  void take(const Json& value, const std::string& path, bool& into) {
    if (!value.is_boolean()) return fault(path, "true or false");
    into = value.get<bool>();
  }
  void take(const Json& value, const std::string& path, double& into) {
    if (!value.is_number()) return fault(path, "a number");
    into = value.get<double>();
  }
  void take(const Json& value, const std::string& path, int& into) {
    const bool fits = value.is_number_integer() && value >= -1'000'000'000 && value <= 1'000'000'000;
    if (!fits) return fault(path, "a whole number");
    into = value.get<int>();
  }
  void take(const Json& value, const std::string& path, std::chrono::milliseconds& into) {
    if (!value.is_number_integer()) return fault(path, "milliseconds, a whole number");
    into = std::chrono::milliseconds(value.get<std::int64_t>());
  }
  template <class T>
  void take(const Json& value, const std::string& path, std::optional<T>& into) {
    take(value, path, into.emplace());
  }
  template <class T>
  void take(const Json& value, const std::string& path, std::vector<T>& into) {
    if (!value.is_array()) return fault(path, "a list");
    for (std::size_t i = 0; i < value.size() && error_.empty(); ++i)
      take(value[i], fmt::format("{}[{}]", path, i), into.emplace_back());
  }
  template <class T>
  void take(const Json& value, const std::string& path, T& into) {
    Reader fields(value, path, error_);
    if (error_.empty()) readFields(fields, into);
  }

  static void readFields(Reader& in, Rate& rate) {
    in.read("hits", rate.hits);
    in.read("runs", rate.runs);
    in.read("inconclusive", rate.inconclusive);
    in.read("low", rate.low);
    in.read("high", rate.high);
    in.read("to_event_ms", rate.toEvent);
    in.read("without_ms", rate.without);
  }
  static void readFields(Reader& in, NightRun& run) {
    in.read("id", run.id);
    in.read("directory", run.directory);
    in.read("verdict", run.verdict);
    in.read("signature", run.signature);
    in.read("reason", run.reason);
    in.read("took_ms", run.took);
    in.read("where", run.where);
    in.readIfThere("to_event_ms", run.toEvent);
  }
  static void readFields(Reader& in, PastCell& past) {
    in.read("night", past.night);
    in.read("hits", past.hits);
    in.read("runs", past.runs);
    in.read("flag", past.flag);
    in.read("page", past.page);
  }
  static void readFields(Reader& in, NightCellReport& cell) {
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
  static void readFields(Reader& in, NightSignature& one) {
    in.read("signature", one.signature);
    in.read("title", one.title);
    in.read("cells", one.cells);
    in.read("runs", one.runs);
    in.read("first_seen", one.firstSeen);
    in.read("last_seen", one.lastSeen);
    in.read("evidence", one.evidence);
  }

  const Json& value_;
  std::string path_;
  std::string& error_;
};

}  // namespace

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
  Reader in(json, "", error);
  int version = 0;
  in.read("version", version);
  if (error.empty() && version != kNightVersion)
    error = fmt::format("version: expected {}, found {}", kNightVersion, version);
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
