// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <cmath>

#include "statistics/rates.hpp"

namespace relapse::statistics {
namespace {

double probability(int hits, int tries, double rate) {
  const double ways = std::lgamma(tries + 1) - std::lgamma(hits + 1) - std::lgamma(tries - hits + 1);
  return std::exp(ways + hits * std::log(rate) + (tries - hits) * std::log1p(-rate));
}

struct Known {
  Count count;
  Interval interval;
};

TEST(ClopperPearson, GivesThePublishedLimits) {
  // The ends have closed forms where all or none hit: (a/2)^(1/n) and its complement.
  const Known known[] = {{{0, 0}, {0, 1}},
                         {{0, 10}, {0, 1 - std::pow(0.025, 0.1)}},
                         {{10, 10}, {std::pow(0.025, 0.1), 1}},
                         {{1, 1}, {0.025, 1}},
                         {{3, 10}, {0.0667, 0.6525}},
                         {{9, 10}, {0.5550, 0.9975}}};
  for (const auto& [count, expected] : known) {
    const auto interval = clopperPearson(count);
    EXPECT_NEAR(interval.low, expected.low, 5e-5) << count.hits << "/" << count.tries;
    EXPECT_NEAR(interval.high, expected.high, 5e-5) << count.hits << "/" << count.tries;
  }
}

// Exact: sums what each outcome weighs.
double coverage(int tries, double rate, double confidence) {
  double covered = 0;
  for (int hits = 0; hits <= tries; ++hits) {
    const auto interval = clopperPearson({hits, tries}, confidence);
    if (interval.low <= rate && rate <= interval.high) covered += probability(hits, tries, rate);
  }
  return covered;
}

TEST(ClopperPearson, CoversTheTrueRateAsOftenAsItSays) {
  for (const double rate : {0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98})
    for (int tries = 1; tries <= 60; ++tries)
      EXPECT_GE(coverage(tries, rate, 0.95), 0.95) << rate << " in " << tries << " tries";
}

TEST(ClopperPearson, IsNarrowerWithLessConfidence) {
  EXPECT_LT(clopperPearson({9, 10}, 0.8).high - clopperPearson({9, 10}, 0.8).low,
            clopperPearson({9, 10}).high - clopperPearson({9, 10}).low);
  EXPECT_LT(coverage(20, 0.3, 0.5), 0.8);  // so wide it is not that it covers all
}

TEST(Fisher, GivesTheKnownProbabilities) {
  EXPECT_NEAR(fisher({3, 4}, {1, 4}), 34.0 / 70, 1e-9);  // the lady and her tea: 1 + 16 + 16 + 1 of 70 tables
  EXPECT_NEAR(fisher({4, 4}, {0, 4}), 2.0 / 70, 1e-9);
  EXPECT_NEAR(fisher({9, 10}, {3, 10}), 0.0198, 5e-5);
  EXPECT_NEAR(fisher({3, 3}, {0, 3}), 0.1, 1e-9);
}

TEST(Fisher, IsSymmetricAndSaysNothingOfNothing) {
  EXPECT_DOUBLE_EQ(fisher({9, 12}, {1, 7}), fisher({1, 7}, {9, 12}));
  EXPECT_DOUBLE_EQ(fisher({9, 12}, {1, 7}), fisher({3, 12}, {6, 7}));
  EXPECT_DOUBLE_EQ(fisher({0, 0}, {3, 10}), 1);
  EXPECT_DOUBLE_EQ(fisher({3, 10}, {0, 0}), 1);
  EXPECT_DOUBLE_EQ(fisher({5, 5}, {3, 3}), 1);
  EXPECT_DOUBLE_EQ(fisher({0, 5}, {0, 3}), 1);
}

TEST(LikelyRate, IsTheQuantileOfWhatTheTriesSpeakFor) {
  EXPECT_NEAR(likelyRate({0, 0}, 0.25), 0.25, 1e-9);
  EXPECT_NEAR(likelyRate({1, 1}, 0.25), 0.5, 1e-9);  // Beta(2, 1): the square root
  EXPECT_GT(likelyRate({9, 10}, 0.25), likelyRate({1, 1}, 0.25));
  EXPECT_LT(likelyRate({0, 3}, 0.25), likelyRate({0, 0}, 0.25));
}

TEST(DrawnRate, IsSpreadAsTheTriesSay) {
  std::mt19937_64 random(1);
  for (const Count count : {Count{0, 0}, Count{1, 10}, Count{9, 10}}) {
    constexpr int kDraws = 20'000;
    int below = 0;
    const double expected = likelyRate(count, 0.3);
    for (int i = 0; i < kDraws; ++i) {
      const double rate = drawnRate(count, random);
      ASSERT_GE(rate, 0);
      ASSERT_LE(rate, 1);
      if (rate < expected) ++below;
    }
    EXPECT_NEAR(static_cast<double>(below) / kDraws, 0.3, 0.02);
  }
}

}  // namespace
}  // namespace relapse::statistics
