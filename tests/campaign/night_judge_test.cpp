// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "campaign/night_judge.hpp"

namespace relapse::campaign {
namespace {

using testing::HasSubstr;

constexpr const char* kLockup = "soft-lockup nfs_wb_page";
constexpr const char* kOops = "oops nfs_updatepage";

CellTally runs(int failed, int tries, const std::string& signature = kLockup) {
  CellTally made{{failed, tries}, {}};
  if (failed > 0) made.signatures[signature] = failed;
  return made;
}

constexpr JudgeRules kTwelve{0.05, 12, 20};

TEST(NightJudge, CallsTheFirstNightsFailuresNew) {
  EXPECT_EQ(judge({}, runs(3, 3), {}, 0, kTwelve).flag, "new-failure");
  EXPECT_EQ(judge({}, runs(0, 3), {}, 0, kTwelve).flag, "passed");
}

TEST(NightJudge, SaysWhyThereIsNoVerdict) {
  EXPECT_EQ(judge(runs(0, 3), {}, {}, 4, kTwelve).flag, "inconclusive");
  EXPECT_EQ(judge(runs(0, 3), {}, {}, 0, kTwelve).flag, "not-run");
}

TEST(NightJudge, ConfirmsAFailureAfterOneNightOfThreeRuns) {
  const int wanted = confirmation(runs(0, 3), runs(3, 3), kTwelve);
  ASSERT_GT(wanted, 0);
  ASSERT_LE(wanted, kTwelve.confirm);
  const auto judged = judge(runs(0, 3), runs(3, 3), runs(wanted, wanted), 0, kTwelve);
  EXPECT_EQ(judged.flag, "new-failure");
  EXPECT_THAT(judged.words, HasSubstr("in the nights before 0/3"));
}

TEST(NightJudge, NeedsFewerRunsTheLongerTheHistory) {
  const int young = confirmation(runs(0, 3), runs(3, 3), kTwelve);
  const int old = confirmation(runs(0, 30), runs(1, 3), kTwelve);
  EXPECT_LT(old, young);
  EXPECT_EQ(confirmation(runs(0, 90), runs(3, 3), kTwelve), 0) << "tonight's runs are enough";
}

TEST(NightJudge, LeavesAFailureThatDoesNotComeAgainUnconfirmed) {
  EXPECT_EQ(judge(runs(0, 9), runs(1, 3), runs(0, 10), 0, kTwelve).flag, "unconfirmed");
  EXPECT_EQ(judge(runs(0, 3), runs(3, 3), {}, 0, kTwelve).flag, "unconfirmed");
}

TEST(NightJudge, TellsFixedStillFailingAndChanged) {
  EXPECT_EQ(judge(runs(30, 30), runs(0, 3), runs(0, 4), 0, kTwelve).flag, "fixed");
  EXPECT_EQ(judge(runs(30, 30), runs(3, 3), {}, 0, kTwelve).flag, "still-failing");
  EXPECT_EQ(judge(runs(4, 90), runs(3, 3), runs(9, 10), 0, kTwelve).flag, "rate-changed");
  EXPECT_EQ(judge(runs(10, 30), runs(0, 3), {}, 0, kTwelve).flag, "passed");
}

TEST(NightJudge, TellsAnotherBugInACellThatFailsAsBefore) {
  const auto judged = judge(runs(30, 30), runs(3, 3, kOops), runs(5, 5, kOops), 0, kTwelve);
  EXPECT_EQ(judged.flag, "other-signature");
  EXPECT_THAT(judged.words, HasSubstr(kOops));
}

TEST(NightJudge, DoesNotSuspectACellThatGoesOnAsBefore) {
  EXPECT_EQ(confirmation(runs(0, 9), runs(0, 3), kTwelve), 0);
  EXPECT_EQ(confirmation(runs(30, 30), runs(3, 3), kTwelve), 0);
  EXPECT_EQ(confirmation(runs(10, 30), runs(1, 3), kTwelve), 0);
  EXPECT_EQ(confirmation({}, runs(3, 3), kTwelve), 0) << "there is no night before";
}

TEST(NightJudge, KnowsWhenAConfirmationCannotBeHad) {
  EXPECT_GT(confirmation(runs(0, 1), runs(1, 1), {0.05, 1000, 20}), 20);
}

// Nights of cells that never change, at any rate; two bugs may share a cell.
class Nights {
 public:
  Nights(std::vector<double> rates, std::uint64_t seed) : rates_(std::move(rates)), random_(seed) {
    before_.resize(rates_.size());
  }

  // Whether any cell was flagged, but for a first night's new failures.
  bool flagged() {
    const JudgeRules rules{0.05, static_cast<int>(rates_.size()), 20};
    bool any = false;
    for (std::size_t i = 0; i < rates_.size(); ++i) {
      const CellTally tonight = made(i, 3);
      const int more = confirmation(before_[i], tonight, rules);
      const CellTally confirmed = more > 0 && more <= rules.confirm ? made(i, more) : CellTally{};
      const auto judged = judge(before_[i], tonight, confirmed, 0, rules);
      const bool change = isChange(judged.flag) && before_[i].failed.tries > 0;
      any = any || change;
      if (change) before_[i] = {};
      before_[i] += tonight;
      before_[i] += confirmed;
    }
    return any;
  }

 private:
  CellTally made(std::size_t cell, int tries) {
    CellTally runs;
    for (int i = 0; i < tries; ++i) {
      TryResult result;
      const bool fails = std::bernoulli_distribution(rates_[cell])(random_);
      result.outcome = fails ? Outcome::OtherFailure : Outcome::Survived;
      result.held = !fails;
      result.signature = cell % 2 == 1 && std::bernoulli_distribution(0.2)(random_) ? kOops : kLockup;
      add(runs, result);
    }
    return runs;
  }

  std::vector<double> rates_;
  std::mt19937_64 random_;
  std::vector<CellTally> before_;
};

// Ten times 200 nights: 5 % is 100, and four standard deviations are 39. (Fisher's test is exact, not sharp: some 10
// are flagged.)
TEST(NightJudge, FlagsAtMostTheStatedShareOfNightsWithoutAChange) {
  int flagged = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Nights nights({0, 0, 0.02, 0.02, 0.1, 0.1, 0.3, 0.3, 0.5, 0.7, 0.9, 1}, seed);
    for (int night = 0; night < 200; ++night) flagged += nights.flagged() ? 1 : 0;
  }
  EXPECT_LE(flagged, 100 + 39);
  RecordProperty("flagged_of_2000", flagged);
}

// The other side: a regression that makes a cell fail always is found the night it comes, most of the time.
TEST(NightJudge, FindsARegressionInItsFirstNight) {
  for (const int nightsBefore : {1, 5, 30}) {
    const auto before = runs(0, 3 * nightsBefore);
    const int more = confirmation(before, runs(3, 3), kTwelve);
    EXPECT_LE(more, kTwelve.confirm);
    const auto judged = judge(before, runs(3, 3), more > 0 ? runs(more, more) : CellTally{}, 0, kTwelve);
    EXPECT_EQ(judged.flag, "new-failure") << nightsBefore;
  }
}

}  // namespace
}  // namespace relapse::campaign
