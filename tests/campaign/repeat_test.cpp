// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <queue>
#include <random>

#include "campaign/repeat.hpp"
#include "statistics/rates.hpp"

namespace relapse::campaign {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TryResult bug(int ms = 3000) {
  TryResult result;
  result.outcome = Outcome::Reproduced;
  result.held = true;
  result.toEvent = milliseconds(ms);
  return result;
}

TryResult survived(bool held = false) {
  TryResult result;
  result.outcome = Outcome::Survived;
  result.held = held;
  return result;
}

TryResult nothing() {
  return {};
}

TEST(Repeat, OfAScenarioIsASeries) {
  EXPECT_EQ(seriesOf(scenario::Runs{7}).tries, 7);
  EXPECT_FALSE(seriesOf(scenario::Runs{7}).hits);
  EXPECT_EQ(seriesOf(scenario::Until{3, 10}).hits, 3);
  EXPECT_EQ(seriesOf(scenario::CleanOf{7, 10}).tries, 8);
  EXPECT_EQ(seriesOf(scenario::CleanOf{7, 10}).hits, 8);
  EXPECT_EQ(seriesOf(scenario::CleanOf{1, 1000}).tries, scenario::kMostRuns);
  EXPECT_TRUE(seriesOf(scenario::AtLeast{30}).test);
}

TEST(Repeat, SaysWhatAnEngineerNeeds) {
  Series series(seriesOf(scenario::Runs{10}));
  for (int i = 1; i <= 10; ++i) series.add(*series.next(), i <= 7 ? bug() : survived());
  EXPECT_TRUE(series.over());
  EXPECT_EQ(sentence(series, true), "reproduced 7/10 (35-93 %, 95 %); to claim it fixed at 95 %: 8 clean runs");
}

TEST(Repeat, SaysWhatSurvivalSpeaksAgainst) {
  Series series(seriesOf(scenario::CleanOf{7, 10}));
  while (const auto number = series.next()) series.add(*number, survived(true));
  EXPECT_EQ(series.held().tries, 8);
  EXPECT_EQ(sentence(series, false),
            "survived 8/8 (63-100 %, 95 %); a bug that comes in 31 % of the runs or more would have been seen (95 %)");
}

TEST(Repeat, OfAFixEndsWithTheFirstRunThatShowsTheBug) {
  Series series(seriesOf(scenario::CleanOf{7, 10}));
  series.add(*series.next(), survived(true));
  TryResult failed = bug();
  failed.held = false;
  series.add(*series.next(), failed);
  EXPECT_EQ(series.standing(), statistics::Standing::TooFew);
  EXPECT_FALSE(series.next());
  EXPECT_THAT(sentence(series, false), HasSubstr("survived 1/2"));
}

TEST(Repeat, StartsNoMoreRunsThanMayStillCount) {
  Series series(seriesOf(scenario::Until{2, 3}));
  EXPECT_EQ(series.next(), 1);
  EXPECT_EQ(series.next(), 2);
  EXPECT_EQ(series.next(), 3);
  EXPECT_FALSE(series.next());
  series.add(2, nothing());
  EXPECT_EQ(series.next(), 4) << "one without a verdict is made good";
}

TEST(Repeat, CountsRunsInTheOrderOfTheirStarts) {
  Series series(seriesOf(scenario::Until{1, 3}));
  for (int i = 0; i < 3; ++i) series.next();
  series.add(3, bug());
  EXPECT_FALSE(series.over()) << "the first two may have it, too";
  series.add(1, survived());
  series.add(2, bug());
  EXPECT_TRUE(series.over());
  EXPECT_EQ(series.bug().tries, 2);
  EXPECT_EQ(series.bug().hits, 1);
}

TEST(Repeat, GivesUpWhenTooManyRunsComeToNoVerdict) {
  Series series(seriesOf(scenario::Until{1, 2}));
  int runs = 0;
  while (const auto number = series.next()) {
    series.add(*number, nothing());
    ++runs;
  }
  EXPECT_EQ(runs, 3);
  EXPECT_TRUE(series.tooManyInconclusive());
  EXPECT_EQ(sentence(series, true), "no run came to a verdict (3 inconclusive)");
}

TEST(Repeat, OfOneRunIsOneRunWhateverItsVerdict) {
  Series series(seriesOf(scenario::Until{1, 1}));
  series.add(*series.next(), nothing());
  EXPECT_TRUE(series.over());
  EXPECT_FALSE(series.next());
}

// Runs with the bug are over in 3 s, others in 60 s: several at once, as an engine has them.
class Simulated {
 public:
  Simulated(double rate, std::size_t jobs, std::uint64_t seed) : rate_(rate), random_(seed) {
    runner_.room = jobs;
    runner_.start = [this](const std::vector<int>& numbers) -> Result<void> {
      for (const int number : numbers) {
        const bool hit = std::bernoulli_distribution(rate_)(random_);
        ends_.push({now_ + (hit ? 3 : 60), {number, hit ? bug() : survived()}});
      }
      return {};
    };
    runner_.next = [this]() -> Result<Runner::Ended> {
      auto [at, ended] = ends_.top();
      ends_.pop();
      now_ = at;
      return ended;
    };
  }
  const Runner& runner() const { return runner_; }

 private:
  struct Later {
    bool operator()(const auto& one, const auto& other) const { return one.first > other.first; }
  };
  double rate_;
  std::mt19937_64 random_;
  int now_ = 0;
  std::priority_queue<std::pair<int, Runner::Ended>, std::vector<std::pair<int, Runner::Ended>>, Later> ends_;
  Runner runner_;
};

// 1,000 series each: 95 % less four standard deviations.
TEST(Repeat, CoversTheRateWithManyGuestsSideBySide) {
  for (const double rate : {0.02, 0.1, 0.35, 0.65, 0.9}) {
    int covered = 0;
    for (std::uint64_t i = 0; i < 1000; ++i) {
      Series series(seriesOf(scenario::Until{2, 12}));
      Simulated simulated(rate, 8, i);
      ASSERT_TRUE(repeat(series, simulated.runner()));
      const auto interval = statistics::rateAfter(series.rule(), series.bug());
      if (interval.low <= rate && rate <= interval.high) ++covered;
    }
    EXPECT_GE(covered, 950 - 28) << rate;
  }
}

TEST(Repeat, DecidesTheSameWithOneGuestAsWithEight) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    Series alone(seriesOf(scenario::Until{3, 9}));
    Series many(seriesOf(scenario::Until{3, 9}));
    ASSERT_TRUE(repeat(alone, Simulated(0.4, 1, i).runner()));
    ASSERT_TRUE(repeat(many, Simulated(0.4, 8, i).runner()));
    EXPECT_EQ(alone.standing(), many.standing());
    EXPECT_EQ(alone.bug().hits, many.bug().hits);
    EXPECT_EQ(alone.bug().tries, many.bug().tries);
  }
}

TEST(Times, AreTheirMedianAndEnds) {
  EXPECT_EQ(timesInWords({}), "");
  EXPECT_EQ(timesInWords({milliseconds(3200)}), "3.2 s");
  EXPECT_EQ(timesInWords({milliseconds(5000), milliseconds(2100), milliseconds(3200)}), "3.2 s (2.1 to 5.0 s)");
}

}  // namespace
}  // namespace relapse::campaign
