// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "console/values.hpp"

namespace relapse::report {

// One event of a log as a line of JSON, in two parts: its signature, which later reports may change,
// comes between them. Keys as in docs/scan.md.
struct UnsignedLine {
  std::string before;
  std::string after;
};

// `log`: the file's name where there are several logs; empty: there is one, and the key is null.
UnsignedLine scanLine(const console::ConsoleEvent& event, std::string_view log);
std::string signedLine(const UnsignedLine& line, std::string_view signature);  // without the line's end

// The events of one signature.
struct SignatureGroup {
  std::string signature = {};
  std::set<console::EventKind> kinds = {};
  std::uint64_t events = 0;
  std::uint64_t reports = 0;         // an event that stands for several counts as often
  std::uint64_t artefacts = 0;       // events that are marked as one
  std::uint64_t logs = 0;            // that have such an event
  std::optional<double> first = {};  // kernel time of the first and of the last report, in the order read
  std::optional<double> last = {};
};

// What scan tells beside the events: over all logs.
struct ScanTotals {
  std::uint64_t logs = 0;  // that could be opened
  std::uint64_t lines = 0;
  std::uint64_t events = 0;     // of the kinds asked for
  std::uint64_t ungrouped = 0;  // of them: without a group, there were too many signatures
  std::uint64_t strayFrames = 0;
  std::uint64_t ambiguousLines = 0;
  std::uint64_t droppedBytes = 0;
};

// "3 trace lines belong to no report, 120 bytes of over-long lines dropped"; empty when all was placed.
std::string unplaced(const ScanTotals& totals);

// The groups in the order given: a line each; or one object of JSON for all.
std::string summaryText(const std::vector<SignatureGroup>& groups, const ScanTotals& totals);
std::string summaryJson(const std::vector<SignatureGroup>& groups, const ScanTotals& totals);

}  // namespace relapse::report
