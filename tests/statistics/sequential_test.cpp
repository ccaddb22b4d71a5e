// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <map>

#include "statistics/sequential.hpp"

namespace relapse::statistics {
namespace {

constexpr Question kEachTime{1, 0.5, 0.25, 0.1};

TEST(Sequential, TwoOfTwoAreEnoughForABugThatComesEachTime) {
  EXPECT_EQ(ask(kEachTime, {0, 0}), Finding::Open);
  EXPECT_EQ(ask(kEachTime, {1, 1}), Finding::Open);
  EXPECT_EQ(ask(kEachTime, {2, 2}), Finding::High);
  EXPECT_EQ(ask(kEachTime, {0, 1}), Finding::Low);
}

TEST(Sequential, AMissHasToBeMadeUpFor) {
  const Question lenient{0.9, 0.45, 0.25, 0.05};
  EXPECT_EQ(ask(lenient, {0, 1}), Finding::Open);
  EXPECT_EQ(ask(lenient, {2, 3}), Finding::Open);
  EXPECT_EQ(ask(lenient, {5, 6}), Finding::High);
}

TEST(Sequential, ARareBugNeedsMoreTriesToBeMissed) {
  const Question rare{0.2, 0.1, 0.25, 0.1};
  EXPECT_EQ(ask(rare, {0, 10}), Finding::Open);
  EXPECT_EQ(ask(rare, {0, 20}), Finding::Low);
}

TEST(Sequential, NonsenseAsRatesEndsInNoNonsense) {
  for (const Question question : {Question{0, 0}, Question{1, 1}, Question{0.5, 0.9}, Question{-1, 2}}) {
    EXPECT_NE(ask(question, {1000, 1000}), Finding::Low);
    EXPECT_NE(ask(question, {0, 1000}), Finding::High);
  }
}

// How often the answer is `wanted` at the true rate; exact, over all that can come in so many tries.
double share(const Question& question, double rate, Finding wanted) {
  std::map<int, double> open{{0, 1.0}};  // by hits, of those that go on
  double found = 0;
  for (int tries = 1; tries <= 200; ++tries) {
    std::map<int, double> next;
    for (const auto& [hits, weight] : open) {
      next[hits + 1] += weight * rate;
      next[hits] += weight * (1 - rate);
    }
    open.clear();
    for (const auto& [hits, weight] : next) {
      const auto finding = ask(question, {hits, tries});
      if (finding == Finding::Open) open[hits] = weight;
      if (finding == wanted) found += weight;
    }
  }
  return found;
}

TEST(Sequential, ErrsNoOftenerThanAsked) {
  for (const double high : {0.2, 0.4, 0.6, 0.9}) {
    const Question question{high, high / 2, 0.25, 0.1};
    EXPECT_LE(share(question, high / 2, Finding::High), 0.25 * 1.12) << high;  // Wald's bounds are near, not exact
    EXPECT_LE(share(question, high, Finding::Low), 0.1 * 1.12) << high;
    EXPECT_GT(share(question, high, Finding::High), 0.85) << high;
  }
}

}  // namespace
}  // namespace relapse::statistics
