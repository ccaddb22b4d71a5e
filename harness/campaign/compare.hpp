// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "history/values.hpp"
#include "statistics/values.hpp"

// Two sets of runs: what differs between them, beyond chance. Pure.
namespace relapse::campaign {

// Whether a run is a try (it came to a verdict), and whether it is a hit: it showed the bug, or, where survival was
// expected, any failure.
bool isTry(const history::Run& run);
bool isHit(const history::Run& run);

// A test's p, and the same corrected for the number of tests in the whole comparison (Holm).
struct Tested {
  double p = 1;
  double corrected = 1;
  bool significant = false;
};

// What one set has in a cell.
struct CellRuns {
  statistics::Count count;
  statistics::Interval interval;                        // of the rate, 95 %
  int inconclusive = 0;                                 // no tries
  std::vector<std::chrono::milliseconds> toEvent = {};  // of the hits, ascending
};

struct CellSignature {
  std::string signature;
  int one = 0;  // tries that showed it
  int other = 0;
  std::optional<Tested> test = {};
};

// Without a test: no outcome of so few runs, or so alike ones, could be a difference.
struct CellComparison {
  std::string key;
  CellRuns one;
  CellRuns other;
  std::optional<Tested> rate = {};             // Fisher
  std::optional<Tested> time = {};             // log-rank; runs without a hit are censored
  bool sooner = false;                         // with `time`: in the first set
  std::vector<CellSignature> signatures = {};  // of hits and other failures
};

struct SetComparison {
  std::vector<CellComparison> cells;           // that both have, by their key
  std::vector<std::string> onlyOne;            // keys
  std::vector<std::string> onlyOther;          //
  std::vector<std::string> signaturesOnlyOne;  // over all runs
  std::vector<std::string> signaturesOnlyOther;
  int tests = 0;
  int differences = 0;  // significant ones
};

enum class MatchBy {
  NightCell,        // both are nights
  ScenarioAndCell,  // else; the kernel is what differs
};

inline constexpr double kSignificant = 0.05;  // so often two like sets may be said to differ, in any of their cells

SetComparison compare(const std::vector<history::Run>& one, const std::vector<history::Run>& other, MatchBy by);

}  // namespace relapse::campaign
