// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <variant>
#include <vector>

// Which candidate (a patch, a commit, an option) brought a bug, or took it away; right even when the bug comes in some
// tries only. Pure: what is tried, and how, is the caller's business.
//
// Of n candidates, numbered 1 to n, kernel k is the one that ends with candidate k; kernel 0, without any of them, is
// the old end, kernel n the new one. A kernel *shows* the bug when tries of it hit now and then.
namespace relapse::bisect {

// What the tries of one kernel came to.
struct Tally {
  int bad = 0;           // the bug that is looked for
  int good = 0;          // no failure
  int other = 0;         // another failure, which may have come before the bug could
  int inconclusive = 0;  // no tries
  int tries() const { return bad + good + other; }

  friend bool operator==(const Tally&, const Tally&) = default;
};

enum class Saw { Bad, Good, Other, Inconclusive };

// What is asked.
struct Question {
  bool fixedBy = false;    // the old end shows the bug and the new one does not: who took it away?
  bool endsKnown = false;  // both ends are what they should be: that was found out before
  double confidence = 0.95;
  double falsePositive = 0.001;  // so often a kernel without the bug looks as if it had it
};

// Time, in any unit.
struct Costs {
  std::vector<double> build;   // by kernel; 0: it is there
  std::vector<double> chance;  // that it can be built; empty: 1 each
  double check = 0;            // to build an end without a candidate
  double run = 1;              // of one try
};

// What to do next. One try, of a kernel; or of the end with the bug without a candidate (fixedBy: with it alone).
struct Trial {
  std::size_t number = 0;  // of the kernel, or of the candidate
  bool check = false;

  friend auto operator<=>(const Trial&, const Trial&) = default;
};
struct Found {
  std::vector<std::size_t> candidates;  // several: no kernel that can be tried tells them apart
  double posterior = 0;
};
struct GoodEndIsBad {};  // the end that should be without the bug shows it
struct BadEndIsGood {};  // the end that should have it does not show it
struct Undecided {};     // nothing that could still be tried tells more
using Step = std::variant<Trial, Found, GoodEndIsBad, BadEndIsGood, Undecided>;

}  // namespace relapse::bisect
