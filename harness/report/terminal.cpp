// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/terminal.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "report/explanation.hpp"
#include "report/findings.hpp"
#include "report/markup.hpp"
#include "report/run_files.hpp"
#include "verdict/judge.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kFramesShown = 24;
constexpr std::size_t kMostAlso = 8;

std::string headline(const RunRecord& record, bool colour) {
  const std::string word(verdict::word(record.verdict));
  const bool held = verdict::held(record.scenario.expect, record.verdict);
  const char* code = held ? "1;32" : std::holds_alternative<verdict::Inconclusive>(record.verdict) ? "1;33" : "1;31";
  std::string out = painted(word, code, colour);
  if (const auto* reproduced = std::get_if<verdict::Reproduced>(&record.verdict))
    out += ": " + plain(reproduced->signature);
  if (const auto* other = std::get_if<verdict::OtherFailure>(&record.verdict)) out += ": " + plain(other->signature);
  if (const auto* inconclusive = std::get_if<verdict::Inconclusive>(&record.verdict))
    out += ": " + plain(inconclusive->reason);
  const char* expected =
      std::holds_alternative<scenario::ExpectSurvived>(record.scenario.expect) ? "survived" : "reproduced";
  return out + (held ? " (as expected)\n" : fmt::format(" (expected: {})\n", expected));
}

std::string kernelLine(const kernel::KernelImage& kernel, std::string_view whose = {}) {
  if (kernel.image.empty()) return {};
  std::size_t applied = 0;
  for (const auto& patch : kernel.patches) applied += patch.alreadyInSource ? 0 : 1;
  std::string out = fmt::format("  kernel    {} from {}", plain(kernel.release), plain(kernel.source));
  if (!kernel.key.empty()) out += fmt::format(", {} patch{}", applied, applied == 1 ? "" : "es");
  if (applied != kernel.patches.size())
    out += fmt::format(" ({} already in the source)", kernel.patches.size() - applied);
  out += fmt::format("{}\n", whose);
  for (const auto& missed : kernel.notHad) out += fmt::format("            not {}\n", plain(missed));
  return out;
}

std::string trace(const console::ConsoleEvent& event) {
  std::string out;
  std::size_t shown = 0;
  for (const auto& frame : event.frames) {
    if (++shown > kFramesShown)
      return out + fmt::format("              ... {} more\n", event.frames.size() - kFramesShown);
    out += fmt::format("              {}\n", plain(frame.text));
  }
  return out;
}

// " count=3 artefact: console-output"
std::string qualities(const console::ConsoleEvent& event) {
  std::string out;
  if (event.count > 1) out += fmt::format(" count={}", event.count);
  if (event.artefact == console::Artefact::StarvedHost) return out + " suspect: host";
  if (event.artefact != console::Artefact::None) out += fmt::format(" artefact: {}", console::name(event.artefact));
  return out;
}

std::string eventBlock(const RunRecord& record, std::size_t place) {
  const auto& event = record.seen.events[place];
  const std::string where = record.nodes.size() > 1 ? fmt::format(" on {}", event.node) : std::string();
  std::string out = fmt::format("  event     {}{}{}\n", plain(event.title), where, qualities(event));
  if (!event.message.empty()) out += fmt::format("            {}\n", plain(event.message));
  if (const auto stall = record.stalls.find(place); stall != record.stalls.end()) out += stallLine(stall->second);
  const auto decoded = record.decoded.find(place);
  return out + (decoded == record.decoded.end() ? trace(event) : decodedTrace(decoded->second));
}

// The frames; of an event that has none, where its CPU was.
std::string wholeTrace(const console::ConsoleEvent& event) {
  std::string out;
  for (const auto& frame : event.frames) out += fmt::format("    {}\n", plain(frame.text));
  if (!event.frames.empty()) return out;
  if (event.pc) out += fmt::format("    pc : {}\n", plain(event.pc->text));
  if (event.lr) out += fmt::format("    lr : {}\n", plain(event.lr->text));
  return out;
}

std::vector<std::size_t> mainEvents(const RunRecord& record) {
  if (const auto* reproduced = std::get_if<verdict::Reproduced>(&record.verdict)) return reproduced->events;
  if (const auto* other = std::get_if<verdict::OtherFailure>(&record.verdict)) return {other->event};
  return {};
}

// The failing events that came with the main ones, each title once.
std::string also(const RunRecord& record, const std::vector<std::size_t>& shown) {
  std::map<std::string, std::uint64_t> counts;
  std::vector<std::string> order;
  for (std::size_t i = 0; i < record.seen.events.size(); ++i) {
    const auto& event = record.seen.events[i];
    const bool told = console::isFailing(event.kind) || event.kind == console::EventKind::DumpStack;
    if (!told || std::find(shown.begin(), shown.end(), i) != shown.end()) continue;
    if ((counts[event.title] += event.count) == event.count) order.push_back(event.title);
  }
  std::string out;
  for (std::size_t i = 0; i < order.size() && i < kMostAlso; ++i)
    out += fmt::format("  also      {}{}\n", plain(order[i]),
                       counts[order[i]] > 1 ? fmt::format(" ({}x)", counts[order[i]]) : "");
  return out;
}

struct EndWords {
  std::string operator()(const guest::Exited& end) const {
    return end.status == 0 ? "" : fmt::format("exited with {}", end.status);
  }
  std::string operator()(const guest::Killed& end) const { return fmt::format("killed by signal {}", end.signal); }
  std::string operator()(const guest::NotStarted& end) const { return "not started: " + plain(end.error); }
  std::string operator()(const guest::DeadlinePassed&) const { return "did not end"; }
  std::string operator()(const guest::GuestDied&) const { return "did not end before the guest did"; }
};

std::string workLines(const RunRecord& record) {
  std::string out;
  for (const auto& work : record.seen.works) {
    std::string words = std::visit(EndWords{}, work.end);
    if (words.empty() && work.report)
      words = work.report->error ? "ended with " + plain(*work.report->error) : "ended well";
    if (words.empty() && !work.statuses.empty()) words = "ended well";
    if (words.empty()) words = "ended without a report";
    const std::string where = record.nodes.size() > 1 ? fmt::format(" on {}", work.node) : std::string();
    out += fmt::format("  work      {}{}: {}\n", work.program, where, words);
  }
  return out;
}

// What the scenario did to the guests, and when. The one fault of a simple scenario is no news.
std::string faultLines(const RunRecord& record) {
  std::vector<std::string> lines;
  for (const auto& entry : record.timeline)
    if (entry.what == "fault" || entry.what == "undo")
      lines.push_back(fmt::format("  {}     {:>7.1f} s  {}: {}\n", entry.what == "undo" ? "undo " : "fault",
                                  std::chrono::duration<double>(entry.at).count(), entry.node, plain(entry.text)));
  if (lines.size() < 2 && record.nodes.size() < 2) return {};
  const std::size_t more = lines.size() > kMostAlso ? lines.size() - kMostAlso : 0;
  lines.resize(lines.size() - more);
  return fmt::format("{}", fmt::join(lines, "")) + (more > 0 ? fmt::format("            ... {} more\n", more) : "");
}

std::string stageLine(const RunRecord& record) {
  std::vector<std::string> parts;
  std::chrono::milliseconds total{0};
  for (const auto& stage : record.stages) {
    parts.push_back(fmt::format("{} {}", stage.stage, duration(stage.took)));
    total += stage.took;
  }
  return fmt::format("  took      {}: {}\n", duration(total), fmt::join(parts, ", "));
}

std::string next(const RunRecord& record) {
  const std::string node = record.failingNode.empty() ? "client" : record.failingNode;
  const std::string name = fmt::format("console.{}.log", node);
  const auto has = [&](const std::string& file) {
    return std::any_of(record.artefacts.begin(), record.artefacts.end(),
                       [&](const auto& artefact) { return artefact.name == file; });
  };
  const std::string console = (record.directory / name).string();
  if (std::holds_alternative<verdict::Inconclusive>(record.verdict)) {
    if (!has(name)) return "  next      relapse doctor\n";
    const std::string user = fmt::format("user.{}.log", node);  // what programs said, that of a failed step as well
    return fmt::format("  next      less {}\n", console) +
           (has(user) ? fmt::format("            less {}\n", (record.directory / user).string()) : "");
  }
  if (std::holds_alternative<verdict::Survived>(record.verdict)) return {};
  std::string out = fmt::format("  next      relapse run {} --patch FIX.patch     does a fix hold?\n",
                                shellWord(scenarioWord(record.scenario.name, record.scenario.file)));
  if (record.findings) out += fmt::format("            less {}\n", (record.directory / "postmortem.txt").string());
  return out + fmt::format("            less {}\n", console);
}

}  // namespace

std::string painted(const std::string& text, const char* code, bool colour) {
  return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

std::string duration(std::chrono::milliseconds took) {
  using namespace std::chrono;
  if (took < 1s) return fmt::format("{} ms", took.count());
  if (took < 1min) return fmt::format("{:.1f} s", std::chrono::duration<double>(took).count());
  if (took >= 1h)
    return fmt::format("{} h {} min", duration_cast<hours>(took).count(), duration_cast<minutes>(took).count() % 60);
  return fmt::format("{} min {} s", duration_cast<minutes>(took).count(), duration_cast<seconds>(took).count() % 60);
}

std::string plain(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool second =
        byte == 0xc2 && at + 1 < text.size() && (static_cast<unsigned char>(text[at + 1]) & 0xe0) == 0x80;
    out += byte < ' ' || byte == 0x7f || second ? ' ' : text[at];
    if (second) ++at;
  }
  return out;
}

std::string eventText(const console::ConsoleEvent& event, bool withTrace) {
  std::string out = fmt::format("{}: {}", console::name(event.kind), plain(event.title));
  if (event.kernelTime) out += fmt::format(" time={:.6f}", *event.kernelTime);
  if (event.cpu) out += fmt::format(" cpu={}", *event.cpu);
  if (!event.task.empty()) out += fmt::format(" task={}", plain(event.task));
  if (event.pid) out += fmt::format(" pid={}", *event.pid);
  out += qualities(event) + '\n';
  return withTrace ? out + wholeTrace(event) : out;
}

std::string summary(const RunRecord& record, bool colour) {
  const auto shown = mainEvents(record);
  std::string out = headline(record, colour);
  out += fmt::format(
      "  scenario  {}{}\n", record.scenario.name,
      record.scenario.cell.empty() ? std::string() : fmt::format(" ({})", fmt::join(record.scenario.cell, ", ")));
  out += kernelLine(record.kernel);
  if (record.serverKernel) out += kernelLine(*record.serverKernel, " on the server");
  for (const auto place : shown) out += eventBlock(record, place);
  if (record.code) out += codeLine(*record.code);
  if (record.spin) out += spinLines(*record.spin);
  if (record.findings) out += findingsSummary(*record.findings);
  out += also(record, shown);
  out += faultLines(record);
  out += workLines(record);
  for (const auto& note : record.notes) out += fmt::format("  note      {}\n", plain(note));
  out += stageLine(record);
  out += fmt::format("  evidence  {}\n", record.directory.string());
  return out + next(record);
}

}  // namespace relapse::report
