// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/interrupts.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "console/parser.hpp"
#include "logfile/log_file.hpp"
#include "postmortem/inspect.hpp"
#include "postmortem/stuck_code.hpp"
#include "report/disassembly.hpp"
#include "report/findings.hpp"
#include "stacktrace/decoder.hpp"

namespace relapse::cli {
namespace {

// The first report of a crash in a log that has registers.
Result<std::optional<console::ConsoleEvent>> crashIn(const std::string& name) {
  auto log = logfile::LogFile::open(name);
  if (!log) return passOn(std::move(log).error());
  console::ConsoleParser parser;
  std::optional<console::ConsoleEvent> crash;
  const auto look = [&](const std::vector<console::ConsoleEvent>& events) {
    for (const auto& event : events)
      if (!crash && event.kind == console::EventKind::Oops && !event.registers.empty()) crash = event;
  };
  while (!crash) {
    const auto piece = log->read();
    if (!piece) return passOn(piece.error());
    if (piece->empty()) break;
    look(parser.feed({*piece, {}}));
  }
  look(parser.finish());
  return crash;
}

Result<postmortem::Findings> inspectAsAsked(const InspectArguments& arguments) {
  const Interrupts interrupts;
  postmortem::InspectRequest request;
  request.vmcore = arguments.vmcore;
  request.vmlinux = arguments.vmlinux;
  request.modules = arguments.modules;
  request.script = inspectionScript();
  request.task = arguments.task;
  request.stop = interrupts.token();
  if (!arguments.console.empty()) {
    auto crash = crashIn(arguments.console.string());
    if (!crash) return passOn(std::move(crash).error());
    if (!*crash) fmt::print(stderr, "relapse: {}: no registers of a crash in it\n", arguments.console.string());
    request.crash = std::move(*crash);
  }
  return postmortem::inspect(request);
}

// The code that the stuck task is at, or why it cannot be shown; nothing when no task is stuck.
std::string stuckCode(const postmortem::Findings& findings, const InspectArguments& arguments) {
  const auto* frame = findings.suspect ? postmortem::stuckFrame(findings.suspect->stack) : nullptr;
  if (frame == nullptr) return {};
  auto decoder = stacktrace::Decoder::open({arguments.vmlinux, arguments.modules});
  auto code = decoder ? postmortem::disassembleFrame(frame->frame.raw, frame->pc, {}, *decoder)
                      : Result<postmortem::Disassembly>(passOn(decoder.error()));
  return "\n" +
         (code ? report::disassemblyText(*code) : fmt::format("not available: code: {}\n", code.error().message));
}

}  // namespace

int inspectCommand(const InspectArguments& arguments, const Common& common) {
  const auto findings = inspectAsAsked(arguments);
  if (!findings) {
    printFailure(findings.error());
    return exitStatusOf(findings.error().kind);
  }
  Output output;
  output.write(common.json ? findings->json : report::findingsText(*findings) + stuckCode(*findings, arguments));
  return output.end(0);
}

}  // namespace relapse::cli
