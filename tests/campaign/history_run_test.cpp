// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "campaign/history_run.hpp"

namespace relapse::campaign {
namespace {

using namespace std::chrono_literals;

report::RunRecord lockup() {
  report::RunRecord record;
  record.id = "20261128T160000Z-nfs";
  record.directory = "/state/runs/20261128T160000Z-nfs";
  record.startedAt = "2026-11-28T16:00:00Z";
  record.scenario.name = "nfs";
  record.scenario.seed = 7;
  record.scenario.cell = {"nfs.mount.version=3"};
  record.scenario.expect = scenario::ExpectReproduced{{{"soft-lockup"}}};
  record.overrides = {"nodes.client.cpus=4", "seed=7", "nfs.mount.version=3"};
  record.kernel.source = "debian-6.1";
  record.kernel.release = "6.1.192";
  record.kernel.buildId = "beef";
  record.kernel.line = "6.1";
  record.stages = {{"build", 60s}, {"boot", 2s}, {"mount", 1s}, {"workload", 3s}, {"watch", 4s}, {"collect", 5s}};
  record.seen.events.resize(3);
  record.seen.events[1].title = "soft lockup in f";
  record.seen.events[1].at = 4s;
  record.seen.events[2].title = "hung task";
  record.seen.events[2].at = 9s;
  record.artefacts = {{"result.json", 1, ""}, {"bundle/Image", 1, ""}};
  record.verdict = verdict::Reproduced{{1, 2}, "soft-lockup in f"};
  return record;
}

TEST(HistoryRun, HoldsWhatARecordSays) {
  const auto run = historyRunOf(lockup());
  EXPECT_EQ(run.id, "20261128T160000Z-nfs");
  EXPECT_EQ(run.directory, "/state/runs/20261128T160000Z-nfs");
  EXPECT_EQ(run.startedAt, "2026-11-28T16:00:00Z");
  EXPECT_EQ(run.scenario, "nfs");
  EXPECT_EQ(run.kernel + " " + run.release + " " + run.buildId + " " + run.line, "debian-6.1 6.1.192 beef 6.1");
  EXPECT_EQ(run.seed, 7u);
  EXPECT_EQ(run.verdict + " " + run.expected, "reproduced reproduced");
  EXPECT_TRUE(run.held);
  EXPECT_EQ(run.signature, "soft-lockup in f");
  EXPECT_EQ(run.title, "soft lockup in f");
  EXPECT_EQ(run.reason, "");
  EXPECT_EQ(run.toEvent, 9s) << "the bug is there when all that is expected is";
  EXPECT_EQ(run.took, 75s);
  EXPECT_EQ(run.watched, 10s) << "the kernel's build and the collection are no watching";
  EXPECT_TRUE(run.evidence);
  EXPECT_EQ(run.night, "");
}

TEST(HistoryRun, TheCellIsWhatWasVariedAndTheSeedIsNone) {
  EXPECT_EQ(historyRunOf(lockup()).cell, "nfs.mount.version=3 nodes.client.cpus=4");
}

TEST(HistoryRun, AnotherFailureHasItsOwnTimeAndSignature) {
  auto record = lockup();
  record.scenario.expect = scenario::ExpectSurvived{};
  record.verdict = verdict::OtherFailure{1, "oops in g"};
  const auto run = historyRunOf(record);
  EXPECT_EQ(run.verdict + " " + run.expected, "other-failure survived");
  EXPECT_FALSE(run.held);
  EXPECT_EQ(run.signature, "oops in g");
  EXPECT_EQ(run.title, "soft lockup in f");
  EXPECT_EQ(run.toEvent, 4s);
}

TEST(HistoryRun, AnInconclusiveOneHasItsReasonAndNothingElse) {
  auto record = lockup();
  record.verdict = verdict::Inconclusive{"the guest never booted"};
  record.artefacts = {{"result.json", 1, ""}};
  const auto run = historyRunOf(record);
  EXPECT_EQ(run.verdict + ": " + run.reason, "inconclusive: the guest never booted");
  EXPECT_EQ(run.signature + run.title, "");
  EXPECT_EQ(run.toEvent, std::nullopt);
  EXPECT_FALSE(run.evidence);
}

TEST(HistoryRun, ARunThatWasNotKeptHasNoEvidence) {
  auto record = lockup();
  record.directory.clear();
  EXPECT_FALSE(historyRunOf(record).evidence);
}

}  // namespace
}  // namespace relapse::campaign
