// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/run_page.hpp"

#include <fmt/format.h>

#include "report/event_parts.hpp"
#include "report/flame_graph.hpp"
#include "report/json_parts.hpp"
#include "report/markup.hpp"
#include "report/plot.hpp"
#include "report/rate_parts.hpp"
#include "report/terminal.hpp"
#include "report/timeline_chart.hpp"
#include "report/wait_graph.hpp"

namespace relapse::report {
namespace {

std::string endWords(const Json& work) {
  const Json& end = part(work, "end");
  std::string how = textOf(end, "how");
  if (const auto status = wholeOf(end, "status")) how += fmt::format(" with {}", *status);
  if (const auto signal = wholeOf(end, "signal")) how += fmt::format(" by signal {}", *signal);
  if (const auto error = textOf(end, "error"); !error.empty()) how += ": " + error;
  if (const auto error = textOf(work, "errno"); !error.empty()) how += ", told " + error;
  return how;
}

std::string secondsCell(const Json& object, const char* key) {
  const auto ms = wholeOf(object, key);
  return ms ? fmt::format("{:.2f}", static_cast<double>(*ms) / 1000) : std::string();
}

std::string headline(const Json& verdict) {
  for (const char* key : {"signature", "reason"})
    if (const auto text = textOf(verdict, key); !text.empty()) return text;
  return textOf(verdict, "word");
}

std::string took(const Json& stages) {
  std::chrono::milliseconds total{0};
  for (const auto& stage : stages) total += std::chrono::milliseconds(wholeOf(stage, "ms").value_or(0));
  return duration(total);
}

std::string guests(const Json& result) {
  std::string out;
  for (const auto& [name, node] : part(result, "nodes").items()) out += (out.empty() ? "" : ", ") + escaped(name);
  const std::string end = textOf(result, "guest");
  return end.empty() ? out : out + (out.empty() ? "" : "; ") + escaped(end) + " at the end";
}

std::string texts(const Json& array) {
  std::string out;
  for (const auto& one : array)
    if (one.is_string()) out += (out.empty() ? "" : ", ") + code(one.get<std::string>());
  return out;
}

std::string header(const RunFiles& run) {
  const Json& result = run.result;
  const Json& verdict = part(result, "verdict");
  const Json& scenario = part(result, "scenario");
  const std::string held = isTrue(verdict, "held") ? "as expected" : "expected: " + textOf(verdict, "expected");
  return fmt::format(
             "<p class=\"kicker\">Relapse run {}</p>\n<h1>{} {}</h1>\n<p class=\"muted\">{}, exit status {}</p>\n",
             escaped(textOf(result, "id")), badge(toneOf(verdict), textOf(verdict, "word")), escaped(headline(verdict)),
             escaped(held), wholeOf(verdict, "exit_status").value_or(0)) +
         facts({{"scenario", escaped(textOf(scenario, "name"))},
                {"cell", texts(listOf(scenario, "cell"))},
                {"set", texts(listOf(scenario, "overrides"))},
                {"kernel", escaped(kernelWords(part(result, "kernel")))},
                {"server", escaped(kernelWords(part(result, "server_kernel")))},
                {"guests", guests(result)},
                {"started", escaped(textOf(result, "started_at"))},
                {"took", took(listOf(result, "stages"))},
                {"rate", run.rate ? escaped(rateWords(*run.rate)) : ""}});
}

Section eventSection(const RunFiles& run) {
  std::string out;
  for (const auto place : decisiveEvents(run.result)) {
    const Json& event = listOf(run.result, "events")[place];
    out += fmt::format("<h3 id=\"event-{}\">{}</h3>\n", place, escaped(textOf(event, "title"))) + eventMarkup(event);
  }
  return {"event", "Event", out + details("Code at the pc", preformatted(run.disassembly))};
}

std::string stateRows(const Json& postmortem) {
  std::vector<std::vector<std::string>> rows;
  for (const char* key : {"page", "request", "inode", "context", "server", "commit"}) {
    const Json& state = part(postmortem, key);
    if (!state.is_object()) continue;
    std::string words;
    for (const auto& [name, value] : state.items())
      if (!value.is_null() && value != "" && value != Json::array())
        words +=
            (words.empty() ? "" : ", ") + name + " " + (value.is_string() ? value.get<std::string>() : dumped(value));
    rows.push_back({key, escaped(words)});
  }
  return table({"what", "state"}, rows);
}

Section postmortemSection(const RunFiles& run) {
  std::string sentence = textOf(run.postmortem, "sentence");
  if (sentence.empty()) sentence = textOf(part(run.result, "postmortem"), "sentence");
  std::string out;
  if (!sentence.empty()) out += fmt::format("<p class=\"sentence\">{}</p>\n", escaped(sentence));
  const Json& suspect = part(run.postmortem, "suspect");
  if (suspect.is_object()) {
    const Json& task = part(suspect, "task");
    out += fmt::format("<p>{} ({}) {}</p>\n", escaped(textOf(task, "comm")), wholeOf(task, "pid").value_or(0),
                       escaped(textOf(suspect, "how")));
  }
  const std::string waits = waitGraph(waitsOf(run.postmortem));
  if (!waits.empty()) out += "<h3>Who waits for whom</h3>\n" + waits;
  out += details("The page, its request, its inode", wide("State of page and inode", stateRows(run.postmortem)));
  return {"postmortem", "Post-mortem", out};
}

Section spinSection(const RunFiles& run) {
  const Json& spin = part(run.result, "spin");
  std::set<std::string> open;
  std::vector<std::vector<std::string>> rows;
  for (const auto& vcpu : listOf(spin, "vcpus")) {
    const auto number = wholeOf(vcpu, "vcpu").value_or(0);
    if (isTrue(vcpu, "spins")) open.insert(fmt::format("vcpu {}", number));
    const auto samples = wholeOf(vcpu, "samples").value_or(0);
    std::string innermost;
    for (const auto& share : listOf(vcpu, "innermost"))
      if (samples > 0)
        innermost += fmt::format("{}{} {} %", innermost.empty() ? "" : ", ", escaped(textOf(share, "function")),
                                 100 * wholeOf(share, "samples").value_or(0) / samples);
    std::string common;
    for (const auto& function : listOf(vcpu, "common"))
      if (function.is_string()) common += (common.empty() ? "" : " \u2190 ") + escaped(function.get<std::string>());
    rows.push_back({fmt::format("{}{}", number, isTrue(vcpu, "spins") ? ", spins" : ""), std::to_string(samples),
                    std::to_string(wholeOf(vcpu, "idle").value_or(0)),
                    std::to_string(wholeOf(vcpu, "user").value_or(0)), innermost, common});
  }
  const std::string graph = flameGraph(run.folded, open);
  const std::string shares =
      wide("Samples of the vCPUs",
           table({"vCPU", "#samples", "#idle", "#user", "innermost", "in every kernel sample, innermost first"}, rows));
  return {"spin", "Where the vCPUs were", graph + (graph.empty() ? shares : details("As a table", shares))};
}

Section worksSection(const Json& result) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& work : listOf(result, "works"))
    rows.push_back({escaped(textOf(work, "program")), escaped(textOf(work, "node")), secondsCell(work, "started_ms"),
                    secondsCell(work, "ended_ms"), escaped(endWords(work))});
  return {"works", "Workloads", wide("Workloads", table({"program", "node", "#from, s", "#to, s", "end"}, rows))};
}

std::string kernelMarkup(const Json& kernel) {
  if (!kernel.is_object()) return {};
  std::vector<std::string> patches;
  for (const auto& patch : listOf(kernel, "patches"))
    patches.push_back(textOf(patch, "file") + (isTrue(patch, "already_in_source") ? " (already in the source)" : ""));
  const std::string missed = texts(listOf(kernel, "sources_not_had"));
  return facts({{"release", escaped(textOf(kernel, "release"))},
                {"source", escaped(textOf(kernel, "source"))},
                {"not had", missed},
                {"build-id", code(textOf(kernel, "build_id"))},
                {"Image", code(textOf(kernel, "image_sha256"))},
                {"vmlinux", code(textOf(kernel, "vmlinux_sha256"))}}) +
         list(patches);
}

Section conditions(const Json& result) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& stage : listOf(result, "stages"))
    rows.push_back({escaped(textOf(stage, "stage")), secondsCell(stage, "ms")});
  std::string proofs;
  for (const auto& [name, seen] : part(result, "proofs").items())
    proofs += (proofs.empty() ? "" : ", ") + escaped(name) + (seen == true ? " \u2713" : " \u2717");
  const std::string server = kernelMarkup(part(result, "server_kernel"));
  return {"conditions", "Conditions",
          kernelMarkup(part(result, "kernel")) + (server.empty() ? "" : "<h3>Server's kernel</h3>\n" + server) +
              facts({{"tools", escaped(textOf(result, "tools"))},
                     {"seed", std::to_string(wholeOf(part(result, "scenario"), "seed").value_or(0))},
                     {"proofs", proofs}}) +
              details("Stages and their times", table({"stage", "#s"}, rows))};
}

Section artefactsSection(const Json& result) {
  std::vector<std::vector<std::string>> rows{{"<a href=\"./result.json\">result.json</a>", "", ""}};
  for (const auto& file : listOf(result, "artefacts")) {
    const std::string name = textOf(file, "name");
    const std::string sum = textOf(file, "sha256");
    rows.push_back({fmt::format("<a href=\"{}\">{}</a>", linkTo(name), escaped(name)),
                    bytesWords(static_cast<double>(wholeOf(file, "bytes").value_or(0))),
                    sum.empty() ? "" : code(sum.substr(0, 16))});
  }
  return {"artefacts", "Files", wide("Files", table({"file", "#size", "sha256, first 16"}, rows))};
}

Section nextSection(const Json& result) {
  const Json& verdict = part(result, "verdict");
  const std::string word = textOf(verdict, "word");
  const std::string id = shellWord(textOf(result, "id"));
  std::string lines = fmt::format("relapse replay {}\n{}\n", id, commandLine(runCommand(result)));
  if (word == "reproduced" || word == "other-failure")
    lines += commandLine(runCommand(result)) + " --patch FIX.patch\n";
  if (word == "inconclusive") lines += "relapse doctor\n";
  return {"next", "Next",
          preformatted(lines) + fmt::format("<p class=\"muted small\">This page again: <code>relapse report {0}"
                                            "</code>, for a mailing list with <code>--format mail</code>.</p>\n",
                                            escaped(id))};
}

Section notesSection(const RunFiles& run) {
  std::vector<std::string> notes = run.notes;
  for (const auto& note : listOf(run.result, "notes"))
    if (note.is_string()) notes.push_back(note.get<std::string>());
  return {"notes", "Notes", list(notes)};
}

}  // namespace

Tone toneOf(const Json& verdict) {
  if (textOf(verdict, "word") == "inconclusive") return Tone::Warn;
  return isTrue(verdict, "held") ? Tone::Good : Tone::Bad;
}

std::string runPage(const RunFiles& run) {
  const Json& result = run.result;
  PageParts parts;
  parts.title = fmt::format("{}: {}", textOf(part(result, "verdict"), "word"), headline(part(result, "verdict")));
  parts.header = header(run);
  parts.sections = {eventSection(run),
                    postmortemSection(run),
                    {"timeline", "Timeline", timelineChart(run) + details("As a table", timelineTable(run))},
                    spinSection(run),
                    {"rate", "Rate", run.rate ? rateMarkup(*run.rate) : std::string()},
                    {"others", "Other events", otherEvents(result)},
                    worksSection(result),
                    notesSection(run),
                    conditions(result),
                    artefactsSection(result),
                    nextSection(result)};
  parts.footer =
      fmt::format("<p>relapse {}, {}</p>\n", escaped(textOf(result, "relapse")), escaped(textOf(result, "started_at")));
  return page(parts);
}

}  // namespace relapse::report
