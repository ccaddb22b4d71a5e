// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "cli/signatures.hpp"
#include "console/values.hpp"
#include "report/scan.hpp"

namespace relapse::cli {

// Groups the events of several logs by their signatures. Bounded: events of a signature that comes
// when there is no room are counted and not grouped.
class ScanSummary {
 public:
  void add(const console::ConsoleEvent& event, const Signatures::Bug& bug);
  void endLog(const Signatures& signatures);  // the signatures of the log's events are final

  // The groups of all logs until now, the most frequent ones first; it has none afterwards.
  std::vector<report::SignatureGroup> takeGroups();
  std::uint64_t ungrouped() const { return ungrouped_; }

 private:
  static constexpr std::size_t kMostBytes = 2u << 20;

  bool takeRoom(std::size_t bytes);

  std::map<Signatures::Bug, std::size_t> present_;       // of this log -> presentGroups_
  std::vector<report::SignatureGroup> presentGroups_;    // in the order in which they came
  std::map<std::string, std::size_t, std::less<>> all_;  // signature -> groups_
  std::vector<report::SignatureGroup> groups_;
  std::size_t bytes_ = 0;
  std::uint64_t ungrouped_ = 0;
};

}  // namespace relapse::cli
