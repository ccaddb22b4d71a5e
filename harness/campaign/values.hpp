// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "statistics/values.hpp"

// Many runs with one question. What decides is pure: it sees the tries through `Try` and the time through `Elapsed`.
namespace relapse::campaign {

enum class Outcome { Inconclusive, Reproduced, Survived, OtherFailure };

struct TryResult {
  Outcome outcome = Outcome::Inconclusive;
  bool held = false;                                 // the scenario's expectation
  std::string signature;                             // of the bug or the other failure
  std::string reason;                                // of an inconclusive one
  std::chrono::milliseconds time{0};                 // start to verdict
  std::chrono::milliseconds building{0};             // of it, what fetching and building the kernel took
  std::optional<std::chrono::milliseconds> toEvent;  // of a reproduced one: from the guest's start to the event
  std::filesystem::path run;                         // its directory; empty: there is none
};

// A scenario to be tried: its whole text, and what it is called.
struct Candidate {
  std::string label;  // "writers=8 cpus=2"
  std::string text;   // YAML
};

// Runs the candidate once with that seed. A failure is one that a verdict cannot hold: BadInput speaks against this
// candidate alone (this kernel or host cannot do a step of it), all others end the campaign.
using Try = std::function<Result<TryResult>(const Candidate&, std::uint64_t seed)>;

// Wall-clock time since the campaign's begin.
using Elapsed = std::function<std::chrono::milliseconds()>;

// A value of a knob, as the user wrote it or as the ladder made it.
struct Knob {
  std::string name;                 // "writers", "nfs.mount.version"
  std::vector<std::string> values;  // no value twice, never empty
};

// One of the settings that are compared.
struct Setting {
  Candidate candidate;
  std::vector<std::size_t> choice;  // a value for each knob; empty: the scenario as it is
};

// What the tries at one setting showed.
struct SettingRecord {
  statistics::Count count;  // of conclusive tries; hits: the bug
  int otherFailures = 0;    // tries, too, without the bug
  int inconclusive = 0;     // no tries at all
  std::vector<std::chrono::milliseconds> toEvent;
  std::optional<std::string> setAside;  // why it is not tried any more
  statistics::Count fresh;              // held out: tries of the best and the scenario's own setting after the search
};

// Why a campaign ended.
enum class Ending { Done, BudgetSpent, Interrupted, Failed };

}  // namespace relapse::campaign
