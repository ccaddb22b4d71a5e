// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "statistics/holm.hpp"
#include "statistics/survival.hpp"

namespace relapse::statistics {
namespace {

using Lifetimes = std::vector<Lifetime>;

// Weeks of remission of 42 children with leukaemia, with 6-MP and with placebo: Freireich et al., Blood 21, 1963. The
// textbooks' example.
const Lifetimes kSixMp = {{6},         {6},         {6},         {6, false},  {7},         {9, false},  {10},
                          {10, false}, {11, false}, {13},        {16},        {17, false}, {19, false}, {20, false},
                          {22},        {23},        {25, false}, {32, false}, {32, false}, {34, false}, {35, false}};
const Lifetimes kPlacebo = {{1}, {1}, {2},  {2},  {3},  {4},  {4},  {5},  {5},  {8}, {8},
                            {8}, {8}, {11}, {11}, {12}, {12}, {15}, {17}, {22}, {23}};

TEST(LogRank, GivesTheTextbooksValues) {
  const auto result = logRank(kSixMp, kPlacebo);
  EXPECT_DOUBLE_EQ(result.observed, 9);
  EXPECT_NEAR(result.expected, 19.2505, 5e-4);
  EXPECT_NEAR(result.variance, 6.2570, 5e-4);
  EXPECT_NEAR(result.chiSquared, 16.7929, 5e-4);
  EXPECT_LT(result.p, 0.001);
}

TEST(LogRank, GivesWhatIsComputedByHand) {
  // At 1: one of 2 in 4 at risk; at 2, one of 1 in 3; at 3, censored; at 4, the last, alone.
  const auto result = logRank({{1}, {3, false}}, {{2}, {4}});
  EXPECT_DOUBLE_EQ(result.observed, 1);
  EXPECT_DOUBLE_EQ(result.expected, 2.0 / 4 + 1.0 / 3);
  EXPECT_DOUBLE_EQ(result.variance, 1.0 / 4 + 2.0 / 9);
  // Of the six splits two are less far out.
  EXPECT_NEAR(logRank({{1}, {2}}, {{3}, {4}}).p, 2.0 / 6, 1e-12);
  EXPECT_NEAR(logRank({{1}, {2}, {3}, {4}}, {{5}, {6}, {7}, {8}}).p, 2.0 / 70, 1e-12);
}

TEST(LogRank, KnowsTheLeastThatItCanSay) {
  EXPECT_NEAR(logRank({{1}, {2}, {3}}, {{4}, {5}, {6}}).least, 2.0 / 20, 1e-12);
  EXPECT_NEAR(logRank({{1}, {4}, {5}}, {{2}, {3}, {6}}).least, 2.0 / 20, 1e-12) << "whatever came out";
  EXPECT_NEAR(logRank({{1}, {9, false}}, {{9, false}, {9, false}}).least, 1, 1e-12);
}

TEST(LogRank, IsSymmetric) {
  const auto result = logRank(kSixMp, kPlacebo);
  const auto turned = logRank(kPlacebo, kSixMp);
  EXPECT_NEAR(turned.chiSquared, result.chiSquared, 1e-9);
  EXPECT_NEAR(turned.p, result.p, 1e-3);
  const Lifetimes few = {{1}, {2, false}, {2}};
  const Lifetimes many = {{2}, {5}, {6, false}, {7}, {7}};
  EXPECT_NEAR(logRank(few, many).p, logRank(many, few).p, 1e-12);
}

TEST(LogRank, SaysNothingWhereThereIsNothingToTell) {
  const LogRank none[] = {logRank({}, {}), logRank({{1}}, {}), logRank({}, {{1}}), logRank({{1, false}}, {{2, false}}),
                          logRank({{3}, {3}}, {{3}, {3}})};
  for (const auto& result : none) {
    EXPECT_DOUBLE_EQ(result.p, 1);
    EXPECT_DOUBLE_EQ(result.chiSquared, 0);
  }
}

TEST(LogRank, DoesNotDependOnTheUnit) {
  auto hours = kSixMp;
  auto placebo = kPlacebo;
  for (auto* group : {&hours, &placebo})
    for (auto& life : *group) life.time *= 168;
  EXPECT_DOUBLE_EQ(logRank(hours, placebo).p, logRank(kSixMp, kPlacebo).p);
}

// `count` runs with an exponential time to the event, each watched until `limit`.
Lifetimes drawn(std::mt19937_64& random, int count, double mean, double limit) {
  std::exponential_distribution<double> time(1 / mean);
  Lifetimes all;
  for (int i = 0; i < count; ++i) {
    const double at = time(random);
    all.push_back({std::min(at, limit), at < limit});
  }
  return all;
}

double flagged(int one, int other, double mean, double otherMean, double limit, int rounds) {
  std::mt19937_64 random(42);
  int flags = 0;
  for (int i = 0; i < rounds; ++i)
    if (logRank(drawn(random, one, mean, limit), drawn(random, other, otherMean, limit)).p <= 0.05) ++flags;
  return static_cast<double>(flags) / rounds;
}

TEST(LogRank, FlagsAlikeGroupsNoMoreOftenThanItSays) {
  constexpr double kThreeSigma = 0.015;  // of 2000 rounds at 0.05
  EXPECT_LE(flagged(5, 5, 1, 1, 10, 2000), 0.05 + kThreeSigma);
  EXPECT_LE(flagged(3, 8, 1, 1, 1, 2000), 0.05 + kThreeSigma);
  EXPECT_LE(flagged(8, 8, 1, 1, 0.1, 2000), 0.05 + kThreeSigma);  // events are rare
  EXPECT_LE(flagged(30, 30, 1, 1, 1, 300), 0.05 + 0.04);          // splits are drawn
  EXPECT_LE(flagged(30, 30, 1, 1, 0.05, 300), 0.05 + 0.04);
  EXPECT_GE(flagged(8, 8, 1, 1, 10, 2000), 0.05 - kThreeSigma);  // nor much less often
}

TEST(LogRank, SeesGroupsThatDiffer) {
  EXPECT_GT(flagged(10, 10, 1, 5, 10, 300), 0.8);
  EXPECT_GT(flagged(30, 30, 1, 3, 3, 100), 0.9);
}

TEST(Holm, GivesWhatIsComputedByHand) {
  const auto corrected = holm({0.01, 0.04, 0.03, 0.005});
  EXPECT_NEAR(corrected[0], 0.03, 1e-12);
  EXPECT_NEAR(corrected[1], 0.06, 1e-12) << "not below that of a smaller p";
  EXPECT_NEAR(corrected[2], 0.06, 1e-12);
  EXPECT_NEAR(corrected[3], 0.02, 1e-12);
  EXPECT_TRUE(holm({}).empty());
  EXPECT_DOUBLE_EQ(holm({0.2})[0], 0.2);
  EXPECT_DOUBLE_EQ(holm({0.9, 0.8})[0], 1);
}

TEST(Holm, OneFalseFlagAmongManyIsAsRareAsItSays) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> p;
  constexpr int kRounds = 4000;
  int flags = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> all(20);
    for (auto& one : all) one = p(random);
    const auto corrected = holm(all);
    if (*std::min_element(corrected.begin(), corrected.end()) <= 0.05) ++flags;
  }
  EXPECT_NEAR(static_cast<double>(flags) / kRounds, 0.05, 0.0105);
}

}  // namespace
}  // namespace relapse::statistics
