// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/steps.hpp"

#include <gmock/gmock.h>

#include "run/guests.hpp"
#include "scripted_guest.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

class StepsTest : public ScriptedRun {};

TEST_F(StepsTest, AWorkloadGetsWhatItKnowsAndNothingElse) {
  scenario_.seed = 7;
  scenario::WorkStep step{.program = "copiers",
                          .writers = 3,
                          .rounds = 2,
                          .file = "f",
                          .size = scenario::Bytes{4096},
                          .threads = true,
                          .verify = true,
                          .asWriter = true};
  EXPECT_THAT(workCommand(scenario_, step),
              ElementsAre("/relapse/workloads/copiers", "--dir", "/mnt", "--file", "f", "--seed", "7", "--writers", "3",
                          "--rounds", "2", "--size", "4096", "--threads", "1", "--verify", "1", "--uid", "1000"));
  EXPECT_THAT(
      workCommand(scenario_, {.program = "noncontiguous-writer", .seed = 9}),
      ElementsAre("/relapse/workloads/noncontiguous-writer", "--dir", "/mnt", "--file", "shared", "--seed", "9"));
  EXPECT_THAT(workCommand(scenario_, {.program = "noncontiguous-writer", .chance = 30}),
              ElementsAre("/relapse/workloads/noncontiguous-writer", "--dir", "/mnt", "--file", "shared", "--seed", "7",
                          "--chance", "30"));
  EXPECT_THAT(workCommand(scenario_, {.program = "write-and-read-back"}), Not(Contains("--file")));
  EXPECT_THAT(workCommand(scenario_, {.program = "fio", .arguments = {"--name=x"}}),
              ElementsAre("/usr/bin/fio", "--directory=/mnt", "--name=x"));
}

TEST_F(StepsTest, WorkRunsOnEveryNodeThatItNames) {
  scenario_.nodes = {{"client1", {}}, {"client2", {}}, {"server", {}}};
  ScriptedHost host({kReady}, kObeys);
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  scenario_.steps = {scenario::WorkStep{.program = "appenders", .on = {"client1", "client2"}}};
  ASSERT_TRUE(takeSteps(scenario_, experiment, faults, Experiment::Clock::now() + 5s));
  ASSERT_EQ(experiment.works().size(), 2u);
  EXPECT_EQ(experiment.works()[0].node, "client1");
  EXPECT_EQ(experiment.works()[1].node, "client2");
  EXPECT_TRUE(experiment.seen().proofs.stepsTaken);
}

TEST_F(StepsTest, AShellsStatusIsItsOutcome) {
  ScriptedHost host({kReady}, [](const auto& told, const auto&, const auto& agent) {
    agent("{\"event\":\"exited\",\"id\":" + idIn(told) + ",\"status\":3}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  scenario_.steps = {scenario::ShellStep{.command = "exit 3", .status = {0, 3}, .on = {"client"}}};
  ASSERT_TRUE(takeSteps(scenario_, experiment, faults, Experiment::Clock::now() + 5s));
  EXPECT_THAT(host.done, Contains("client told /bin/busybox\tsh\t-c\texit 3\n"));
  EXPECT_THAT(experiment.seen().works.at(0).statuses, ElementsAre(0, 3));
}

TEST_F(StepsTest, JitterIsTheSeeds) {
  EXPECT_EQ(jitterOf(scenario_, 0), 0ms);
  scenario_.jitter = 200ms;
  scenario_.seed = 5;
  std::vector<std::chrono::milliseconds> first;
  for (std::size_t i = 0; i < 20; ++i) {
    first.push_back(jitterOf(scenario_, i));
    EXPECT_LE(first.back(), 200ms);
    EXPECT_EQ(first.back(), jitterOf(scenario_, i));
  }
  EXPECT_GT(std::set(first.begin(), first.end()).size(), 10u);
  scenario_.seed = 6;
  EXPECT_NE(first[3], jitterOf(scenario_, 3));
}

TEST_F(StepsTest, ANodesRootHasThePartsThatItsStepsNeed) {
  scenario_.nodes["server"] = {};
  scenario_.nfs = scenario::Nfs{{.filesystem = "xfs"}, {}};
  scenario_.steps = {scenario::FaultStep{{"packet-delay", "10"}, {"client"}, {}},
                     scenario::WorkStep{.program = "fio", .on = {"client"}}};
  EXPECT_THAT(partsOf(scenario_, "server"), ElementsAre("xfs"));
  EXPECT_THAT(partsOf(scenario_, "client"), ElementsAre("fio", "traffic"));
}

TEST_F(StepsTest, ANodesRootHasThePartsOfTheProgramsThatItsShellStepsName) {
  const auto partsFor = [this](const std::string& command) {
    scenario_.steps = {scenario::ShellStep{.command = command, .on = {"client"}}};
    return partsOf(scenario_, "client");
  };
  EXPECT_THAT(partsFor("truncate -s 8M /tmp/disk && mkfs.ext4 -q /tmp/disk"), ElementsAre("ext4"));
  EXPECT_THAT(partsFor("/usr/sbin/mke2fs -t ext4 /tmp/a\nmkfs.xfs /tmp/b;mkfs.btrfs /tmp/c"),
              ElementsAre("btrfs", "ext4", "xfs"));
  EXPECT_THAT(partsFor("(tc qdisc show dev lo); fio --version"), ElementsAre("fio", "traffic"));
  EXPECT_THAT(partsFor("cat /etc/tc.conf; mount -t ext4 /dev/vda /mnt; bonfio; tc-x"), IsEmpty());
  EXPECT_THAT(partsFor("mkfs.ext4.old; tcp; echo mkfs.ext4"), ElementsAre("ext4"));
}

}  // namespace
}  // namespace relapse::run
