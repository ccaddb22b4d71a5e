// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/mail.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "report/json_parts.hpp"
#include "report/lines.hpp"
#include "report/mail_parts.hpp"
#include "report/markup.hpp"
#include "report/night_page.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kFrames = 40;
constexpr std::string_view kCode = "    ";

// A frame in one line where it fits, else its place in a second one.
std::string frameText(const FrameLine& frame) {
  std::string out;
  for (const auto& call : frame.inlined) out += wrapped(call + " (inlined)", "      ", "        ");
  const std::string text = asciiLine(frame.text);
  const std::string place = asciiLine(frame.place);
  const std::string together = fmt::format("{}{:<36} {}", kCode, text, place);
  if (!place.empty() && together.size() <= kMailWidth) return out + together + "\n";
  return out + wrapped(text, kCode, "      ") + (place.empty() ? "" : wrapped(place, "        ", "          "));
}

std::string traceText(const Json& event) {
  std::string out;
  std::size_t shown = 0;
  const auto all = frameLines(listOf(event, "frames"));
  for (const auto& frame : all) {
    if (shown++ == kFrames) return out + fmt::format("{}... {} more\n", kCode, all.size() - kFrames);
    out += frameText(frame);
  }
  return out;
}

std::string where(const Json& result) {
  const Json& event = decisiveEvent(result);
  std::string out = named("kernel", kernelWords(part(result, "kernel")));
  out += named("server", kernelWords(part(result, "server_kernel")));
  out += named("build-id", textOf(part(result, "kernel"), "build_id"));
  out += named("machine", "arm64; " + textOf(result, "tools"));
  std::string task = textOf(event, "task");
  if (const auto pid = wholeOf(event, "pid")) task += fmt::format(" ({})", *pid);
  if (const auto cpu = wholeOf(event, "cpu")) task += fmt::format(" on CPU {}", *cpu);
  return out + named("task", task);
}

std::string patchNames(const Json& result) {
  std::string out;
  for (const auto& patch : listOf(part(result, "kernel"), "patches")) {
    std::string name = textOf(patch, "file");
    name = name.substr(name.rfind('/') + 1);
    out += wrapped(name + (isTrue(patch, "already_in_source") ? " (already in the source)" : ""), "  - ", "    ");
  }
  return out.empty() ? out : "\nPatches on top of the source:\n\n" + out;
}

std::string whatHappened(const RunFiles& run) {
  const Json& verdict = part(run.result, "verdict");
  const Json& event = decisiveEvent(run.result);
  std::string what = textOf(verdict, "signature");
  if (what.empty()) what = textOf(verdict, "reason");
  std::string out = named("what", what.empty() ? textOf(verdict, "word") : what);
  out += named("verdict", fmt::format("{} (expected: {})", textOf(verdict, "word"), textOf(verdict, "expected")));
  if (const auto at = wholeOf(event, "at_ms"))
    out += named("after", fmt::format("{:.1f} s from the guest's start", static_cast<double>(*at) / 1000));
  std::string sentence = textOf(part(run.result, "postmortem"), "sentence");
  return out + named("state", sentence);
}

std::string subject(const RunFiles& run) {
  const Json& verdict = part(run.result, "verdict");
  std::string what = textOf(verdict, "signature");
  if (what.empty()) what = textOf(part(run.result, "scenario"), "name") + ": " + textOf(verdict, "word");
  const std::string release = textOf(part(run.result, "kernel"), "release");
  return wrapped("[relapse] " + what + (release.empty() ? "" : " on " + release), "Subject: ", " ");
}

std::string cellText(const NightCellReport& cell) {
  std::string out = wrapped(cell.key, fmt::format("{:<16} ", asciiLine(cell.flag)), "                 ");
  if (!cell.words.empty()) out += wrapped(cell.words, "    ", "    ");
  if (cell.rate.runs > 0) out += wrapped(rateWords(cell.rate), "    ", "    ");
  return out;
}

std::string nightSubject(const NightReport& night, std::ptrdiff_t flagged) {
  return wrapped(fmt::format("[relapse] night {}: {}, {} of {} cells to look at", night.id,
                             night.expected ? "as expected" : "not as expected", flagged, night.cells.size()),
                 "Subject: ", " ");
}

}  // namespace

std::string mail(const RunFiles& run) {
  const Json& result = run.result;
  const Json& event = decisiveEvent(result);
  std::string out = subject(run) + "\n" + whatHappened(run);
  out += heading("Where") + where(result);
  out += heading("Rate") +
         wrapped(run.rate ? rateWords(*run.rate) : "one run; nothing is said of how often it comes", "", "");
  out += heading("How to reproduce") + commandText(runCommand(result), kMailWidth);
  out += commandText({"relapse", "replay", textOf(result, "id")}, kMailWidth) + patchNames(result);
  if (const auto message = textOf(event, "message"); !message.empty())
    out += heading("Message") + wrapped(message, kCode, kCode);
  if (const auto trace = traceText(event); !trace.empty()) out += heading("Trace") + trace;
  return out + "\n--\n" + wrapped("relapse " + textOf(result, "relapse") + ", run " + textOf(result, "id"), "", "");
}

std::string mail(const NightReport& night) {
  const auto flagged = std::ranges::count_if(night.cells, [](const auto& cell) { return wantsAPerson(cell.flag); });
  std::string out = nightSubject(night, flagged) + "\n";
  out += named("matrix", night.matrix) + named("engine", night.engine) + named("started", night.startedAt) +
         named("finished", night.finishedAt);
  if (flagged > 0) out += heading("To look at");
  for (const auto& cell : night.cells)
    if (wantsAPerson(cell.flag)) out += cellText(cell) + "\n";
  if (!night.signatures.empty()) out += heading("Signatures");
  for (const auto& one : night.signatures)
    out += wrapped(one.signature, "  - ", "    ") +
           wrapped(fmt::format("{} runs, first seen {}, last seen {}", one.runs, one.firstSeen, one.lastSeen), "    ",
                   "    ");
  out += heading("All other cells");
  for (const auto& cell : night.cells)
    if (!wantsAPerson(cell.flag)) out += cellText(cell);
  if (!night.notes.empty()) out += heading("Notes");
  for (const auto& note : night.notes) out += wrapped(note, "  - ", "    ");
  return out + "\n--\n" + wrapped("relapse " + night.relapse, "", "");
}

}  // namespace relapse::report
