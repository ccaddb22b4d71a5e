// SPDX-License-Identifier: GPL-2.0-or-later
#include <chrono>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/interrupts.hpp"
#include "cli/log_scan.hpp"
#include "cli/output.hpp"
#include "document/errors.hpp"
#include "logfile/followed_log.hpp"
#include "logfile/log_file.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::cli {
namespace {

using namespace std::chrono_literals;

// While reports may be open, time is told to the parser this often; afterwards a log is looked at
// this often where nothing wakes us.
constexpr auto kTick = 50ms;
constexpr auto kIdleLook = 500ms;
constexpr auto kReportsMayBeOpen = 2s;  // since the last byte

Result<std::set<console::EventKind>> kindsOf(const std::vector<std::string>& names) {
  const auto known = scenario::eventNames();
  std::set<console::EventKind> kinds;
  for (const auto& name : names) {
    const auto kind = console::eventKindNamed(name);
    if (!kind)
      return fail(FailureKind::BadInput, fmt::format("--only: expected one of {}, found {}{}", fmt::join(known, ", "),
                                                     document::quote(name), document::didYouMean(name, known)));
    kinds.insert(*kind);
  }
  return kinds;
}

Result<ScanForm> formOf(const ScanArguments& arguments, const Common& common) {
  auto only = kindsOf(arguments.only);
  if (!only) return passOn(std::move(only).error());
  if (arguments.follow && arguments.logs.size() > 1)
    return fail(FailureKind::BadInput, fmt::format("--follow: expected one log, found {}", arguments.logs.size()));
  return ScanForm{.only = std::move(*only),
                  .json = common.json,
                  .summary = arguments.summary,
                  .trace = arguments.trace,
                  .live = arguments.follow,
                  .severalLogs = arguments.logs.size() > 1};
}

// The failure, when the log could not be read to its end; its events until then are shown.
Result<void> scanWhole(const std::string& name, const ScanForm& form, ScanSeen& seen, Output& output) {
  auto log = logfile::LogFile::open(name);
  if (!log) return passOn(std::move(log).error());
  LogScan scan(logfile::shownName(name), form, seen, output);
  while (!output.broken()) {
    const auto piece = log->read();
    if (piece && !piece->empty()) {
      scan.feed(*piece, {});
      continue;
    }
    scan.end();
    if (!piece) return passOn(piece.error());
    return {};
  }
  return {};
}

Result<void> scanFollowed(const std::string& name, const ScanForm& form, ScanSeen& seen, Output& output) {
  auto log = logfile::FollowedLog::open(name);
  if (!log) return passOn(std::move(log).error());
  const Interrupts interrupts;
  const auto began = std::chrono::steady_clock::now();
  const auto now = [&] {
    return std::chrono::duration_cast<console::Instant>(std::chrono::steady_clock::now() - began);
  };
  console::Instant lastByte{0};
  std::optional<LogScan> scan(std::in_place, logfile::shownName(name), form, seen, output);
  while (!output.broken()) {
    const auto step = log->next(now() - lastByte < kReportsMayBeOpen ? kTick : kIdleLook, interrupts.token());
    if (step && std::holds_alternative<logfile::Quiet>(*step)) {
      scan->tick(now());
    } else if (const auto* grown = step ? std::get_if<logfile::Grown>(&*step) : nullptr) {
      lastByte = now();
      scan->feed(grown->bytes, lastByte);
    } else {
      scan->end();
      if (!step) return passOn(step.error());
      const auto* restarted = std::get_if<logfile::Restarted>(&*step);
      if (restarted == nullptr) break;
      fmt::print(stderr, "relapse: {}: {}; from its begin again\n", name, restarted->why);
      scan.emplace(logfile::shownName(name), form, seen, output);
    }
  }
  return {};
}

void showSummary(const ScanForm& form, ScanSeen& seen, Output& output) {
  seen.totals.ungrouped = seen.summary.ungrouped();
  const auto groups = seen.summary.takeGroups();
  output.write(form.json ? report::summaryJson(groups, seen.totals) : report::summaryText(groups, seen.totals));
}

}  // namespace

int scanCommand(const ScanArguments& arguments, const Common& common) {
  const auto form = formOf(arguments, common);
  if (!form) {
    printFailure(form.error());
    return exitStatusOf(form.error().kind);
  }
  Output output;
  ScanSeen seen;
  int failed = 0;
  for (const auto& log : arguments.logs) {
    const auto scanned =
        arguments.follow ? scanFollowed(log, *form, seen, output) : scanWhole(log, *form, seen, output);
    if (scanned || output.broken()) continue;
    output.flush();
    printFailure(scanned.error());
    if (failed == 0) failed = exitStatusOf(scanned.error().kind);
  }
  if (form->summary) showSummary(*form, seen, output);
  return output.end(failed != 0 ? failed : seen.anyFailing ? 1 : 0);
}

}  // namespace relapse::cli
