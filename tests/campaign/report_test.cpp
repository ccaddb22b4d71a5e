// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include "campaign/minimize_report.hpp"
#include "campaign/outcome.hpp"
#include "campaign/search_report.hpp"

namespace relapse::campaign {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

SearchReport example() {
  SearchReport report;
  report.scenario = "nfs-lockup";
  report.knobs = {{"writers", {"1", "8"}}, {"cpus", {"2"}}};
  report.plan.settings = {{{"", ""}, {}}, {{"writers=1 cpus=2", ""}, {0, 0}}, {{"writers=8 cpus=2", ""}, {1, 0}}};
  report.plan.budget = 180s;
  report.result.records.resize(3);
  report.result.records[0].count = {1, 3};
  report.result.records[0].fresh = {2, 7};
  report.result.records[1].count = {0, 4};
  report.result.records[1].otherFailures = 2;
  report.result.records[1].inconclusive = 1;
  report.result.records[2].count = {6, 6};
  report.result.records[2].fresh = {9, 10};
  report.result.records[2].toEvent = {3s, 1s, 2s};
  report.result.best = 2;
  report.result.tries = 31;
  return report;
}

TEST(SearchReport, TheBestSettingsRateIsThatOfItsFreshTries) {
  EXPECT_THAT(text(example()), HasSubstr("best: writers=8 cpus=2, 9/10, 90 % (55-100 %) in fresh tries\n"
                                         "the scenario as it is: 3/10, 30 % (7-65 %); the difference is beyond chance "
                                         "(Fisher's exact test, p=0.02)\n"));
}

TEST(SearchReport, ADifferenceThatMayBeChanceIsSaidToBe) {
  auto report = example();
  report.result.records[2].fresh = {3, 4};
  EXPECT_THAT(text(report), HasSubstr("the difference is not beyond chance"));
  EXPECT_FALSE(json(report)["best"]["beyond_chance"].get<bool>());
}

TEST(SearchReport, ListsTheSettingsBestFirstWithWhatElseTheyShowed) {
  const auto said = text(example());
  EXPECT_LT(said.find("writers=8 cpus=2  "), said.find("the scenario as it is  "));
  EXPECT_LT(said.find("the scenario as it is  "), said.find("writers=1 cpus=2  "));
  EXPECT_THAT(said,
              AllOf(HasSubstr("2 with another failure"), HasSubstr("1 inconclusive, not counted"), HasSubstr("2.0 s")));
}

TEST(SearchReport, PoolsTheTriesOfEachValue) {
  const auto knobs = json(example())["knobs"];
  EXPECT_EQ(knobs[0]["values"][1]["reproduced"], 6);
  EXPECT_EQ(knobs[1]["values"][0]["tries"], 10);  // the scenario as it is has none of the values
  EXPECT_THAT(text(example()), HasSubstr("writers=8"));
}

TEST(SearchReport, NoFreshTriesAreSaidToBeMissing) {
  auto report = example();
  report.result.records[2].fresh = {};
  EXPECT_THAT(text(report),
              HasSubstr("no fresh tries; 6/6, 100 % (54-100 %) in those that chose it, which flatter it"));
}

TEST(SearchReport, ABugThatNeverCameHasAnUpperBound) {
  auto report = example();
  report.result.best.reset();
  for (auto& record : report.result.records) record.count = {0, 10};
  EXPECT_THAT(text(report), HasSubstr("the bug did not come: 0/30, 0 % (0-12 %) tries at all settings together"));
  EXPECT_TRUE(json(report)["best"].is_null());
}

TEST(SearchReport, SaysWhatWasLeftOutSetAsideAndNotTried) {
  auto report = example();
  report.leftOut = 4;
  report.whyLeftOut = "--set a: expected b\nmore";
  report.result.records[1] = {};
  report.result.records[1].setAside = "the guest never came up";
  report.plan.settings.push_back({{"writers=99", ""}, {}});
  report.result.records.emplace_back();
  const auto said = text(report);
  EXPECT_THAT(said, HasSubstr("4 settings were left out, the scenario refuses them; the first: --set a: expected b\n"));
  EXPECT_THAT(said, HasSubstr("set aside: the guest never came up"));
  EXPECT_THAT(said, HasSubstr("1 settings were not tried"));
  EXPECT_THAT(said, Not(HasSubstr("writers=99")));
}

TEST(SearchReport, ATryIsOneObject) {
  Tried tried{3, 2, true, 77, {}};
  tried.result.outcome = Outcome::Reproduced;
  tried.result.signature = "soft-lockup f";
  tried.result.time = 6s;
  tried.result.toEvent = 4s;
  const auto line = json(tried, {"writers=8", ""});
  EXPECT_EQ(line.dump(),
            R"({"kind":"try","number":3,"setting":"writers=8","fresh":true,"seed":77,"outcome":"reproduced",)"
            R"("signature":"soft-lockup f","ms":6000,"to_event_ms":4000})");
}

TEST(MinimizeReport, SaysWhatIsLeftAndHowSureItIs) {
  MinimizeReport report{"nfs-lockup", {}, "/x/nfs-lockup-min.yaml"};
  report.result.original = {3, 3};
  report.result.fresh = {3, 3};
  report.result.complete = true;
  report.result.tries = 20;
  report.result.steps = {{"without step 2", {2, 2}, true, ""}, {"without step 1", {0, 1}, false, ""}};
  const auto said = text(report);
  EXPECT_THAT(said, AllOf(HasSubstr("1 of 2 reductions were taken in 20 tries; nothing more can be taken out\n"),
                          HasSubstr("minimized, in fresh tries: 3/3"), HasSubstr("written: /x/nfs-lockup-min.yaml")));
  EXPECT_THAT(line(report.result.steps[0]), AllOf(HasSubstr("taken"), HasSubstr("2/2")));
  EXPECT_EQ(json(report)["reductions"].size(), 2u);
}

TEST(MinimizeReport, WarnsOfAScenarioThatDidNotShowTheBugAgain) {
  MinimizeReport report;
  report.result.original = {1, 12};
  report.result.fresh = {0, 20};
  EXPECT_THAT(text(report), HasSubstr("do not rely on it"));
}

report::RunRecord recordOf(verdict::Verdict verdict) {
  report::RunRecord record;
  record.stages = {{"build", 90s}, {"boot", 2s}, {"watch", 3s}};
  record.seen.events.resize(3);
  for (std::size_t i = 0; i < 3; ++i) record.seen.events[i].at = std::chrono::seconds(i + 1);
  record.verdict = std::move(verdict);
  return record;
}

TEST(ResultOf, AReproducedRunHasTheTimeOfItsLastExpectedEvent) {
  const auto result = resultOf(recordOf(verdict::Reproduced{{2, 0}, "s"}));
  EXPECT_EQ(result.outcome, Outcome::Reproduced);
  EXPECT_EQ(result.signature, "s");
  EXPECT_EQ(result.toEvent, 3s);
  EXPECT_EQ(result.time, 95s);
  EXPECT_EQ(result.building, 90s);
}

TEST(ResultOf, TheOtherVerdictsAreWhatTheyAre) {
  EXPECT_EQ(resultOf(recordOf(verdict::Survived{})).outcome, Outcome::Survived);
  EXPECT_EQ(resultOf(recordOf(verdict::OtherFailure{1, "o"})).outcome, Outcome::OtherFailure);
  EXPECT_EQ(resultOf(recordOf(verdict::OtherFailure{1, "o"})).signature, "o");
  const auto none = resultOf(recordOf(verdict::Inconclusive{"why"}));
  EXPECT_EQ(none.outcome, Outcome::Inconclusive);
  EXPECT_EQ(none.reason, "why");
  EXPECT_FALSE(none.toEvent);
}

}  // namespace
}  // namespace relapse::campaign
