// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/scan.hpp"

#include <fmt/format.h>

#include "report/event_json.hpp"
#include "report/terminal.hpp"

namespace relapse::report {
namespace {

template <class T>
Json orNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json orNull(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(std::string(text));
}

Json orNull(const std::optional<console::RawFrame>& frame) {
  return frame ? frameJson(*frame) : Json(nullptr);
}

std::string kindsOf(const SignatureGroup& group) {
  std::vector<std::string_view> names;
  for (const auto kind : group.kinds) names.push_back(console::name(kind));
  return fmt::format("{}", fmt::join(names, ","));
}

std::string groupText(const SignatureGroup& group, bool severalLogs) {
  std::string out = fmt::format("{:>6} {}  kind={}", group.reports, plain(group.signature), kindsOf(group));
  if (group.first) out += fmt::format(" first={:.6f}", *group.first);
  if (group.last) out += fmt::format(" last={:.6f}", *group.last);
  if (severalLogs) out += fmt::format(" logs={}", group.logs);
  if (group.artefacts > 0) out += fmt::format(" artefact: console-output ({} of {})", group.artefacts, group.events);
  return out + '\n';
}

Json groupJson(const SignatureGroup& group) {
  Json out{{"signature", group.signature}, {"kinds", Json::array()}};
  for (const auto kind : group.kinds) out["kinds"].push_back(std::string(console::name(kind)));
  out["events"] = group.events;
  out["reports"] = group.reports;
  out["artefacts"] = group.artefacts;
  out["logs"] = group.logs;
  out["first"] = orNull(group.first);
  out["last"] = orNull(group.last);
  return out;
}

}  // namespace

UnsignedLine scanLine(const console::ConsoleEvent& event, std::string_view log) {
  const Json head{{"event", std::string(console::name(event.kind))}, {"title", event.title}};
  Json rest{{"time", orNull(event.kernelTime)}, {"cpu", orNull(event.cpu)},     {"task", orNull(event.task)},
            {"pid", orNull(event.pid)},         {"frames", framesJson(event)},  {"span", spanJson(event.span)},
            {"artefact", artefactJson(event)},  {"log", orNull(log)},           {"message", event.message},
            {"release", orNull(event.release)}, {"taint", orNull(event.taint)}, {"registers", registersJson(event)},
            {"pc", orNull(event.pc)},           {"lr", orNull(event.lr)},       {"count", event.count}};
  if (event.count > 1) rest["last"] = {{"time", orNull(event.last.kernelTime)}, {"span", spanJson(event.last.span)}};
  UnsignedLine line{dumped(head), dumped(rest)};
  line.before.back() = ',';  // for '}'
  line.before += "\"signature\":";
  line.after.front() = ',';  // for '{'
  return line;
}

std::string signedLine(const UnsignedLine& line, std::string_view signature) {
  return line.before + dumped(Json(std::string(signature))) + line.after;
}

std::string unplaced(const ScanTotals& totals) {
  const auto lines = [](std::uint64_t count, const char* one, const char* several) {
    return count == 1 ? std::string(one) : fmt::format("{} {}", count, several);
  };
  std::vector<std::string> parts;
  if (totals.strayFrames > 0)
    parts.push_back(lines(totals.strayFrames, "1 trace line belongs to no report", "trace lines belong to no report"));
  if (totals.ambiguousLines > 0)
    parts.push_back(lines(totals.ambiguousLines, "1 trace line could belong to two reports",
                          "trace lines could belong to two reports"));
  if (totals.droppedBytes > 0)
    parts.push_back(
        lines(totals.droppedBytes, "1 byte of over-long lines dropped", "bytes of over-long lines dropped"));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string summaryText(const std::vector<SignatureGroup>& groups, const ScanTotals& totals) {
  std::string out;
  for (const auto& group : groups) out += groupText(group, totals.logs > 1);
  if (totals.ungrouped > 0) out += fmt::format("{:>6} events of further signatures\n", totals.ungrouped);
  return out;
}

std::string summaryJson(const std::vector<SignatureGroup>& groups, const ScanTotals& totals) {
  std::string out = "{\"groups\":[";
  for (const auto& group : groups) out.append(&group == &groups.front() ? "" : ",").append(dumped(groupJson(group)));
  std::string rest = dumped({{"logs", totals.logs},
                             {"lines", totals.lines},
                             {"events", totals.events},
                             {"ungrouped", totals.ungrouped},
                             {"stray_frames", totals.strayFrames},
                             {"ambiguous_lines", totals.ambiguousLines},
                             {"dropped_bytes", totals.droppedBytes}});
  rest.front() = ',';  // for '{'
  return out + "]" + rest + "\n";
}

}  // namespace relapse::report
