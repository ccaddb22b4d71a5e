// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>

#include "campaign/minimize.hpp"
#include "campaign/reductions.hpp"
#include "document/load.hpp"
#include "document/write.hpp"
#include "simulated.hpp"

namespace relapse::campaign {
namespace {

using namespace std::chrono_literals;
using document::Value;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kScenario = R"(name: a
nodes: {client: {cpus: 4, memory: 1GiB}}
nfs:
  mount: {version: "4.1", options: [hard, wsize=4096, timeo=10]}
steps:
  - fault: {fill-export: true}
  - wait: 3s
  - work: {program: noncontiguous-writer, background: true}
  - work: {program: appenders, writers: 16, rounds: 20, after: noncontiguous-writer, background: true}
  - work: {program: readers, writers: 4, background: true, verify: true}
)";

Value treeOf(const std::string& text) {
  document::Errors errors;
  auto tree = document::parse(text, "test", errors);
  EXPECT_TRUE(tree && errors.empty()) << errors.text();
  return tree.value_or(Value{});
}

bool holds(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

int numberBehind(const std::string& text, const std::string& key) {
  const auto at = text.find(key);
  return at == std::string::npos ? 1 : std::stoi(text.substr(at + key.size()));
}

// The bug needs the full export, the one writer, and four appenders or more.
bool isThere(const std::string& text) {
  return holds(text, "fill-export") && holds(text, "noncontiguous-writer") && holds(text, "appenders") &&
         numberBehind(text, "writers: ") >= 4;
}

// A step that waits for one that is not there does not load.
bool loads(const std::string& text) {
  return !holds(text, "after: noncontiguous-writer") || holds(text, "program: noncontiguous-writer");
}

struct Told {
  MinimizeResult result;
  std::vector<std::string> taken;
};

Told minimized(SimulatedKernel& kernel, double rate, std::chrono::milliseconds budget = 10'000s,
               std::uint64_t seed = 1) {
  Told told;
  const Try attempt = [&](const Candidate& candidate, std::uint64_t) {
    return Result<TryResult>(kernel.attempt(isThere(candidate.text) ? rate : 0.0));
  };
  told.result = minimize({treeOf(kScenario), budget, seed}, loads, attempt, kernel.clock(), {},
                         [&](const ReductionRecord& record) {
                           if (record.taken) told.taken.push_back(record.story);
                         });
  return told;
}

// No single reduction of it keeps the bug.
bool isMinimal(const Value& tree) {
  const auto list = reductions(tree);
  return std::none_of(list.begin(), list.end(), [](const Reduction& less) {
    const auto text = document::write(less.tree);
    return loads(text) && isThere(text);
  });
}

TEST(Minimize, LeavesWhatTheBugNeedsAndNothingElse) {
  SimulatedKernel kernel(1);
  const auto told = minimized(kernel, 1);
  const auto text = document::write(told.result.scenario);
  EXPECT_TRUE(told.result.complete);
  EXPECT_TRUE(isThere(text)) << text;
  EXPECT_TRUE(isMinimal(told.result.scenario)) << text;
  EXPECT_THAT(text, Not(HasSubstr("readers")));
  EXPECT_THAT(text, Not(HasSubstr("wait")));
  EXPECT_THAT(text, Not(HasSubstr("wsize")));
  EXPECT_THAT(text, HasSubstr("writers: 4"));
  EXPECT_THAT(text, HasSubstr("cpus: 1"));
  EXPECT_EQ(told.result.fresh.hits, 3);
  EXPECT_EQ(told.result.fresh.tries, 3);
  EXPECT_THAT(told.result.signatures, testing::ElementsAre("the bug"));
}

TEST(Minimize, TellsItAsAStory) {
  SimulatedKernel kernel(1);
  const auto taken = minimized(kernel, 1).taken;
  EXPECT_THAT(taken, Contains("without step 5 (work: readers)"));
  EXPECT_THAT(taken, Contains("without nodes.client.memory"));
  EXPECT_THAT(taken, Contains(HasSubstr("writers 8 instead of 16 in step")));
}

TEST(Minimize, AFlakyBugComesToAMinimalScenarioNearlyAlways) {
  constexpr int kTimes = 100;
  for (const double rate : {0.3, 0.6, 0.9}) {
    int minimal = 0;
    int there = 0;
    for (std::uint64_t seed = 1; seed <= kTimes; ++seed) {
      SimulatedKernel kernel(seed * 31);
      const auto result = minimized(kernel, rate, 10'000s, seed).result;
      if (!result.complete) continue;
      if (isThere(document::write(result.scenario))) ++there;
      if (isMinimal(result.scenario)) ++minimal;
    }
    EXPECT_GE(there, kTimes * 97 / 100) << rate;
    EXPECT_GE(minimal, kTimes * 8 / 10) << rate;
  }
}

TEST(Minimize, AReductionThatCostsMostOfTheRateIsNotTaken) {
  int kept = 0;
  constexpr int kTimes = 100;
  for (std::uint64_t seed = 1; seed <= kTimes; ++seed) {
    SimulatedKernel kernel(seed);
    const Try attempt = [&](const Candidate& candidate, std::uint64_t) {
      return Result<TryResult>(kernel.attempt(holds(candidate.text, "readers") ? 0.8 : 0.1));
    };
    const auto result = minimize({treeOf(kScenario), 10'000s, seed}, loads, attempt, kernel.clock(), {}, {});
    if (holds(document::write(result.scenario), "readers")) ++kept;
  }
  EXPECT_GE(kept, kTimes * 9 / 10);
}

TEST(Minimize, AnotherBugIsNotTheBug) {
  SimulatedKernel kernel(1);
  const Try attempt = [&](const Candidate& candidate, std::uint64_t) {
    auto result = kernel.attempt(1.0);
    if (!holds(candidate.text, "readers")) result.signature = "another bug";
    return Result<TryResult>(result);
  };
  const auto result = minimize({treeOf(kScenario), 10'000s, 1}, loads, attempt, kernel.clock(), {}, {});
  EXPECT_THAT(document::write(result.scenario), HasSubstr("readers"));
}

TEST(Minimize, WhatDoesNotLoadIsNotTried) {
  SimulatedKernel kernel(1);
  const Try attempt = [&](const Candidate& candidate, std::uint64_t) {
    EXPECT_TRUE(loads(candidate.text)) << candidate.text;
    return Result<TryResult>(kernel.attempt(isThere(candidate.text) ? 1.0 : 0.0));
  };
  const auto result = minimize({treeOf(kScenario), 10'000s, 1}, loads, attempt, kernel.clock(), {}, {});
  EXPECT_GT(result.refused, 0);
}

TEST(Minimize, ABugThatNeverComesIsAFailureWithAReason) {
  SimulatedKernel kernel(1);
  const auto result = minimized(kernel, 0).result;
  EXPECT_EQ(result.ending, Ending::Failed);
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.failure->message, "the bug did not come in 12 tries of the scenario as it is");
}

TEST(Minimize, OnlyInconclusiveTriesOfTheOriginalAreAFailureWithTheirReason) {
  SimulatedKernel kernel(1);
  const Try attempt = [&](const Candidate&, std::uint64_t) {
    TryResult result;
    result.reason = "the guest never came up";
    return Result<TryResult>(result);
  };
  const auto result = minimize({treeOf(kScenario), 10'000s, 1}, loads, attempt, kernel.clock(), {}, {});
  EXPECT_THAT(result.failure->message, HasSubstr("the guest never came up"));
}

TEST(Minimize, InconclusiveTriesTakeNothing) {
  SimulatedKernel kernel(1);
  const Try attempt = [&](const Candidate& candidate, std::uint64_t) {
    auto result = kernel.attempt(1.0);
    if (!holds(candidate.text, "readers")) result.outcome = Outcome::Inconclusive;
    return Result<TryResult>(result);
  };
  const auto result = minimize({treeOf(kScenario), 10'000s, 1}, loads, attempt, kernel.clock(), {}, {});
  EXPECT_THAT(document::write(result.scenario), HasSubstr("readers"));
  EXPECT_TRUE(result.complete);  // it did not go on until the budget was spent
}

TEST(Minimize, TheBudgetLeavesTimeForFreshTriesAndSaysThatMoreWasThere) {
  SimulatedKernel kernel(1);
  const auto result = minimized(kernel, 1, 20s).result;
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.ending, Ending::BudgetSpent);
  EXPECT_EQ(result.fresh.tries, 3);
  EXPECT_LE(kernel.now, 20s);
  EXPECT_TRUE(isThere(document::write(result.scenario)));
}

TEST(Minimize, AnInterruptionKeepsWhatWasTaken) {
  SimulatedKernel kernel(1);
  const Try attempt = [&](const Candidate& candidate, std::uint64_t) {
    if (kernel.tries == 12) return Result<TryResult>(fail(FailureKind::Cancelled, "interrupted"));
    return Result<TryResult>(kernel.attempt(isThere(candidate.text) ? 1.0 : 0.0));
  };
  const auto result = minimize({treeOf(kScenario), 10'000s, 1}, loads, attempt, kernel.clock(), {}, {});
  EXPECT_EQ(result.ending, Ending::Interrupted);
  EXPECT_FALSE(result.complete);
  EXPECT_EQ(result.fresh.tries, 0);
  EXPECT_TRUE(isThere(document::write(result.scenario)));
  EXPECT_NE(document::write(result.scenario), document::write(treeOf(kScenario)));
}

TEST(Minimize, ACandidateThatCannotRunIsNotTaken) {
  SimulatedKernel kernel(1);
  const Try attempt = [&](const Candidate& candidate, std::uint64_t) {
    if (!holds(candidate.text, "readers")) return Result<TryResult>(fail(FailureKind::BadInput, "no"));
    return Result<TryResult>(kernel.attempt(1.0));
  };
  const auto result = minimize({treeOf(kScenario), 10'000s, 1}, loads, attempt, kernel.clock(), {}, {});
  EXPECT_FALSE(result.failure);
  EXPECT_THAT(document::write(result.scenario), HasSubstr("readers"));
}

std::vector<std::string> storiesOf(const std::string& text) {
  std::vector<std::string> stories;
  for (const auto& less : reductions(treeOf(text))) stories.push_back(less.story);
  return stories;
}

TEST(Reductions, BeginWithHalfOfTheSteps) {
  const auto stories = storiesOf(kScenario);
  EXPECT_EQ(stories.front(), "without steps 4 to 5");
  EXPECT_THAT(stories, Contains("without step 1 (fault: ...)").Times(0));
  EXPECT_THAT(stories, Contains("without step 1 (fault: fill-export)"));
  EXPECT_THAT(stories, Contains("without wsize=4096 of nfs.mount.options"));
  EXPECT_THAT(stories, Contains("nodes.client.cpus 1 instead of 4"));
  EXPECT_THAT(stories, Contains("nodes.client.cpus 2 instead of 4"));
  EXPECT_THAT(stories, Contains("without verify in step 5 (work: readers)"));
}

TEST(Reductions, TakeAWorksChanceFromIt) {
  EXPECT_THAT(storiesOf("steps: [{work: {program: noncontiguous-writer, chance: 30%}}]\n"),
              Contains("without chance in step 1 (work: noncontiguous-writer)"));
}

TEST(Reductions, AreEachSmallerThanTheScenario) {
  const auto whole = document::write(treeOf(kScenario));
  for (const auto& less : reductions(treeOf(kScenario))) {
    EXPECT_LE(document::write(less.tree).size(), whole.size() + 3) << less.story;  // an empty list has its brackets
    EXPECT_NE(document::write(less.tree), whole) << less.story;
  }
}

TEST(Reductions, LeaveAKeyThatSaysItsDefault) {
  EXPECT_THAT(storiesOf("nodes: {client: {memory: 512MiB}}\nnfs: {mount: {version: '4.1'}}\n"), testing::IsEmpty());
  EXPECT_THAT(storiesOf("nodes: {client: {memory: 1GiB}}\njitter: 1s\n"),
              testing::ElementsAre("without jitter", "without nodes.client.memory"));
}

TEST(Reductions, FindNothingInWhatIsNoScenario) {
  for (const char* text : {"", "a", "[]", "steps: 3\n", "steps: []\n", "nodes: []\n", "nodes: {client: ~}\n",
                           "steps: [a, ~]\nnodes: {client: {cpus: many}}\n"})
    for (const auto& less : reductions(treeOf(text))) EXPECT_THAT(less.story, HasSubstr("step")) << text;
}

}  // namespace
}  // namespace relapse::campaign
