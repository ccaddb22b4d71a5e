// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"

namespace relapse::report {

inline constexpr int kBisectVersion = 1;  // of docs/bisect.schema.json

// The words that a bisect's fields may have; readBisect() takes no other.
inline constexpr std::string_view kBisectSpaces[] = {"series", "git", "config"};
inline constexpr std::string_view kBisectOutcomes[] = {"bad", "good", "other", "inconclusive"};
inline constexpr std::string_view kBisectExpected[] = {"good", "bad"};
inline constexpr std::string_view kBisectEndings[] = {"found",     "good-end-bad", "bad-end-good", "not-decided",
                                                      "under-way", "interrupted",  "failed"};

// What the tries of one kernel showed.
struct BisectCount {
  int bad = 0;           // the target signature
  int good = 0;          // no failure at all
  int other = 0;         // another failure
  int inconclusive = 0;  // no tries at all
  int tries() const { return bad + good + other; }
  friend bool operator==(const BisectCount&, const BisectCount&) = default;
};

struct BisectRun {
  std::string outcome = {};    // "bad", "good", "other", "inconclusive"
  std::string signature = {};  // of bad and other
  std::string reason = {};     // of inconclusive
  std::string directory = {};  // empty: not kept
  std::chrono::milliseconds took{0};
  friend bool operator==(const BisectRun&, const BisectRun&) = default;
};

// One patch, commit or option, and the kernel that ends with it.
struct BisectCandidate {
  std::string name = {};     // "0005-nfs-keep-the-page", a commit's 12 digits, "CONFIG_PREEMPT=y"
  std::string subject = {};  // one line; empty: the name says it all
  std::string author = {};
  double posterior = 0;              // that it is the culprit
  bool chosen = false;               // it is among the culprits that are left
  BisectCount count = {};            // of its kernel
  std::string sameAs = {};           // the name of another whose kernel is the same binary, and was tried in its place
  std::string skipped = {};          // why its kernel could not be tried: does not build, a patch does not apply
  std::vector<BisectRun> runs = {};  // of its kernel
  friend bool operator==(const BisectCandidate&, const BisectCandidate&) = default;
};

// An end, before the search.
struct BisectEnd {
  std::string name = {};  // "debian-6.1", "debian-6.1 + 8 patches", a commit
  BisectCount count = {};
  std::vector<BisectRun> runs = {};
  friend bool operator==(const BisectEnd&, const BisectEnd&) = default;
};

// Another failure on the way.
struct BisectOther {
  std::string signature = {};
  std::string first = {};  // name of the first candidate whose kernel showed it
  int runs = 0;
  friend bool operator==(const BisectOther&, const BisectOther&) = default;
};

// The proof: the culprit taken from the bad end, put on the good one.
struct BisectCheck {
  std::string what = {};      // "the bad end without 0005-nfs-..."
  std::string expected = {};  // "good", "bad"
  bool made = false;          // the kernel could be made and tried; else `words` says why not
  bool held = false;          // it came out as expected
  std::string words = {};     // one sentence with the numbers
  BisectCount count = {};
  std::vector<BisectRun> runs = {};
  friend bool operator==(const BisectCheck&, const BisectCheck&) = default;
};

// Of --subset.
struct BisectSubset {
  std::vector<std::string> names = {};      // the smallest set that suffices, in the series' order
  std::vector<std::string> necessary = {};  // those without which the whole series does not show it
  bool minimal = false;                     // each one taken from the set was tried: without it the bug does not come
  std::string words = {};
  friend bool operator==(const BisectSubset&, const BisectSubset&) = default;
};

// What a `Fixes:` line and a mail need to know of the culprit.
struct BisectCulprit {
  std::string commit = {};     // 40 hex digits; empty: not known
  std::string messageId = {};  // of the mail it came by; empty: none
  std::string subject = {};
  std::string author = {};
  friend bool operator==(const BisectCulprit&, const BisectCulprit&) = default;
};

// Everything of one bisect; bisect.json, and all its other forms are made from it.
struct BisectReport {
  std::string id = {};
  std::string relapse = {};  // version
  std::string scenario = {};
  std::string space = {};    // "series", "git", "config"
  std::string source = {};   // "debian-6.1", a tree
  std::string release = {};  // of the bad end's kernel
  std::string target = {};   // the signature that is bad
  bool fixedBy = false;      // the search is for what fixed it: the old end is bad, the new one good
  std::string startedAt = {};
  std::string finishedAt = {};
  std::chrono::milliseconds took{0};
  double confidence = 0.95;  // asked for
  // What the tries say of how often it comes where it is: the middle and the ends of 95 %.
  double rate = 0;
  double rateLow = 0;
  double rateHigh = 1;
  BisectEnd good = {};
  BisectEnd bad = {};
  std::vector<BisectCandidate> candidates = {};  // in their order; of a full graph parents before children
  double posterior = 0;                          // of those chosen together
  std::string ending = {};                 // "found", "good-end-bad", "bad-end-good", "not-decided", "under-way", ...
  std::string words = {};                  // the result in a sentence
  std::vector<std::string> cautions = {};  // what a reader should know of it, a sentence each
  std::vector<BisectOther> others = {};
  std::vector<BisectCheck> checks = {};
  std::optional<BisectSubset> subset = {};
  std::vector<BisectCulprit> culprits = {};  // of those chosen
  std::string reproduce = {};                // a command line that shows the bug on the bad end's kernel
  int kernels = 0;                           // built or taken from the cache
  int runs = 0;
  std::vector<std::string> story = {};  // the log's lines for a reader
  friend bool operator==(const BisectReport&, const BisectReport&) = default;
};

// bisect.json, as docs/bisect.schema.json describes it, and back. BadInput: it is none, or of a newer relapse.
std::string bisectJson(const BisectReport& bisect);
Result<BisectReport> readBisect(std::string_view json);

// For a terminal, in lines of less than 100 columns; `colour`: ANSI colours.
std::string bisectSummary(const BisectReport& bisect, bool colour);

// One page without script: the result, the posterior over all candidates, counts, evidence, checks, other failures.
std::string bisectPage(const BisectReport& bisect);

// Text ready for a mailing list: what is broken, by what, how sure, how it was checked, how to see it, and the trailer
// of a fix in the kernel's form, `Fixes: 123456789abc ("subject")`, where one commit was found and its id is known. No
// folder of this machine is named in it. ASCII, no line longer than other mails', but for that trailer, the author
// and a message's id, which stay as they are.
std::string bisectMail(const BisectReport& bisect);

}  // namespace relapse::report
