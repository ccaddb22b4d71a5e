// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "console/values.hpp"
#include "guest/values.hpp"

namespace relapse::verdict {

// One workload of the scenario and its end.
struct WorkOutcome {
  std::string program;
  std::vector<std::string> allowed;  // "ok" or errno names
  guest::WorkloadEnd end = guest::DeadlinePassed{};
  std::optional<guest::WorkloadReport> report;  // its own last word
  std::string node = {};
  std::vector<int> statuses =
      {};  // of a program that reports nothing (a shell's): what it may exit with; empty: it reports
};

// That the eyes were open, each as it was seen.
struct Proofs {
  bool watchReadBack = false;  // the detectors' thresholds, read back from the guest
  bool markerSeen = false;     // written to /dev/kmsg, seen on the console
  bool writeAndRead = false;   // the export, given space, took and returned data (or no NFS in the scenario)
  bool windowPassed = false;   // a whole soft lockup window went by after the last workload's end
  bool stepsTaken = false;     // every step was begun, and each in the foreground ended
};

// All that was seen of one run.
struct Observations {
  std::vector<console::ConsoleEvent> events;  // in their order
  std::vector<WorkOutcome> works;
  guest::GuestEnd guest = guest::Alive{};  // of the first node that ended without being made to
  Proofs proofs;
  std::map<int, std::vector<std::string>> sampled = {};  // by CPU that spins: the functions in all its samples
  std::string infrastructure;                            // why the run itself broke off; empty: it did not
};

struct Reproduced {
  std::vector<std::size_t> events;
  std::string signature;
};  // indices: the expected ones
struct Survived {};
struct OtherFailure {
  std::size_t event = 0;
  std::string signature;
};
struct Inconclusive {
  std::string reason = "nothing was observed";
};
using Verdict = std::variant<Inconclusive, Reproduced, Survived, OtherFailure>;

}  // namespace relapse::verdict
