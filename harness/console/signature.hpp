// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "console/tables.hpp"
#include "console/values.hpp"

namespace relapse::console {

// Which bug an event is: kind + what all reports of the same spin share, else the innermost
// meaningful frame. `events` are the reports taken for one bug, the first one first; not empty.
std::string signature(const std::vector<ConsoleEvent>& events, const Tables& tables = Tables::kernel());

// The signatures of a log's events, in the order of the log. Soft lockups of one CPU and task within a
// boot are one spin, as are its hard lockups and its RCU stalls, each among themselves, as long as
// their reports have a frame in common. All other events are what their title says. Memory grows with
// the number of different bugs, not of reports.
class SignatureBook {
 public:
  explicit SignatureBook(const Tables& tables = Tables::kernel()) : tables_(&tables) {}

  // Which bug the event is: equal numbers, counted from 0, are one bug. "Linux version ..." is a new boot.
  std::size_t add(const ConsoleEvent& event);

  // As far as it is known now: later reports of a spin may take frames away from it. Two bugs may have
  // the same signature.
  std::string signature(std::size_t bug) const;

  void newBoot() { spins_.clear(); }

 private:
  struct Bug {
    std::string title = {};                // of the first report
    std::optional<EventKind> spin = {};    // kind of a lockup or stall
    std::vector<std::string> common = {};  // functions that all reports with a trace share, innermost first
  };
  using Spin = std::tuple<EventKind, std::optional<int>, std::optional<int>>;  // kind, CPU, PID

  std::size_t addSpin(const ConsoleEvent& event);
  std::size_t begin(Bug bug);

  const Tables* tables_;
  std::vector<Bug> bugs_;
  std::map<Spin, std::size_t> spins_;                       // of this boot
  std::map<std::string, std::size_t, std::less<>> titles_;  // of all others
};

// frames without what every such report shares (dump_stack, watchdog, IRQ entry, lock slow paths).
std::vector<RawFrame> meaningfulFrames(const ConsoleEvent& event, const Tables& tables = Tables::kernel());

// May this frame name an event of the kind?
bool isMeaningful(const RawFrame& frame, EventKind kind, const Tables& tables);

// A detector that runs in the timer interrupt and dumps its own stack shows the interrupt's frames
// first: where in `frames` what it found begins. 0: no interrupt there.
std::size_t firstBeneathInterrupt(const ConsoleEvent& event, const Tables& tables = Tables::kernel());

inline bool printsToConsole(std::string_view symbol, const Tables& tables = Tables::kernel()) {
  return tables.skip().printsToConsole(symbol);
}

// "nfs_wb_page.isra.0" -> "nfs_wb_page"
inline std::string_view withoutCompilerSuffix(std::string_view symbol, const Tables& tables = Tables::kernel()) {
  return tables.skip().withoutSuffix(symbol);
}

}  // namespace relapse::console
