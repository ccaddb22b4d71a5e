// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "campaign/search.hpp"
#include "simulated.hpp"
#include "statistics/rates.hpp"

namespace relapse::campaign {
namespace {

using namespace std::chrono_literals;

SearchPlan planOf(int settings, std::chrono::milliseconds budget, std::uint64_t seed = 1) {
  SearchPlan plan;
  for (int i = 0; i < settings; ++i) plan.settings.push_back({{std::to_string(i), ""}, {}});
  plan.budget = budget;
  plan.seed = seed;
  return plan;
}

struct Simulated {
  SearchResult result;
  std::vector<Tried> tries;
};

Simulated searched(const SearchPlan& plan, SimulatedKernel& kernel, Try attempt = {}) {
  Simulated simulated;
  if (!attempt)
    attempt = [&](const Candidate& candidate, std::uint64_t) {
      return Result<TryResult>(kernel.attempt(candidate.label));
    };
  simulated.result = search(plan, attempt, kernel.clock(),
                            [&](const Tried& tried, const SettingRecord&) { simulated.tries.push_back(tried); });
  return simulated;
}

// 24 settings whose rates are as far apart as steps of a fifth, in no order that a search could use.
SimulatedKernel kernelOf24(std::uint64_t seed, int* best = nullptr) {
  SimulatedKernel kernel(seed);
  std::vector<double> rates;
  for (int i = 0; i < 24; ++i) rates.push_back(0.02 * std::pow(45, i / 23.0));
  std::mt19937_64 random(seed * 7919 + 1);
  std::shuffle(rates.begin(), rates.end(), random);
  for (int i = 0; i < 24; ++i) kernel.rates[std::to_string(i)] = rates[static_cast<std::size_t>(i)];
  if (best != nullptr) *best = static_cast<int>(std::max_element(rates.begin(), rates.end()) - rates.begin());
  return kernel;
}

constexpr int kSearches = 200;

TEST(SearchSimulated, FindsOneOfTheBestOf24SettingsInNineSearchesOfTen) {
  int good = 0;
  for (std::uint64_t seed = 1; seed <= kSearches; ++seed) {
    auto kernel = kernelOf24(seed);
    const auto result = searched(planOf(24, 150s, seed), kernel).result;
    ASSERT_LE(result.tries, 150);
    if (result.best && kernel.rates.at(std::to_string(*result.best)) >= 0.64) ++good;  // 0.9, 0.76 or 0.65
  }
  EXPECT_GE(good, kSearches * 9 / 10);
}

TEST(SearchSimulated, FindsTheOneSettingThatStandsOut) {
  int right = 0;
  for (std::uint64_t seed = 1; seed <= kSearches; ++seed) {
    SimulatedKernel kernel(seed);
    for (int i = 0; i < 24; ++i) kernel.rates[std::to_string(i)] = 0.02 + 0.02 * i;
    const int best = static_cast<int>(seed % 23) + 1;
    kernel.rates[std::to_string(best)] = 0.9;
    const auto result = searched(planOf(24, 120s, seed), kernel).result;
    if (result.best == static_cast<std::size_t>(best)) ++right;
  }
  EXPECT_GE(right, kSearches * 9 / 10);
}

// What a search would find that spreads the same tries evenly.
bool evenlyFindsTheBest(std::uint64_t seed, int tries, double least) {
  auto kernel = kernelOf24(seed);
  std::vector<statistics::Count> counts(24);
  for (int i = 0; i < tries; ++i) {
    auto& count = counts[static_cast<std::size_t>(i % 24)];
    count += {kernel.attempt(std::to_string(i % 24)).outcome == Outcome::Reproduced ? 1 : 0, 1};
  }
  const auto likely = [](statistics::Count a, statistics::Count b) {
    return statistics::likelyRate(a, 0.25) < statistics::likelyRate(b, 0.25);
  };
  const auto best = std::max_element(counts.begin(), counts.end(), likely) - counts.begin();
  return kernel.rates.at(std::to_string(best)) >= least;
}

TEST(SearchSimulated, BeatsTryingAllSettingsEquallyOften) {
  int search = 0;
  int evenly = 0;
  for (std::uint64_t seed = 1; seed <= kSearches; ++seed) {
    auto kernel = kernelOf24(seed);
    const auto result = searched(planOf(24, 150s, seed), kernel).result;
    if (result.best && kernel.rates.at(std::to_string(*result.best)) >= 0.76) ++search;
    if (evenlyFindsTheBest(seed, 105, 0.76)) ++evenly;  // as many as the search has without those held out
  }
  EXPECT_GT(search, evenly);
}

TEST(SearchSimulated, TheFreshTriesOfTheBestAreNotFlattered) {
  double chosen = 0;
  double fresh = 0;
  double truth = 0;
  for (std::uint64_t seed = 1; seed <= kSearches; ++seed) {
    SimulatedKernel kernel(seed);
    for (int i = 0; i < 24; ++i) kernel.rates[std::to_string(i)] = 0.3;  // no setting is better than another
    const auto result = searched(planOf(24, 60s, seed), kernel).result;
    if (!result.best || result.records[*result.best].fresh.tries == 0) continue;
    chosen += result.records[*result.best].count.rate();
    fresh += result.records[*result.best].fresh.rate();
    truth += 0.3;
  }
  EXPECT_NEAR(fresh / truth, 1, 0.12);
  EXPECT_GT(chosen / truth, 1.5);  // the curse that they are for
}

TEST(SearchSimulated, TheIntervalOfTheFreshTriesHoldsTheTrueRate) {
  int covered = 0;
  int cases = 0;
  for (std::uint64_t seed = 1; seed <= kSearches; ++seed) {
    auto kernel = kernelOf24(seed);
    const auto result = searched(planOf(24, 100s, seed), kernel).result;
    if (!result.best) continue;
    const auto interval = statistics::clopperPearson(result.records[*result.best].fresh);
    const double rate = kernel.rates.at(std::to_string(*result.best));
    ++cases;
    if (interval.low <= rate && rate <= interval.high) ++covered;
  }
  EXPECT_GE(cases, kSearches * 9 / 10);
  EXPECT_GE(covered, cases * 93 / 100);  // 95 of 100, and the chance of 200 cases
}

TEST(Search, BeginsWithTheScenarioAsItIs) {
  SimulatedKernel kernel(1);
  const auto tries = searched(planOf(5, 20s), kernel).tries;
  ASSERT_GE(tries.size(), 4u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(tries[i].setting, 0u);
  EXPECT_EQ(tries[3].setting, 1u);
}

TEST(Search, GivesEachTryASeedOfItsOwn) {
  SimulatedKernel kernel(1);
  std::set<std::uint64_t> seeds;
  const auto tries = searched(planOf(5, 60s), kernel).tries;
  for (const auto& tried : tries) {
    EXPECT_GE(tried.seed, 1u);
    EXPECT_LE(tried.seed, 0x7fffffffu);
    seeds.insert(tried.seed);
  }
  EXPECT_EQ(seeds.size(), tries.size());
}

TEST(Search, DoesTheSameAgainWithTheSameSeed) {
  const auto once = [](std::uint64_t seed) {
    auto kernel = kernelOf24(9);
    std::vector<std::size_t> settings;
    for (const auto& tried : searched(planOf(24, 90s, seed), kernel).tries) settings.push_back(tried.setting);
    return settings;
  };
  EXPECT_EQ(once(4), once(4));
  EXPECT_NE(once(4), once(5));
}

TEST(Search, GoesOnToOtherSettingsWhileTheBugDoesNotCome) {
  SimulatedKernel kernel(1);
  kernel.rates["40"] = 1;
  const auto result = searched(planOf(50, 100s), kernel).result;
  EXPECT_EQ(result.best, 40u);
}

TEST(Search, NamesNoBestSettingWhenTheBugNeverCame) {
  SimulatedKernel kernel(1);
  const auto simulated = searched(planOf(3, 30s), kernel);
  EXPECT_FALSE(simulated.result.best);
  EXPECT_EQ(simulated.result.ending, Ending::BudgetSpent);
  for (const auto& tried : simulated.tries) EXPECT_FALSE(tried.fresh);
}

TEST(Search, StaysWithTheScenarioAsItIsWhenNothingIsBetter) {
  SimulatedKernel kernel(1);
  for (int i = 0; i < 6; ++i) kernel.rates[std::to_string(i)] = 1;
  EXPECT_EQ(searched(planOf(6, 200s), kernel).result.best, 0u);
}

TEST(Search, StopsEarlyWhenThereIsNothingLeftToGain) {
  SimulatedKernel kernel(1);
  kernel.rates["0"] = 1;
  const auto result = searched(planOf(2, 1000s), kernel).result;
  EXPECT_LT(result.tries, 100);
  EXPECT_EQ(result.ending, Ending::Done);
}

TEST(Search, BeginsNoTryThatWouldEndAfterTheBudget) {
  SimulatedKernel kernel(1);
  kernel.rates["1"] = 0.5;
  const auto result = searched(planOf(4, 25s), kernel).result;
  EXPECT_LE(kernel.now, 25s);
  EXPECT_GE(kernel.now, 23s);
  EXPECT_EQ(result.ending, Ending::BudgetSpent);
}

TEST(Search, DoesNotCountTheKernelsBuild) {
  SimulatedKernel kernel(1);
  kernel.building = 500s;
  kernel.rates["1"] = 0.5;
  const auto result = searched(planOf(4, 25s), kernel).result;
  EXPECT_GE(result.tries, 23);
}

Try inconclusiveAt(SimulatedKernel& kernel, const std::string& label) {
  return [&kernel, label](const Candidate& candidate, std::uint64_t) -> Result<TryResult> {
    auto result = kernel.attempt(candidate.label);
    if (candidate.label != label) return result;
    result.outcome = Outcome::Inconclusive;
    result.reason = "the guest never came up";
    return result;
  };
}

TEST(Search, SetsASettingAsideThatIsInconclusiveThreeTimesInARow) {
  SimulatedKernel kernel(1);
  kernel.rates["1"] = 0.5;
  const auto simulated = searched(planOf(3, 200s), kernel, inconclusiveAt(kernel, "2"));
  const auto& record = simulated.result.records[2];
  EXPECT_EQ(record.setAside, "the guest never came up");
  EXPECT_EQ(record.inconclusive, 3);
  EXPECT_EQ(record.count.tries, 0);
}

TEST(Search, AnInconclusiveTryIsNoTry) {
  Search search(2, 1);
  TryResult result;
  search.add(0, result);
  search.add(0, result);
  result.outcome = Outcome::OtherFailure;
  search.add(0, result);
  result.outcome = Outcome::Inconclusive;
  search.add(0, result);
  EXPECT_FALSE(search.records()[0].setAside);
  EXPECT_EQ(search.records()[0].count.tries, 1);
  EXPECT_EQ(search.records()[0].count.hits, 0);
  EXPECT_EQ(search.records()[0].otherFailures, 1);
  EXPECT_EQ(search.records()[0].inconclusive, 3);
}

TEST(Search, EndsWhenNoSettingCanBeTried) {
  SimulatedKernel kernel(1);
  const auto simulated = searched(planOf(3, 200s), kernel, [&](const Candidate&, std::uint64_t) -> Result<TryResult> {
    kernel.now += 1s;
    TryResult result;
    result.time = 1s;
    return result;
  });
  EXPECT_EQ(simulated.result.tries, 9);
  EXPECT_EQ(simulated.result.ending, Ending::Done);
  EXPECT_FALSE(simulated.result.best);
}

TEST(Search, ASettingThatCannotRunIsSetAsideAndTheOthersGoOn) {
  SimulatedKernel kernel(1);
  kernel.rates["1"] = 0.6;
  const auto simulated = searched(planOf(3, 60s), kernel, [&](const Candidate& candidate, std::uint64_t) {
    if (candidate.label == "2") return Result<TryResult>(fail(FailureKind::BadInput, "no such fault"));
    return Result<TryResult>(kernel.attempt(candidate.label));
  });
  EXPECT_EQ(simulated.result.records[2].setAside, "no such fault");
  EXPECT_FALSE(simulated.result.failure);
  EXPECT_EQ(simulated.result.best, 1u);
}

TEST(Search, TheScenarioThatCannotRunEndsItAll) {
  SimulatedKernel kernel(1);
  const auto simulated = searched(planOf(3, 60s), kernel, [](const Candidate&, std::uint64_t) {
    return Result<TryResult>(fail(FailureKind::BadInput, "the patch does not apply"));
  });
  EXPECT_EQ(simulated.result.ending, Ending::Failed);
  EXPECT_EQ(simulated.result.failure->message, "the patch does not apply");
}

TEST(Search, KeepsWhatItHasWhenItIsInterrupted) {
  SimulatedKernel kernel(1);
  kernel.rates["1"] = 1;
  const auto simulated = searched(planOf(3, 600s), kernel, [&](const Candidate& candidate, std::uint64_t) {
    if (kernel.tries == 6) return Result<TryResult>(fail(FailureKind::Cancelled, "interrupted"));
    return Result<TryResult>(kernel.attempt(candidate.label));
  });
  EXPECT_EQ(simulated.result.ending, Ending::Interrupted);
  EXPECT_EQ(simulated.result.tries, 6);
  EXPECT_EQ(simulated.result.best, 1u);
  EXPECT_EQ(simulated.result.records[1].fresh.tries, 0);
}

}  // namespace
}  // namespace relapse::campaign
