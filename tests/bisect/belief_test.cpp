// SPDX-License-Identifier: GPL-2.0-or-later
#include "bisect/belief.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "worlds.hpp"

namespace relapse::bisect {
namespace {

constexpr Tally kShown{5, 0, 0, 0};
constexpr Tally kMissed{0, 5, 0, 0};

struct At {
  std::size_t kernel;
  Tally tally;
};

Evidence known(std::size_t candidates, const std::vector<At>& tried) {
  Evidence evidence(candidates);
  for (const auto& [kernel, tally] : tried) evidence.tallies[kernel] = tally;
  return evidence;
}

// Of a candidate in `kernel` against one behind it: how far what is known there speaks for the bug.
double oddsOfBugIn(std::size_t kernel, const Belief& belief) {
  return belief.posterior(kernel) / belief.posterior(kernel + 1);
}

TEST(Belief, SumsToOneWhateverIsKnown) {
  std::mt19937_64 random(1);
  const auto few = [&](int most) { return std::uniform_int_distribution<>(0, most)(random); };
  for (int i = 0; i < 100; ++i) {
    const std::size_t n = 1 + static_cast<std::size_t>(few(40));
    const Space space = i % 2 == 0 ? Space::line(n) : merged(n, static_cast<std::uint64_t>(i));
    Evidence evidence(n);
    for (std::size_t kernel = 0; kernel <= n; ++kernel)
      if (few(2) == 0) evidence.tallies[kernel] = {few(30), few(300), few(3), few(3)};
    if (n > 4) evidence.same(3, 2);
    if (few(1) == 0) evidence.checks[n] = {few(2), few(9), few(1), 0};
    Question question;
    question.fixedBy = few(1) == 0;
    const Belief belief(space, evidence, question);
    double sum = 0;
    for (const double one : belief.posteriors()) {
      ASSERT_GE(one, 0);
      sum += one;
    }
    ASSERT_EQ(belief.posteriors().size(), n + 2);
    ASSERT_NEAR(sum, 1, 1e-9);
  }
}

TEST(Belief, BeforeAnyTryACandidateIsAsLikelyAsAnother) {
  const Space space = Space::line(8);
  const Evidence evidence(8);
  const Belief belief(space, evidence, {});
  for (std::size_t candidate = 1; candidate <= 8; ++candidate) EXPECT_NEAR(belief.posterior(candidate), 0.8 / 8, 1e-9);
  EXPECT_NEAR(belief.posterior(0), 0.1, 1e-9);
  EXPECT_NEAR(belief.posterior(9), 0.1, 1e-9);
}

TEST(Belief, AHitMovesItToWhatTheKernelHoldsAndAMissAway) {
  for (const Space& space : {Space::line(20), merged(20, 3)}) {
    for (const Saw saw : {Saw::Bad, Saw::Good}) {
      Evidence evidence(20);
      const auto before = Belief(space, evidence, {}).posteriors();
      evidence.add({7}, saw);
      const auto after = Belief(space, evidence, {}).posteriors();
      for (std::size_t candidate = 0; candidate <= 21; ++candidate)
        EXPECT_EQ(after[candidate] > before[candidate], space.has(7, candidate) == (saw == Saw::Bad)) << candidate;
    }
  }
}

TEST(Belief, MoreMissesAreNeededTheRarerTheBug) {
  const Space space = Space::line(10);
  double before = 1;
  for (const Tally end : {Tally{10, 0, 0, 0}, Tally{5, 5, 0, 0}, Tally{5, 45, 0, 0}}) {
    const Evidence evidence = known(10, {{10, end}, {0, kMissed}, {5, {0, 3, 0, 0}}});
    const double held = 1 / (1 + oddsOfBugIn(5, Belief(space, evidence, {})));  // that it is not in kernel 5
    EXPECT_LT(held, before);
    before = held;
  }
  EXPECT_GT(before, 0.5);
}

// What the model says, by hand and on a finer grid: each kernel that shows the bug hits at a rate near a common one,
// which is 0.998 (one in five) or has odds from 0.009 to 50, all their logarithms alike.
std::vector<double> byHand(const Space& space, const std::vector<At>& tried, const Question& question) {
  std::vector<std::pair<double, double>> rates{{0.998, 0.2}};
  constexpr int kSteps = 400;
  for (int i = 0; i < kSteps; ++i) {
    const double odds = std::exp(std::log(0.009) + (i + 0.5) / kSteps * (std::log(50) - std::log(0.009)));
    rates.emplace_back(odds / (1 + odds), 0.8 / kSteps);
  }
  std::vector<double> posteriors;
  for (std::size_t candidate = 0; candidate <= space.size() + 1; ++candidate) {
    const bool wrongEnd = candidate == 0 || candidate == space.size() + 1;
    double sum = 0;
    for (const auto& [rate, prior] : rates) {
      double likelihood = prior;
      for (const auto& [kernel, tally] : tried) {
        double shown = 0;
        double weights = 0;
        for (double sigma = -2; sigma <= 2; sigma += 0.25) {
          const double odds = rate / (1 - rate) * std::exp(0.29 * sigma);
          const double weight = std::exp(-sigma * sigma / 2);
          shown += weight * std::pow(odds / (1 + odds), tally.bad) * std::pow(1 / (1 + odds), tally.good);
          weights += weight;
        }
        const bool shows = space.has(kernel, candidate) != question.fixedBy;
        likelihood *= shows ? shown / weights : std::pow(question.falsePositive, tally.bad);
      }
      sum += likelihood;
    }
    posteriors.push_back(sum * (wrongEnd ? 0.1 : 0.8 / static_cast<double>(space.size())));
  }
  const double total = std::accumulate(posteriors.begin(), posteriors.end(), 0.0);
  for (double& one : posteriors) one /= total;
  return posteriors;
}

TEST(Belief, IsWhatBayesSaysByHand) {
  const Space diamond = Space::graph({{}, {1}, {1}, {2, 3}});
  const std::vector<std::vector<At>> cases{
      {},
      {{4, {1, 0, 0, 0}}},
      {{4, {5, 5, 0, 0}}, {0, {0, 9, 0, 0}}},
      {{4, {5, 5, 0, 0}}, {0, {0, 9, 0, 0}}, {2, {0, 2, 0, 0}}},
      {{4, {5, 5, 0, 0}}, {0, {0, 9, 0, 0}}, {2, {0, 2, 0, 0}}, {3, {1, 3, 0, 0}}},
      {{4, {6, 0, 0, 0}}, {0, {0, 2, 0, 0}}, {1, {0, 1, 0, 0}}},
      {{4, {2, 30, 0, 0}}, {0, {0, 40, 0, 0}}, {2, {0, 20, 0, 0}}},
  };
  for (const Space& space : {Space::line(4), diamond})
    for (const bool fixedBy : {false, true})
      for (std::size_t which = 0; which < cases.size(); ++which) {
        Question question;
        question.fixedBy = fixedBy;
        const Evidence evidence = known(4, cases[which]);
        const Belief belief(space, evidence, question);
        const auto expected = byHand(space, cases[which], question);
        for (std::size_t candidate = 0; candidate <= 5; ++candidate)
          EXPECT_NEAR(belief.posterior(candidate), expected[candidate], 0.05)
              << "case " << which << ", candidate " << candidate << (fixedBy ? ", fixed by" : "");
      }
}

TEST(Belief, NoCandidateIsBetweenKernelsThatAreTheSame) {
  for (const Space& space : {Space::line(20), merged(20, 5)}) {
    Evidence evidence = known(20, {{20, kShown}, {0, kMissed}});
    evidence.same(9, 5);
    const Belief belief(space, evidence, {});
    for (std::size_t candidate = 1; candidate <= 20; ++candidate)
      EXPECT_EQ(belief.posterior(candidate) <= 0, space.has(9, candidate) != space.has(5, candidate)) << candidate;
  }
}

TEST(Belief, AnotherFailureOnceSaysLittleAndAlwaysSaysMuch) {
  const Space space = Space::line(10);
  const auto odds = [&](Tally tally) {
    const Evidence evidence = known(10, {{10, {9, 1, 0, 0}}, {0, {0, 9, 1, 0}}, {5, tally}});
    return oddsOfBugIn(5, Belief(space, evidence, {}));
  };
  EXPECT_GT(odds({0, 0, 1, 0}), 1.0 / 1.5);
  EXPECT_LT(odds({0, 0, 10, 0}), 0.11);
  EXPECT_GT(odds({1, 0, 1, 0}), 100);  // it hits too: then it shows the bug
}

TEST(Belief, AnotherFailureSaysNothingWhereTheBadEndFailsSoAsOften) {
  const Space space = Space::line(10);
  const Evidence evidence = known(10, {{10, {5, 0, 45, 0}}, {0, kMissed}, {5, {0, 0, 10, 0}}});
  EXPECT_NEAR(oddsOfBugIn(5, Belief(space, evidence, {})), 1, 0.2);
}

TEST(Belief, KernelsThatCannotBeTriedSayNothing) {
  const Space space = Space::line(10);
  Evidence evidence = known(10, {{10, kShown}, {0, kMissed}});
  const auto before = Belief(space, evidence, {}).posteriors();
  evidence.untestable[5] = true;
  evidence.tallies[6].inconclusive = 10;
  EXPECT_EQ(Belief(space, evidence, {}).posteriors(), before);
}

TEST(Belief, WhoTookItAwayIsWhoBroughtItReversed) {
  const std::size_t n = 12;
  const Space space = Space::line(n);
  Question fixedBy;
  fixedBy.fixedBy = true;
  const std::vector<At> tried{
      {n, {4, 3, 1, 0}}, {0, {0, 9, 0, 0}}, {5, {0, 3, 1, 0}}, {8, {1, 1, 0, 0}}, {7, {0, 1, 0, 2}}};
  Evidence evidence = known(n, tried);
  Evidence reversed(n);
  for (const auto& [kernel, tally] : tried) reversed.tallies[n - kernel] = tally;
  evidence.same(3, 2);
  reversed.same(n - 3, n - 2);
  evidence.checks[8] = {0, 2, 0, 0};
  reversed.checks[n + 1 - 8] = {0, 2, 0, 0};
  const Belief one(space, evidence, {});
  const Belief other(space, reversed, fixedBy);
  for (std::size_t candidate = 0; candidate <= n + 1; ++candidate)
    EXPECT_NEAR(one.posterior(candidate), other.posterior(n + 1 - candidate), 1e-9) << candidate;
  for (const std::size_t kernel : {0U, 4U, 5U, 8U, 12U}) {
    const auto mine = one.expected({kernel}).front();
    const auto theirs = other.expected({n - kernel}).front();
    EXPECT_NEAR(mine.shows, theirs.shows, 1e-9) << kernel;
    EXPECT_NEAR(mine.hits, theirs.hits, 1e-9) << kernel;
  }
  EXPECT_NEAR(one.expectedOfCheck(8).shows, other.expectedOfCheck(n + 1 - 8).shows, 1e-9);
  EXPECT_NEAR(one.doubtOfCheck(8), other.doubtOfCheck(n + 1 - 8), 1e-9);
}

TEST(Belief, ACheckAcquitsOrProves) {
  for (const Space& space : {Space::line(10), merged(10, 2)}) {
    Evidence evidence = known(10, {{10, {6, 4, 0, 0}}, {0, {0, 15, 0, 0}}});
    const double before = Belief(space, evidence, {}).posterior(4);
    EXPECT_EQ(Belief(space, evidence, {}).doubtOfCheck(4), 1);
    evidence.checks[4] = {1, 0, 0, 0};  // without it the bug comes as well
    EXPECT_LT(Belief(space, evidence, {}).posterior(4), before / 50);
    EXPECT_GT(Belief(space, evidence, {}).doubtOfCheck(4), 20);
    evidence.checks[4] = {0, 9, 0, 0};
    const Belief proven(space, evidence, {});
    EXPECT_GT(proven.posterior(4), 0.5);
    EXPECT_LT(proven.doubtOfCheck(4), 0.05);
    EXPECT_LT(proven.expectedOfCheck(4).shows, 0.1);
    EXPECT_GT(proven.expectedOfCheck(5).shows, 0.8);
  }
}

TEST(Belief, ExpectsOfTheNextTryWhatItBelieves) {
  for (const Space& space : {Space::line(10), merged(10, 2)}) {
    const Evidence evidence = known(10, {{10, {5, 5, 0, 0}}, {0, {0, 9, 0, 0}}, {4, {0, 2, 0, 0}}});
    const Belief belief(space, evidence, {});
    const std::vector<std::size_t> kernels{0, 3, 4, 7, 10};
    const auto expected = belief.expected(kernels);
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      double shows = 0;
      for (std::size_t candidate = 0; candidate <= 10; ++candidate)
        if (space.has(kernels[i], candidate)) shows += belief.posterior(candidate);
      EXPECT_NEAR(expected[i].shows, shows, 1e-9) << kernels[i];
      EXPECT_EQ(belief.expected({kernels[i]}).front().hits, expected[i].hits);
    }
    EXPECT_NEAR(expected[4].hits, 0.5, 0.1);
    EXPECT_LT(expected[2].hits, expected[3].hits);  // where it was missed it hits less often, if it is there at all
  }
}

TEST(Belief, TheRateIsBetweenTheEndsItGives) {
  std::mt19937_64 random(1);
  const Space space = Space::line(6);
  for (const double rate : {0.03, 0.1, 0.3, 0.6, 0.9}) {
    std::binomial_distribution<> hits(15, rate);
    int covered = 0;
    for (int i = 0; i < 200; ++i) {
      Evidence evidence = known(6, {{0, {0, 40, 0, 0}}});
      for (const std::size_t kernel : {4U, 5U, 6U}) {
        const int bad = hits(random);
        evidence.tallies[kernel] = {bad, 15 - bad, 0, 0};
      }
      const Belief belief(space, evidence, {});
      const auto interval = belief.rateInterval();
      EXPECT_LE(interval.low, belief.rate());
      EXPECT_GE(interval.high, belief.rate());
      if (interval.low <= rate && rate <= interval.high) ++covered;
    }
    EXPECT_GE(covered, 180) << rate;
  }
}

TEST(Belief, ABugThatComesEachTimeIsTakenAsOneThatComesAlways) {
  const Space space = Space::line(6);
  const auto deterministic = [&](Tally end) {
    const Evidence evidence = known(6, {{6, end}});
    return Belief(space, evidence, {}).deterministic();
  };
  EXPECT_GT(deterministic({2, 0, 0, 0}), 0.5);
  EXPECT_GT(deterministic({9, 0, 0, 0}), deterministic({2, 0, 0, 0}));
  EXPECT_LT(deterministic({2, 1, 0, 0}), 0.05);
}

TEST(Belief, TellsLessWhereTriesComeToNothing) {
  const Space space = Space::line(6);
  const Evidence evidence = known(6, {{6, {9, 1, 0, 0}}, {3, {0, 0, 5, 5}}});
  const Belief belief(space, evidence, {});
  EXPECT_GT(belief.tells(6), 0.9);
  EXPECT_GT(belief.tells(5), 0.85);
  EXPECT_LT(belief.tells(3), 0.4);
}

}  // namespace
}  // namespace relapse::bisect
