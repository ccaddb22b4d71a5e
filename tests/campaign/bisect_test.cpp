// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <regex>
#include <sstream>

#include "bisect_world.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class Bisect : public BisectTest {
 protected:
  // No try's end is there twice, and no seed was used twice.
  void expectEachTryOnce() const {
    std::set<int> numbers;
    for (const auto& ended : all<TryEnded>()) EXPECT_TRUE(numbers.insert(ended.number).second) << ended.number;
    std::set<int> started;
    for (const auto& one : all<TryStarted>()) EXPECT_TRUE(started.insert(one.number).second) << one.number;
    EXPECT_TRUE(std::ranges::includes(started, numbers));
    const std::set<std::string> runs(remembered_.begin(), remembered_.end());
    EXPECT_EQ(runs.size(), remembered_.size());
  }
};

TEST_F(Bisect, FindsTheCulpritAndProvesIt) {
  for (const std::size_t culprit : {1U, 2U, 5U, 8U}) {
    remembered_.clear();
    begin(planOfPatches(8));
    const auto report = goIn(BisectWorld::needing({culprit}));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->ending, "found");
    EXPECT_THAT(chosen(*report), ElementsAre(begun_.plan.candidate(culprit).name));
    EXPECT_GE(report->posterior, 0.95);
    ASSERT_THAT(report->checks, SizeIs(2));
    for (const auto& check : report->checks) EXPECT_TRUE(check.made && check.held) << check.what << check.words;
    EXPECT_EQ(report->target, kLockup);
    EXPECT_EQ(report->runs, static_cast<int>(all<TryEnded>().size()));
    expectEachTryOnce();
  }
}

TEST_F(Bisect, TellsWhatItsLogTells) {
  begin(planOfPatches(4));
  ASSERT_TRUE(goIn(BisectWorld::needing({3})));
  std::string told;
  for (const auto& story : told_) told += "# " + std::regex_replace(story, std::regex("\n"), "\n# ") + "\n";
  std::string inLog;
  std::istringstream lines(logText());
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("#")) inLog += line + "\n";
  EXPECT_EQ(told, inLog);
  EXPECT_THAT(told_, Contains(HasSubstr("believed now: 0003-patch")));
}

TEST_F(Bisect, ReplayedFromItsLogSaysTheSame) {
  for (const double rate : {1.0, 0.6}) {
    begun_.subset = true;
    begin(planOfPatches(6));
    const auto report = goIn(BisectWorld::needing({2, 5}, rate));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(reportOf(BisectState(events())), *report);
    EXPECT_THAT(storyOf(events()), Not(IsEmpty()));
  }
}

TEST_F(Bisect, WithSubsetFindsAllThatIsNeeded) {
  const Held sets[] = {{4}, {2, 5}, {1, 8}, {7, 8}, {2, 4, 7}};
  for (const auto& needed : sets) {
    begun_.subset = true;
    remembered_.clear();
    begin(planOfPatches(8));
    const auto report = goIn(BisectWorld::needing(needed));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->ending, "found");
    std::vector<std::string> names;
    for (const auto number : needed) names.push_back(begun_.plan.candidate(number).name);
    ASSERT_TRUE(report->subset);
    EXPECT_EQ(report->subset->names, names) << report->subset->words;
    EXPECT_EQ(report->subset->necessary, names);
    EXPECT_TRUE(report->subset->minimal) << report->subset->words;
    EXPECT_THAT(chosen(*report), ElementsAre(names.back()));
    expectEachTryOnce();
  }
}

TEST_F(Bisect, OfAFlakyBugFindsTheCulpritAsSurelyAsAsked) {
  int right = 0;
  int within = 0;
  int flaky = 0;
  for (std::uint64_t world = 1; world <= 40; ++world) {
    seed_ = world * 1000;
    begin(planOfPatches(8));
    const auto report = goIn(BisectWorld::needing({6}, 0.3));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->ending, "found");
    right += chosen(*report) == std::vector<std::string>{"0006-patch"};
    within += report->rateLow <= 0.3 && 0.3 <= report->rateHigh;
    flaky += !report->cautions.empty() && report->cautions.back().starts_with("the bug is flaky");
  }
  EXPECT_GE(right, 37) << "95 % of 40, but for chance";
  EXPECT_GE(within, 38);
  EXPECT_GE(flaky, 38);
}

TEST_F(Bisect, TakesAnotherFailureForNoneOfIt) {
  auto world = BisectWorld::needing({3, 6});
  world.failure = [](const Held& held) {
    if (!held.contains(3)) return std::string();
    return std::string(held.contains(6) ? kLockup : kOops);  // B turns A's failure into another
  };
  begin(planOfPatches(8));
  const auto report = goIn(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(chosen(*report), ElementsAre("0006-patch"));
  ASSERT_THAT(report->others, SizeIs(1));
  EXPECT_EQ(report->others[0].signature, kOops);
  EXPECT_THAT(report->cautions, Contains(HasSubstr("otherwise")));
}

TEST_F(Bisect, WithAnotherFailuresSignatureFindsWhatBroughtThatOne) {
  auto world = BisectWorld::needing({3, 6});
  world.failure = [](const Held& held) {
    return std::string(held.contains(6) ? kLockup : held.contains(3) ? kOops : "");
  };
  begun_.target = kOops;
  auto plan = planOfPatches(5);  // the last that is fine but for the oops
  begin(std::move(plan));
  const auto report = goIn(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(chosen(*report), ElementsAre("0003-patch"));
  EXPECT_EQ(report->target, kOops);
}

TEST_F(Bisect, LearnsTheSignatureOfTheEndWithTheBug) {
  for (const std::size_t guests : {1U, 3U}) {
    guests_ = guests;
    auto world = BisectWorld::needing({});
    world.expected = "nothing";
    world.failure = [](const Held& held) { return std::string(held.contains(5) ? kLockup : kOops); };
    begun_.learn = true;
    begin(planOfPatches(8));
    WorldEngine engine(world);
    engine.lastFirst = true;
    const auto report = go(engine);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->target, kLockup) << "not of the other end";
    EXPECT_THAT(chosen(*report), ElementsAre("0005-patch"));
    EXPECT_THAT(all<TargetLearnt>(), SizeIs(1));
  }
}

TEST_F(Bisect, FindsWhatTookABugAway) {
  for (const std::size_t fix : {1U, 4U, 7U}) {
    auto world = BisectWorld::needing({});
    world.failure = [fix](const Held& held) { return std::string(held.contains(fix) ? "" : kLockup); };
    begun_.question.fixedBy = true;
    begin(planOfPatches(7));
    const auto report = goIn(world);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(chosen(*report), ElementsAre(begun_.plan.candidate(fix).name));
    for (const auto& check : report->checks) EXPECT_TRUE(check.made && check.held) << check.what << check.words;
    EXPECT_THAT(report->words, HasSubstr("took the bug away"));
  }
}

TEST_F(Bisect, SaysWhichEndIsNotWhatItShouldBe) {
  struct Row {
    bool fixedBy;
    bool always;  // the bug is at both ends; else at none
    const char* ending;
  };
  for (const auto& [fixedBy, always, ending] : {Row{false, true, "good-end-bad"}, Row{false, false, "bad-end-good"},
                                                Row{true, true, "good-end-bad"}, Row{true, false, "bad-end-good"}}) {
    BisectWorld world;
    world.failure = [always](const Held&) { return std::string(always ? kLockup : ""); };
    begun_.question.fixedBy = fixedBy;
    begin(planOfPatches(16));
    const auto report = goIn(world);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->ending, ending);
    EXPECT_LE(report->kernels, 2) << "no kernel between is built for that";
    EXPECT_THAT(chosen(*report), IsEmpty());
  }
}

TEST_F(Bisect, AnEndThatDoesNotBuildIsBadInputAndIsBuiltAgainWhenItIsGoneOnWith) {
  for (const std::size_t end : {0U, 4U}) {
    auto world = BisectWorld::needing({2});
    world.builds = [end](const Held& held) { return held.size() != end; };
    begin(planOfPatches(4));
    for (int again = 0; again < 2; ++again) {
      const auto refused = goIn(world);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().kind, FailureKind::BadInput);
      EXPECT_THAT(refused.error().message,
                  AllOf(StartsWith(begun_.plan.ends[end == 0 ? 0 : 1]), HasSubstr("write.c:1")));
    }
    const auto report = goIn(BisectWorld::needing({2}));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(chosen(*report), ElementsAre("0002-patch"));
  }
}

TEST_F(Bisect, LeavesOutKernelsThatDoNotBuildAndSaysWhy) {
  auto world = BisectWorld::needing({6});
  world.builds = [](const Held& held) { return held.size() != 4 && held.size() != 5; };
  begin(planOfPatches(8));
  const auto report = goIn(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->ending, "found");
  EXPECT_THAT(chosen(*report), Contains("0006-patch"));
  for (const auto& candidate : report->candidates)
    EXPECT_TRUE(candidate.skipped.empty() || candidate.skipped == "write.c:1: error") << candidate.skipped;
}

TEST_F(Bisect, NamesTheGroupThatHoldsTheCulpritWhenItsNeighboursCannotBeBuilt) {
  auto world = BisectWorld::needing({4});
  world.builds = [](const Held& held) { return held.size() < 3 || held.size() > 5; };
  begin(planOfPatches(8));
  const auto report = goIn(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(chosen(*report), AllOf(Contains("0004-patch"), SizeIs(testing::Le(4))));
  EXPECT_THAT(report->checks, IsEmpty());
}

TEST_F(Bisect, DoesNotTryTheSameBinaryAgainInAnotherKernel) {
  auto world = BisectWorld::needing({6});
  world.binary = [](const Held& held) {  // 3, 4 and 5 change documentation
    std::string sum = "sum";
    for (const auto number : held)
      if (number < 3 || number > 5) sum += fmt::format("-{}", number);
    return sum;
  };
  begin(planOfPatches(8));
  const auto report = goIn(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(chosen(*report), ElementsAre("0006-patch"));
  int tried = 0;
  for (const std::size_t number : {2U, 3U, 4U, 5U}) tried += report->candidates[number - 1].runs.empty() ? 0 : 1;
  EXPECT_LE(tried, 1);
}

TEST_F(Bisect, TakesWhatTheEngineLostForNoTry) {
  auto world = BisectWorld::needing({3});
  int jobs = 0;
  world.lost = [&](const engine::Job& job) -> std::optional<engine::JobEnd> {
    if (++jobs % 3 != 0) return std::nullopt;
    return engine::JobEnd{job.name, engine::JobEnd::What::NoData, "node failed", "n1"};
  };
  begin(planOfPatches(8));
  const auto report = goIn(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(chosen(*report), ElementsAre("0003-patch"));
  for (const auto& ended : all<TryEnded>())
    EXPECT_EQ(ended.reason == "node failed", ended.saw == bisect::Saw::Inconclusive);
  EXPECT_THAT(all<KernelSkipped>(), IsEmpty()) << "no kernel is to blame";
}

TEST_F(Bisect, GivesUpOnABuildThatIsLostAgainAndAgain) {
  auto world = BisectWorld::needing({3});
  world.lost = [](const engine::Job& job) {
    return engine::JobEnd{job.name, engine::JobEnd::What::NoData, "gone", ""};
  };
  begin(planOfPatches(4));
  WorldEngine engine(world);
  const auto refused = go(engine);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::GuestFailed);
  EXPECT_THAT(refused.error().message, HasSubstr("gone"));
  EXPECT_EQ(engine.finished, 3);
}

TEST_F(Bisect, ABrokenResultIsTheHostsDoing) {
  auto world = BisectWorld::needing({3});
  int runs = 0;
  world.lost = [&](const engine::Job& job) -> std::optional<engine::JobEnd> {
    if (job.argv[0] != "run" || ++runs % 3 != 0) return std::nullopt;
    std::ofstream(job.result) << "{\"run\":";
    return engine::JobEnd{job.name, engine::JobEnd::What::Result, "", ""};
  };
  begin(planOfPatches(6));
  const auto report = goIn(world);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(chosen(*report), ElementsAre("0003-patch"));
  EXPECT_THAT(all<KernelSkipped>(), IsEmpty());
}

TEST_F(Bisect, EndsWhenTheHostLacksSomethingAndCanBeGoneOnWith) {
  for (const char* what : {"run", "build"})
    for (int after = 0; after < 6; ++after) {
      auto world = BisectWorld::needing({3});
      int left = after;
      world.failed = [&](const engine::Job& job) -> std::optional<Failure> {
        if (job.argv[0] != what || left-- > 0) return std::nullopt;
        return Failure{FailureKind::HostLacks, "no /dev/kvm", ""};
      };
      begin(planOfPatches(8));
      remembered_.clear();
      const auto refused = goIn(world);
      if (refused) continue;  // it never built so many
      EXPECT_EQ(refused.error().kind, FailureKind::HostLacks);
      const auto report = goIn(BisectWorld::needing({3}));
      ASSERT_TRUE(report) << what << after << report.error().message;
      EXPECT_THAT(chosen(*report), ElementsAre("0003-patch"));
      expectEachTryOnce();
    }
}

// Killed after each number of ends, as a process that is there no more: what is under way is lost, or ends meanwhile.
class Killed : public Bisect, public testing::WithParamInterface<bool> {};

TEST_P(Killed, AtAnyPlaceAndGoneOnWithFindsTheSame) {
  const bool endsMeanwhile = GetParam();
  const auto world = BisectWorld::needing({2, 5});
  for (const std::size_t guests : {1U, 2U}) {
    guests_ = guests;
    bool whole = false;
    for (int until = 0; !whole && until < 200; ++until) {
      begun_.subset = true;
      begin(planOfPatches(6));
      remembered_.clear();
      WorldEngine broken(world, until);
      const auto cut = go(broken);
      whole = cut.has_value();
      if (whole) break;
      ASSERT_EQ(cut.error().kind, FailureKind::Cancelled);
      std::set<std::string> left;
      for (const auto& job : broken.underWay()) {
        if (!endsMeanwhile) continue;
        broken.finish(job);
        if (job.argv[0] == "run") left.insert("run-" + job.argv[1]);
      }
      const auto report = goIn(world);
      ASSERT_TRUE(report) << until << report.error().message;
      EXPECT_THAT(chosen(*report), ElementsAre("0005-patch")) << until;
      ASSERT_TRUE(report->subset);
      EXPECT_THAT(report->subset->names, ElementsAre("0002-patch", "0005-patch")) << until;
      for (const auto& run : left) EXPECT_EQ(std::ranges::count(remembered_, run), 1) << run << " was there already";
      EXPECT_EQ(report->runs, static_cast<int>(remembered_.size()));
      expectEachTryOnce();
      EXPECT_EQ(reportOf(BisectState(events())), *report);
    }
    EXPECT_TRUE(whole);
  }
}

INSTANTIATE_TEST_SUITE_P(Bisect, Killed, testing::Bool(),
                         [](const auto& of) { return of.param ? "WhileRunsEnd" : "WithItsRuns"; });

TEST_F(Bisect, ThatWasInterruptedTakesNoResultForATryThatSaysItWasInterrupted) {
  begin(planOfPatches(4));
  for (int times = 0; times < 6; ++times) {  // more often than a kernel may come to no result
    auto world = BisectWorld::needing({3});
    world.failed = [](const engine::Job& job) -> std::optional<Failure> {
      if (job.argv[0] == "run") return Failure{FailureKind::Cancelled, "interrupted", ""};
      return std::nullopt;
    };
    WorldEngine engine(world, times == 0 ? 1 : 0);
    ASSERT_FALSE(go(engine));
    for (const auto& job : engine.underWay()) engine.finish(job);
  }
  EXPECT_THAT(all<TryEnded>(), IsEmpty());
  const auto report = goIn(BisectWorld::needing({3}));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(chosen(*report), ElementsAre("0003-patch"));
}

TEST_F(Bisect, MakesSeveralTriesAtOnceButNoMoreThanItMay) {
  for (const std::size_t guests : {2U, 4U})
    for (const bool buildsBeside : {false, true})
      for (const bool lastFirst : {false, true}) {
        seed_ += 1000;
        guests_ = guests;
        buildsBeside_ = buildsBeside;
        begin(planOfPatches(12));
        remembered_.clear();
        const auto world = BisectWorld::needing({7}, 0.5);
        WorldEngine engine(world);
        engine.lastFirst = lastFirst;
        const auto report = go(engine);
        ASSERT_TRUE(report) << report.error().message;
        EXPECT_THAT(chosen(*report), ElementsAre("0007-patch"));
        EXPECT_EQ(engine.most, guests);
        expectEachTryOnce();
      }
}

}  // namespace
}  // namespace relapse::campaign
