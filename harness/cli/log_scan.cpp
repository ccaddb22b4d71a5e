// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/log_scan.hpp"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "report/terminal.hpp"

namespace relapse::cli {
namespace {

constexpr std::size_t kMostHeld = 6u << 20;  // bytes of lines that wait for their signature

report::ScanTotals totalsOf(const console::ParserCounts& counts) {
  return {.lines = counts.lines,
          .strayFrames = counts.strayFrames,
          .ambiguousLines = counts.ambiguousLines,
          .droppedBytes = counts.droppedBytes};
}

void add(report::ScanTotals& all, const report::ScanTotals& one) {
  all.lines += one.lines;
  all.strayFrames += one.strayFrames;
  all.ambiguousLines += one.ambiguousLines;
  all.droppedBytes += one.droppedBytes;
}

}  // namespace

LogScan::LogScan(std::string name, const ScanForm& form, ScanSeen& seen, Output& output)
    : name_(std::move(name)),
      form_(form),
      seen_(seen),
      output_(output),
      held_(signatures_, output, form.live ? 0 : kMostHeld) {
  ++seen_.totals.logs;
  if (form_.severalLogs && !form_.json && !form_.summary) output_.write(report::plain(name_) + ":\n");
}

void LogScan::show(const std::vector<console::ConsoleEvent>& events) {
  for (const auto& event : events)
    if (form_.only.empty() || form_.only.contains(event.kind)) show(event);
  if (form_.live && !events.empty()) output_.flush();
}

void LogScan::show(const console::ConsoleEvent& event) {
  ++seen_.totals.events;
  seen_.anyFailing = seen_.anyFailing || console::isFailing(event.kind);
  if (form_.summary) {
    seen_.summary.add(event, signatures_.add(event));
  } else if (form_.json) {
    held_.add(report::scanLine(event, form_.severalLogs ? name_ : ""), signatures_.add(event));
  } else {
    output_.write(report::eventText(event, form_.trace));
  }
}

void LogScan::end() {
  show(parser_.finish());
  held_.release();
  seen_.summary.endLog(signatures_);
  const auto totals = totalsOf(parser_.counts());
  add(seen_.totals, totals);
  const std::string untold = totals.lines == 0 ? "no line in it" : report::unplaced(totals);
  if (untold.empty()) return;
  output_.flush();
  fmt::print(stderr, "relapse: {}: {}\n", report::plain(name_), untold);
}

}  // namespace relapse::cli
