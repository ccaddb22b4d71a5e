// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/compare.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "statistics/holm.hpp"
#include "statistics/rates.hpp"
#include "statistics/survival.hpp"

namespace relapse::campaign {
namespace {

using history::Run;
using statistics::Count;
using Runs = std::vector<const Run*>;
using Cells = std::map<std::string, Runs>;

std::string keyOf(const Run& run, MatchBy by) {
  if (by == MatchBy::NightCell) return run.nightCell;
  return run.cell.empty() ? run.scenario : run.scenario + " " + run.cell;
}

Cells cellsOf(const std::vector<Run>& runs, MatchBy by) {
  Cells cells;
  for (const auto& run : runs) cells[keyOf(run, by)].push_back(&run);
  return cells;
}

CellRuns runsOf(const Runs& runs) {
  CellRuns all;
  for (const auto* run : runs) {
    if (!isTry(*run)) ++all.inconclusive;
    if (!isTry(*run)) continue;
    ++all.count.tries;
    if (!isHit(*run)) continue;
    ++all.count.hits;
    if (run->toEvent) all.toEvent.push_back(*run->toEvent);
  }
  std::ranges::sort(all.toEvent);
  all.interval = statistics::clopperPearson(all.count);
  return all;
}

// Nothing if the numbers of tries and of all hits leave no way to a difference. That such tests are not counted among
// the many takes nothing from the correction's promise: they could not have been false (Tarone, Biometrics 46, 1990).
std::optional<Tested> rateTest(Count one, Count other) {
  const int hits = one.hits + other.hits;
  const auto p = [&](int first) { return statistics::fisher({first, one.tries}, {hits - first, other.tries}); };
  if (one.tries == 0 || other.tries == 0) return std::nullopt;
  const double least = std::min(p(std::min(hits, one.tries)), p(std::max(0, hits - other.tries)));
  if (least > kSignificant) return std::nullopt;
  return Tested{p(one.hits)};
}

std::vector<statistics::Lifetime> lifetimes(const Runs& runs) {
  std::vector<statistics::Lifetime> all;
  for (const auto* run : runs) {
    const bool hit = isHit(*run);
    if (!isTry(*run) || (hit && !run->toEvent)) continue;
    const auto waited = run->watched.count() > 0 ? run->watched : run->took;
    all.push_back({static_cast<double>((hit ? *run->toEvent : waited).count()), hit});
  }
  return all;
}

void testTimes(const Runs& one, const Runs& other, CellComparison& cell) {
  const auto result = statistics::logRank(lifetimes(one), lifetimes(other));
  if (result.variance <= 0 || result.least > kSignificant) return;
  cell.time = Tested{result.p};
  cell.sooner = result.observed > result.expected;
}

// One that all hits have, and nothing else, says no more than the rate does: it has no test of its own.
std::vector<CellSignature> signaturesOf(const Runs& one, const Runs& other, const CellComparison& cell) {
  std::map<std::string, CellSignature> found;
  for (const auto* run : one)
    if (isTry(*run) && !run->signature.empty()) ++found[run->signature].one;
  for (const auto* run : other)
    if (isTry(*run) && !run->signature.empty()) ++found[run->signature].other;
  std::vector<CellSignature> all;
  for (auto& [name, signature] : found) {
    signature.signature = name;
    if (signature.one != cell.one.count.hits || signature.other != cell.other.count.hits)
      signature.test = rateTest({signature.one, cell.one.count.tries}, {signature.other, cell.other.count.tries});
    all.push_back(signature);
  }
  return all;
}

CellComparison compareCell(const std::string& key, const Runs& one, const Runs& other) {
  CellComparison cell{key, runsOf(one), runsOf(other)};
  cell.rate = rateTest(cell.one.count, cell.other.count);
  testTimes(one, other, cell);
  cell.signatures = signaturesOf(one, other, cell);
  return cell;
}

std::vector<Tested*> testsOf(std::vector<CellComparison>& cells) {
  std::vector<Tested*> tests;
  for (auto& cell : cells) {
    if (cell.rate) tests.push_back(&*cell.rate);
    if (cell.time) tests.push_back(&*cell.time);
    for (auto& signature : cell.signatures)
      if (signature.test) tests.push_back(&*signature.test);
  }
  return tests;
}

void correct(SetComparison& comparison) {
  const auto tests = testsOf(comparison.cells);
  std::vector<double> p;
  for (const auto* test : tests) p.push_back(test->p);
  const auto corrected = statistics::holm(p);
  for (std::size_t i = 0; i < tests.size(); ++i) {
    tests[i]->corrected = corrected[i];
    tests[i]->significant = corrected[i] <= kSignificant;
    comparison.differences += tests[i]->significant ? 1 : 0;
  }
  comparison.tests = static_cast<int>(tests.size());
}

std::set<std::string> signaturesIn(const std::vector<Run>& runs) {
  std::set<std::string> all;
  for (const auto& run : runs)
    if (!run.signature.empty()) all.insert(run.signature);
  return all;
}

std::vector<std::string> without(const std::set<std::string>& all, const std::set<std::string>& others) {
  std::vector<std::string> rest;
  std::ranges::set_difference(all, others, std::back_inserter(rest));
  return rest;
}

}  // namespace

bool isTry(const Run& run) {
  return run.verdict != "inconclusive";
}

bool isHit(const Run& run) {
  return run.verdict == "reproduced" || (run.expected == "survived" && run.verdict == "other-failure");
}

SetComparison compare(const std::vector<Run>& one, const std::vector<Run>& other, MatchBy by) {
  const auto ones = cellsOf(one, by);
  const auto others = cellsOf(other, by);
  SetComparison comparison;
  for (const auto& [key, runs] : ones) {
    const auto found = others.find(key);
    if (found == others.end()) {
      comparison.onlyOne.push_back(key);
    } else {
      comparison.cells.push_back(compareCell(key, runs, found->second));
    }
  }
  for (const auto& [key, runs] : others)
    if (!ones.contains(key)) comparison.onlyOther.push_back(key);
  comparison.signaturesOnlyOne = without(signaturesIn(one), signaturesIn(other));
  comparison.signaturesOnlyOther = without(signaturesIn(other), signaturesIn(one));
  correct(comparison);
  return comparison;
}

}  // namespace relapse::campaign
