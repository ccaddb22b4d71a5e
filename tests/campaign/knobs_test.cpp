// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <set>

#include "campaign/knobs.hpp"

namespace relapse::campaign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

scenario::Scenario withWriters() {
  scenario::Scenario scenario;
  scenario.nodes["client"] = {};
  scenario.nfs = scenario::Nfs{{}, {"4.1", {"hard", "wsize=1048576", "timeo=10"}}};
  scenario.steps = {scenario::FaultStep{{"fill-export"}}, scenario::WorkStep{"noncontiguous-writer"},
                    scenario::WorkStep{"appenders", 4}, scenario::WorkStep{"copiers", 2}};
  return scenario;
}

std::vector<Knob> knobsOf(std::string_view text, const scenario::Scenario& scenario = withWriters()) {
  auto knobs = parseKnobs(text, scenario);
  EXPECT_TRUE(knobs) << (knobs ? "" : knobs.error().message);
  return knobs.value_or(std::vector<Knob>{});
}

std::string errorOf(std::string_view text, const scenario::Scenario& scenario = withWriters()) {
  const auto knobs = parseKnobs(text, scenario);
  return knobs ? "none" : knobs.error().message;
}

TEST(Knobs, AreReadAsTheUserWritesThem) {
  const auto knobs = knobsOf("writers=1..8, cpus=1..4,wsize=4k..16k,timing=jitter,nfs.mount.version=3|4.1");
  ASSERT_EQ(knobs.size(), 5u);
  EXPECT_EQ(knobs[0].name, "writers");
  EXPECT_THAT(knobs[0].values, ElementsAre("1", "2", "4", "8"));
  EXPECT_EQ(knobs[1].name, "cpus");
  EXPECT_THAT(knobs[2].values, ElementsAre("4096", "8192", "16384"));
  EXPECT_EQ(knobs[3].name, "jitter");
  EXPECT_THAT(knobs[3].values, ElementsAre("0ms", "50ms", "200ms", "1s"));
  EXPECT_THAT(knobs[4].values, ElementsAre("3", "4.1"));
}

TEST(Knobs, ACommaInBracketsBelongsToTheValue) {
  const auto knobs = knobsOf("nfs.mount.options=[hard]|[soft, timeo=10],cpus=2|3");
  ASSERT_EQ(knobs.size(), 2u);
  EXPECT_THAT(knobs[0].values, ElementsAre("[hard]", "[soft, timeo=10]"));
}

TEST(Knobs, SizesBecomeTheScenariosOwn) {
  EXPECT_THAT(knobsOf("memory=256M..512M")[0].values, ElementsAre("256MiB", "512MiB"));
  EXPECT_THAT(knobsOf("nfs.export.size=64k|1M")[0].values, ElementsAre("64KiB", "1MiB"));
}

struct BadText {
  const char* text;
  const char* error;
};

TEST(Knobs, ErrorsPointIntoTheText) {
  const BadText bad[] = {
      {"writer=1..4", "--vary:1:1: expected writers, "},
      {"writer=1..4", "did you mean \"writers\"?"},
      {"cpus=1..4,writers=8..1", "--vary:1:19: writers: expected the smaller end first, found \"8..1\""},
      {"cpus", "--vary:1:1: expected NAME=VALUES such as writers=1..64, found \"cpus\""},
      {"cpus=", "--vary:1:6: cpus: expected values such as 1..64 or a|b, found nothing"},
      {"cpus=1|,writers=2", "--vary:1:8: cpus: expected a value, found nothing"},
      {"cpus=1|2|1", "--vary:1:10: cpus: expected each value once, found \"1\" again"},
      {"", "expected NAME=VALUES"},
      {"cpus=1..2,,writers=1..2", "--vary:1:11: expected NAME=VALUES"},
      {"timing=chaos", "--vary:1:8: timing: expected jitter, found \"chaos\""},
      {"seed=1..4", "each try has a seed of its own"},
      {"server=maybe", "expected yes|no"},
      {"cpus=1..2,cpus=4", "cpus: expected each knob once"},
      {"rounds=1..1000000,writers=1..1000,cpus=1..64", "expected at most 1024 settings"},
      {"cpus=1.5..2", "expected two ends"},
  };
  for (const auto& [text, error] : bad) EXPECT_THAT(errorOf(text), HasSubstr(error)) << text;
}

TEST(Knobs, AllErrorsComeAtOnce) {
  EXPECT_THAT(errorOf("writer=1,cpus=4..1"), testing::AllOf(HasSubstr("--vary:1:1:"), HasSubstr("--vary:1:15: cpus")));
}

TEST(Knobs, WhatTheScenarioLacksIsSaid) {
  scenario::Scenario bare;
  bare.nodes["client"] = {};
  EXPECT_THAT(errorOf("writers=1..4", bare), HasSubstr("whose program takes several writers, found none"));
  EXPECT_THAT(errorOf("wsize=4k..8k", bare), HasSubstr("an nfs section"));
  auto served = withWriters();
  served.nodes["server"] = {};
  EXPECT_THAT(errorOf("server=no|yes", served), HasSubstr("without a server"));
}

TEST(Knobs, WritersAreThoseOfEachStepThatTakesSeveral) {
  const auto scenario = withWriters();
  EXPECT_THAT(overridesOf(knobsOf("writers=8"), {0}, scenario),
              ElementsAre("steps[2].work.writers=8", "steps[3].work.writers=8"));
}

TEST(Knobs, MountSizesStandBesideTheOtherOptions) {
  const auto scenario = withWriters();
  EXPECT_THAT(overridesOf(knobsOf("wsize=4k,rsize=8k"), {0, 0}, scenario),
              ElementsAre("nfs.mount.options=[hard, timeo=10, wsize=4096, rsize=8192]"));
}

TEST(Knobs, AServerIsASectionOfItsOwn) {
  const auto knobs = knobsOf("server=no|yes");
  EXPECT_THAT(overridesOf(knobs, {0}, withWriters()), IsEmpty());
  EXPECT_THAT(overridesOf(knobs, {1}, withWriters()), ElementsAre("nodes.server={}"));
}

TEST(Knobs, AKeyIsSetAsItIs) {
  const auto knobs = knobsOf("nfs.mount.version=3|4.1,timing=jitter,cpus=1..4");
  EXPECT_THAT(overridesOf(knobs, {0, 2, 1}, withWriters()),
              ElementsAre("nfs.mount.version=3", "jitter=200ms", "nodes.client.cpus=2"));
  EXPECT_EQ(labelOf(knobs, {0, 2, 1}), "nfs.mount.version=3 jitter=200ms cpus=2");
}

TEST(Knobs, EachShortNameHasAnExampleThatIsRead) {
  for (const auto& name : shortNames()) EXPECT_EQ(errorOf(name.example), "none") << name.example;
}

TEST(Combinations, AreAllOfThem) {
  const auto all = combinations(knobsOf("writers=1..4,cpus=1|2"));
  EXPECT_EQ(all.size(), 6u);
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), 6u);
}

TEST(SpreadOut, IsEverySettingOnceAndReachesTheCornersFirst) {
  const auto knobs = knobsOf("writers=1..64,cpus=1..8");
  const auto all = combinations(knobs);
  const auto order = spreadOut(knobs, all);
  EXPECT_EQ(std::set(order.begin(), order.end()).size(), all.size());
  EXPECT_EQ(order.size(), all.size());
  std::set<std::vector<std::size_t>> corners;
  for (std::size_t i = 0; i < 4; ++i) corners.insert(all[order[i]]);
  EXPECT_EQ(corners, (std::set<std::vector<std::size_t>>{{0, 0}, {0, 3}, {6, 0}, {6, 3}}));
}

}  // namespace
}  // namespace relapse::campaign
