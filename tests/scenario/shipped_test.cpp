// SPDX-License-Identifier: GPL-2.0-or-later
#include <filesystem>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"

namespace relapse::scenario {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;

const fs::path kFolder = fs::path(RELAPSE_SOURCE_DIR) / "scenarios";

Scenario shipped(const std::string& name) {
  const Result<Scenario> scenario = load(kFolder / (name + ".yaml"));
  EXPECT_TRUE(scenario) << scenario.error().message;
  return scenario ? *scenario : Scenario{};
}

// Event and frames of what is expected: "oops nfs_updatepage".
std::vector<std::string> expected(const Scenario& scenario) {
  const auto* reproduced = std::get_if<ExpectReproduced>(&scenario.expect);
  if (reproduced == nullptr) return {"survived"};
  std::vector<std::string> result;
  for (const ExpectedEvent& event : reproduced->events) {
    result.push_back(event.event);
    for (const std::string& frame : event.frames) result.back() += " " + frame;
  }
  return result;
}

TEST(ShippedScenarios, AreValidAndNamedAsTheirFiles) {
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".yaml") continue;
    const Result<Scenario> scenario = load(entry.path());
    ASSERT_TRUE(scenario) << scenario.error().message;
    EXPECT_EQ(scenario->name, entry.path().stem());
    names.insert(scenario->name);
  }
  EXPECT_TRUE(names.contains("nfs-wb-page-soft-lockup"));
}

TEST(EndToEndScenarios, AreValid) {
  int count = 0;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(RELAPSE_SOURCE_DIR) / "tests/end-to-end/scenarios")) {
    const Result<Scenario> scenario = load(entry.path());
    ASSERT_TRUE(scenario) << scenario.error().message;
    EXPECT_EQ(scenario->name, entry.path().stem());
    ++count;
  }
  EXPECT_GT(count, 0);
}

TEST(ShippedScenarios, ExpectWhatTheirKernelsDo) {
  EXPECT_THAT(expected(shipped("nfs-wb-page-soft-lockup")), ElementsAre("soft-lockup nfs_wb_page"));
  EXPECT_THAT(expected(shipped("nfs-updatepage-null-deref")), ElementsAre("oops nfs_updatepage"));
  EXPECT_THAT(expected(shipped("nfs-fatal-error-fixed")), ElementsAre("survived"));
  EXPECT_THAT(expected(shipped("nfs-error-is-fatal-debug")),
              ElementsAre("dump-stack nfs_page_async_flush", "soft-lockup nfs_wb_page"));
  EXPECT_THAT(expected(shipped("nfs-wb-page-artefact")), ElementsAre("soft-lockup dump_stack nfs_page_async_flush"));
}

TEST(ShippedScenarios, TheDefaultOneStartsTheOtherWritersWhenTheTriggerIsDue) {
  const Scenario scenario = shipped("nfs-wb-page-soft-lockup");
  ASSERT_EQ(scenario.steps.size(), 3u);
  EXPECT_EQ(std::get<FaultStep>(scenario.steps[0]).fault.name, "fill-export");
  const auto& writer = std::get<WorkStep>(scenario.steps[1]);
  EXPECT_TRUE(writer.background);
  EXPECT_THAT(writer.outcome, ElementsAre("ENOSPC"));
  const auto& appenders = std::get<WorkStep>(scenario.steps[2]);
  EXPECT_EQ(appenders.writers, 4);
  EXPECT_TRUE(appenders.background);
  EXPECT_EQ(appenders.after, "noncontiguous-writer");
  EXPECT_EQ(scenario.watch.softlockup, 2s);
}

TEST(ShippedScenarios, TheFixedOneProvesThatTheExportWorksAgain) {
  const Scenario scenario = shipped("nfs-fatal-error-fixed");
  ASSERT_EQ(scenario.steps.size(), 5u);
  EXPECT_FALSE(std::get<WorkStep>(scenario.steps[2]).background);
  EXPECT_EQ(std::get<FaultStep>(scenario.steps[3]).fault.name, "free-export");
  EXPECT_EQ(std::get<WorkStep>(scenario.steps[4]).program, "write-and-read-back");
}

}  // namespace
}  // namespace relapse::scenario
