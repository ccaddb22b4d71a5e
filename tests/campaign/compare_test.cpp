// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <random>
#include <sstream>

#include "campaign/compare.hpp"
#include "campaign/compare_report.hpp"

namespace relapse::campaign {
namespace {

using namespace std::chrono_literals;
using history::Run;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Runs = std::vector<Run>;

Run survived(const std::string& scenario) {
  Run run;
  run.scenario = scenario;
  run.expected = "reproduced";
  run.verdict = "survived";
  run.took = 90s;
  run.watched = 60s;
  return run;
}

Run hit(const std::string& scenario, std::chrono::milliseconds at = 5s, const std::string& signature = "lockup in f") {
  Run run = survived(scenario);
  run.verdict = "reproduced";
  run.signature = signature;
  run.toEvent = at;
  return run;
}

// So many runs of a scenario, the first of them hits.
Runs some(int hits, int tries, const std::string& scenario = "s", const std::string& signature = "lockup in f") {
  Runs runs;
  for (int i = 0; i < tries; ++i)
    runs.push_back(i < hits ? hit(scenario, 5s + i * 100ms, signature) : survived(scenario));
  return runs;
}

Runs operator+(Runs one, const Runs& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

SetComparison byScenario(const Runs& one, const Runs& other) {
  return compare(one, other, MatchBy::ScenarioAndCell);
}

TEST(Compare, ARateThatDiffersIsTold) {
  const auto result = byScenario(some(9, 10), some(1, 10));
  ASSERT_EQ(result.cells.size(), 1u);
  const auto& cell = result.cells[0];
  EXPECT_EQ(cell.one.count.hits, 9);
  EXPECT_EQ(cell.other.count.tries, 10);
  ASSERT_TRUE(cell.rate);
  EXPECT_NEAR(cell.rate->p, 0.00109, 5e-5);
  EXPECT_TRUE(cell.rate->significant);
  EXPECT_TRUE(cell.sooner);
  EXPECT_FALSE(cell.signatures[0].test) << "the only signature says what the rate does";
  EXPECT_EQ(result.differences, 2) << "rate and time";
}

TEST(Compare, WhatMayBeChanceIsNoDifference) {
  EXPECT_EQ(byScenario(some(6, 10), some(4, 10)).differences, 0);
  EXPECT_EQ(byScenario(some(1, 1), some(0, 1)).tests, 0) << "no outcome of one run each could be one";
  EXPECT_EQ(byScenario(some(0, 10), some(0, 10)).tests, 0);
  EXPECT_EQ(byScenario({}, {}).tests, 0);
  EXPECT_EQ(byScenario(some(10, 10), {}).differences, 0);
}

TEST(Compare, InconclusiveRunsAreNoTries) {
  auto broken = survived("s");
  broken.verdict = "inconclusive";
  broken.reason = "the disk was full";
  const auto result = byScenario(some(2, 3), some(1, 4) + Runs{broken, broken});
  EXPECT_EQ(result.cells[0].other.count.tries, 4);
  EXPECT_EQ(result.cells[0].other.inconclusive, 2);
}

TEST(Compare, AnyFailureIsAHitWhereSurvivalWasExpected) {
  auto failure = survived("s");
  failure.verdict = "other-failure";
  EXPECT_FALSE(isHit(failure));
  failure.expected = "survived";
  EXPECT_TRUE(isHit(failure));
}

TEST(Compare, TheSameRateWithAnotherSignatureIsADifference) {
  const auto result = byScenario(some(8, 8, "s", "lockup in f"), some(8, 8, "s", "oops in g"));
  EXPECT_FALSE(result.cells[0].rate) << "all hits: no rate can differ";
  ASSERT_EQ(result.cells[0].signatures.size(), 2u);
  EXPECT_FALSE(result.cells[0].signatures[0].test && result.cells[0].signatures[0].test->p > 0.001);
  EXPECT_GT(result.differences, 0);
  EXPECT_THAT(result.signaturesOnlyOne, ElementsAre("lockup in f"));
  EXPECT_THAT(result.signaturesOnlyOther, ElementsAre("oops in g"));
}

TEST(Compare, TimesDifferAtTheSameRate) {
  Runs quick;
  Runs slow;
  for (int i = 0; i < 8; ++i) {
    quick.push_back(hit("s", 1s + i * 10ms));
    slow.push_back(hit("s", 20s + i * 10ms));
  }
  const auto result = byScenario(quick, slow);
  ASSERT_TRUE(result.cells[0].time);
  EXPECT_TRUE(result.cells[0].time->significant);
  EXPECT_TRUE(result.cells[0].sooner);
  EXPECT_EQ(result.differences, 1);
  EXPECT_FALSE(byScenario(slow, quick).cells[0].sooner);
}

TEST(Compare, CellsAreMatchedByWhatWasVaried) {
  auto varied = some(3, 3);
  for (auto& run : varied) run.cell = "cpus=4";
  const auto result =
      byScenario(some(1, 2, "a") + some(1, 2, "b") + varied, some(1, 2, "b") + some(1, 2, "c") + varied);
  ASSERT_EQ(result.cells.size(), 2u);
  EXPECT_EQ(result.cells[0].key, "b");
  EXPECT_EQ(result.cells[1].key, "s cpus=4");
  EXPECT_THAT(result.onlyOne, ElementsAre("a"));
  EXPECT_THAT(result.onlyOther, ElementsAre("c"));
}

TEST(Compare, OfTwoNightsTheNightsCellsAreMatched) {
  auto one = some(1, 2);
  auto other = some(1, 2, "another name");
  for (auto* runs : {&one, &other})
    for (auto& run : *runs) run.nightCell = "debian-6.1/s/";
  EXPECT_EQ(compare(one, other, MatchBy::NightCell).cells[0].key, "debian-6.1/s/");
}

// Nights of 40 cells without a change: how many are flagged at all.
TEST(Compare, SetsThatAreAlikeAreFlaggedNoMoreOftenThanItSays) {
  std::mt19937_64 random(3);
  std::exponential_distribution<double> time(1 / 40.0);
  const auto night = [&] {
    Runs runs;
    for (int cell = 0; cell < 40; ++cell)
      for (int i = 0; i < 6; ++i) {
        const double at = time(random) * (cell % 4 + 1);
        const auto ms = std::chrono::milliseconds(static_cast<long>(at * 1000));
        runs.push_back(at < 60 ? hit(std::to_string(cell), ms, cell % 2 == 0 && i % 2 == 0 ? "f" : "g")
                               : survived(std::to_string(cell)));
      }
    return runs;
  };
  int flagged = 0;
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) flagged += byScenario(night(), night()).differences > 0 ? 1 : 0;
  EXPECT_LE(flagged, kRounds * (0.05 + 0.045));  // three sigma
}

TEST(Compare, OneChangedCellAmongManyIsFound) {
  Runs one;
  Runs other;
  for (int cell = 0; cell < 30; ++cell) {
    one = one + some(cell == 7 ? 10 : cell % 3, 10, std::to_string(cell));
    other = other + some(cell % 3, 10, std::to_string(cell));
  }
  const auto result = byScenario(one, other);
  for (const auto& cell : result.cells) EXPECT_EQ(cell.rate && cell.rate->significant, cell.key == "7") << cell.key;
}

TEST(CompareText, SaysItInASentenceWithTheNumbers) {
  auto one = some(7, 10);
  auto other = some(1, 10);
  for (auto* runs : {&one, &other})
    for (auto& run : *runs) run.toEvent.reset();
  const auto said = text(byScenario(one, other), {"kernel 4.19", "kernel 6.1"});
  EXPECT_THAT(said, HasSubstr("kernel 4.19\nagainst kernel 6.1\n"));
  EXPECT_THAT(said, HasSubstr("  rate       7/10 (35-93 %) against 1/10 (0.3-45 %): p = 0.02, more often\n"));
  EXPECT_THAT(said, HasSubstr("1 of 1 test shows a difference beyond chance"));
}

TEST(CompareText, SaysWhyThereIsNothingToTell) {
  EXPECT_THAT(text(byScenario(some(1, 2, "a"), some(1, 2, "b")), {"a", "b"}),
              AllOf(HasSubstr("no cell in common"), HasSubstr("cells of the first alone:\n  a\n")));
  EXPECT_THAT(text(byScenario(some(1, 2), some(2, 2)), {"a", "b"}),
              AllOf(HasSubstr("too little to tell"), HasSubstr("too few runs")));
}

TEST(CompareText, HasNoLongLinesAndNothingThatMovesTheCursor) {
  const std::string wild = "lockup in \x1b[2J" + std::string(300, 'x');
  Runs one;
  Runs other;
  for (int cell = 0; cell < 60; ++cell) {
    one = one + some(5, 10, std::string(200, 'k') + std::to_string(cell), wild);
    other = other + some(0, 10, std::string(200, 'k') + std::to_string(cell % 40), "oops");
  }
  const auto said = text(byScenario(one, other), {std::string(200, 'n'), std::string(200, 'm')});
  EXPECT_THAT(said, Not(HasSubstr("\x1b")));
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) EXPECT_LT(line.size(), 100u) << line;
}

TEST(CompareJson, HoldsTheNumbers) {
  const auto all = json(byScenario(some(9, 10), some(1, 10)), {"a", "b"});
  EXPECT_EQ(all["cells"][0]["a"]["hits"], 9);
  EXPECT_EQ(all["cells"][0]["b"]["tries"], 10);
  EXPECT_EQ(all["cells"][0]["rate"]["significant"], true);
  EXPECT_EQ(all["cells"][0]["time"]["sooner_in"], "a");
  EXPECT_EQ(all["tests"], 2);
  EXPECT_EQ(all["signatures_only_a"].size(), 0u);
}

}  // namespace
}  // namespace relapse::campaign
