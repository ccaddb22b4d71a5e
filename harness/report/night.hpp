// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"

namespace relapse::report {

inline constexpr int kNightVersion = 1;  // of docs/night.schema.json

// What the runs of one cell, or of one scenario, amount to.
struct Rate {
  int hits = 0;          // runs that showed the bug, or, where survival was expected, any failure
  int runs = 0;          // that came to a verdict
  int inconclusive = 0;  // those that did not: no runs at all
  double low = 0;        // 95 % interval of the rate
  double high = 1;
  std::vector<std::chrono::milliseconds> toEvent = {};  // of the hits, from the guest's start
  // Of the runs without the event, how long it did not come: censored in the time-to-event curve.
  std::vector<std::chrono::milliseconds> without = {};
};

struct NightRun {
  std::string id = {};
  std::string directory = {};  // empty: not kept
  std::string verdict = {};
  std::string signature = {};
  std::string reason = {};
  std::optional<std::chrono::milliseconds> toEvent = {};
  std::chrono::milliseconds took{0};
  std::string where = {};  // host or node that it ran on
};

// A cell of one night, for the heat map.
struct PastCell {
  std::string night = {};
  int hits = 0;
  int runs = 0;
  std::string flag = {};
  std::string page = {};  // of that night, relative to this one's page; empty: there is none
};

struct NightCellReport {
  std::string key = {};  // "debian-6.1/nfs-wb-page-soft-lockup/nfs.mount.version=3"
  std::string kernel = {};
  std::string scenario = {};
  std::string variant = {};   // empty: the scenario as it is
  std::string expected = {};  // reproduced, survived
  std::string release = {};
  Rate rate = {};
  std::string flag = {};   // a word of kFlags
  std::string words = {};  // a sentence with the numbers, or why it was not run
  std::vector<NightRun> runs = {};
  std::vector<PastCell> past = {};  // oldest first, at most the last 30 nights
};

// A cell's flag. Only the first four want a person's eye.
inline constexpr std::string_view kFlags[] = {
    "new-failure",      // failed, and did not in the nights before
    "rate-changed",     // more or less often than in the nights before
    "other-signature",  // fails as before, but it is another bug
    "unconfirmed",      // failed, and did not in the nights before; too few runs to be sure
    "fixed",            // failed in the nights before, and does not
    "still-failing",    //
    "passed",           // as expected
    "inconclusive",     // no run came to a verdict
    "not-run",          // words says why
};

struct NightSignature {
  std::string signature = {};
  std::string title = {};
  std::vector<std::string> cells = {};  // of this night, where it was seen
  int runs = 0;                         // of this night
  std::string firstSeen = {};           // over all nights, RFC 3339
  std::string lastSeen = {};
  std::string evidence = {};  // a run's directory; empty: none
};

// Everything of one night; night.json, and all its other forms are made from it.
struct NightReport {
  std::string id = {};
  std::string matrix = {};
  std::string startedAt = {};
  std::string finishedAt = {};
  std::string engine = {};
  std::string relapse = {};  // version
  bool expected = true;      // the night's exit status is 0
  double falseFlags = 0;     // the rate of nights without a change that are flagged all the same, as designed
  std::vector<NightCellReport> cells = {};
  std::vector<NightSignature> signatures = {};
  std::vector<std::string> notes = {};
};

// night.json, as docs/night.schema.json describes it, and back. BadInput: it is none, or of a newer relapse.
std::string nightJson(const NightReport& night);
Result<NightReport> readNight(std::string_view json);

}  // namespace relapse::report
