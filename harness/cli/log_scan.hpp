// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/held_lines.hpp"
#include "cli/output.hpp"
#include "cli/scan_summary.hpp"
#include "cli/signatures.hpp"
#include "console/parser.hpp"
#include "report/scan.hpp"

namespace relapse::cli {

struct ScanForm {
  std::set<console::EventKind> only;  // empty: all kinds
  bool json = false;
  bool summary = false;
  bool trace = false;
  bool live = false;  // a followed log: every event is shown at once
  bool severalLogs = false;
};

// What a scan has seen over all its logs.
struct ScanSeen {
  report::ScanTotals totals;
  ScanSummary summary;
  bool anyFailing = false;  // of the kinds asked for
};

// Bytes of one log -> its events, shown in the form asked for. Not thread-safe.
class LogScan {
 public:
  LogScan(std::string name, const ScanForm& form, ScanSeen& seen, Output& output);

  void feed(std::string_view bytes, console::Instant now) { show(parser_.feed({bytes, now})); }
  void tick(console::Instant now) { show(parser_.tick(now)); }

  // The log is over. What could not be placed in it is told on standard error.
  void end();

 private:
  void show(const std::vector<console::ConsoleEvent>& events);
  void show(const console::ConsoleEvent& event);

  const std::string name_;
  const ScanForm& form_;
  ScanSeen& seen_;
  Output& output_;
  console::ConsoleParser parser_;
  Signatures signatures_;
  HeldLines held_;
};

}  // namespace relapse::cli
