// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/faults.hpp"

#include <gmock/gmock.h>

#include "run/preflight.hpp"
#include "run/protocol.hpp"
#include "run/steps.hpp"
#include "scenario/vocabulary.hpp"
#include "scripted_guest.hpp"

#include <fstream>

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

class FaultsTest : public ScriptedRun {
 protected:
  void SetUp() override {
    ScriptedRun::SetUp();
    scenario_.nodes["server"] = {};
  }
  static scenario::FaultStep fault(const std::string& name, const std::string& argument = {},
                                   std::optional<std::chrono::milliseconds> lasts = {},
                                   const std::string& node = "server") {
    return {{name, argument}, {node}, lasts};
  }
  static Experiment::Clock::time_point soon() { return Experiment::Clock::now() + 2s; }
};

TEST_F(FaultsTest, AFaultOfTheGuestsIsDoneByItsProgramAndOneOfTheHostsIsNot) {
  ScriptedHost host({kReady}, kObeys);
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  host.done.clear();
  ASSERT_TRUE(faults.take(fault("packet-loss", "20", {}, "client")));
  ASSERT_TRUE(faults.take(fault("link-down")));
  ASSERT_TRUE(faults.take(fault("pause-guest")));
  EXPECT_THAT(host.done,
              ElementsAre("client told /relapse/fault\tdo\tpacket-loss\t20\n", "server link down", "server pauses"));
}

TEST_F(FaultsTest, AFaultIsUndoneWhenItsTimeIsOverWhileTheStepsGoOn) {
  ScriptedHost host({kReady}, kObeys);
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  scenario_.steps = {fault("link-down", {}, 30ms), scenario::WaitStep{1ms}};
  ASSERT_TRUE(takeSteps(scenario_, experiment, faults, soon()));
  EXPECT_TRUE(faults.undoDue());
  EXPECT_THAT(host.done, testing::Not(Contains("server link up")));
  ASSERT_TRUE(watch(scenario_, experiment, faults, soon()));
  EXPECT_FALSE(faults.undoDue());
  EXPECT_THAT(host.done, Contains("server link up"));
  std::vector<std::string> told;
  for (const auto& entry : experiment.timeline())
    if (entry.what == "fault" || entry.what == "undo") told.push_back(entry.node + " " + entry.what + " " + entry.text);
  EXPECT_THAT(told, ElementsAre("server fault link-down for 0.0 s", "server undo link-down"));
}

TEST_F(FaultsTest, ARunThatIsDecidedBeforeAFaultsTimeIsOverUndoesNothingLater) {
  ScriptedHost host({kReady}, kObeys);
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  {
    Faults faults(scenario_, experiment, host);
    ASSERT_TRUE(faults.take(fault("link-down", {}, 1ms)));
  }
  experiment.waitFor([] { return false; }, Experiment::Clock::now() + 60ms);
  EXPECT_THAT(host.done, testing::Not(Contains("server link up")));
}

TEST_F(FaultsTest, WhatStandsIsUndoneTheLastFirst) {
  ScriptedHost host({kReady}, kObeys);
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  ASSERT_TRUE(faults.take(fault("fill-export")));
  ASSERT_TRUE(faults.take(fault("read-only")));
  ASSERT_TRUE(faults.take(fault("drop-caches", {}, {}, "client")));  // nothing to undo
  host.done.clear();
  ASSERT_TRUE(faults.undoAll());
  EXPECT_THAT(host.done, ElementsAre("server told /relapse/fault\tundo\tread-only\n",
                                     "server told /relapse/fault\tundo\tfill-export\n"));
}

TEST_F(FaultsTest, AnExportThatTheScenarioFreedIsNotFreedAgain) {
  ScriptedHost host({kReady}, kObeys);
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  ASSERT_TRUE(faults.take(fault("fill-export")));
  ASSERT_TRUE(faults.take(fault("free-export")));
  host.done.clear();
  ASSERT_TRUE(faults.undoAll());
  EXPECT_TRUE(host.done.empty());
}

TEST_F(FaultsTest, AnExportThatIsFullAndReadOnlyFromTheStartIsBothUndone) {
  ScriptedHost host({kReady}, kObeys);
  scenario_.nfs = scenario::Nfs{{.full = true, .readOnly = true}, {}};
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  host.done.clear();
  ASSERT_TRUE(faults.takeThatOfTheExport());
  ASSERT_TRUE(faults.undoAll());
  EXPECT_THAT(
      host.done,
      ElementsAre("server told /relapse/fault\tdo\tfill-export\n", "server told /relapse/fault\tdo\tread-only\n",
                  "server told /relapse/fault\tundo\tread-only\n", "server told /relapse/fault\tundo\tfill-export\n"));
}

TEST_F(FaultsTest, ARebootTakesAwayWhatDoesNotLieOnTheDisk) {
  ScriptedHost host({kReady}, [](const auto& told, const auto&, const auto& agent) {
    if (told.find("/relapse/watch") != std::string::npos)
      agent("{\"event\":\"output\",\"id\":" + idIn(told) +
            R"(,"stream":"out","line":"{\"softlockup\":20,\"hung-task\":120,\"rcu-stall\":21}"})" + "\n");
    agent("{\"event\":\"exited\",\"id\":" + idIn(told) + ",\"status\":0}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  ASSERT_TRUE(faults.take(fault("fill-export")));
  ASSERT_TRUE(faults.take(fault("packet-loss", "20")));
  ASSERT_TRUE(faults.take(fault("link-down")));
  ASSERT_TRUE(faults.take(fault("reboot-guest")));
  host.done.clear();
  ASSERT_TRUE(faults.undoAll());
  EXPECT_THAT(host.done, ElementsAre("server told /relapse/fault\tundo\tfill-export\n"));
}

TEST_F(FaultsTest, AKilledGuestIsNoFailureOfTheInfrastructureAndItsWorkHasDied) {
  ScriptedHost host({kReady});
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  ASSERT_TRUE(experiment.start("server", {"shell", {}, {0}}, {"/bin/busybox"}));
  Faults faults(scenario_, experiment, host);
  ASSERT_TRUE(faults.take(fault("kill-guest")));
  EXPECT_TRUE(experiment.ended(0));
  EXPECT_TRUE(std::holds_alternative<guest::GuestDied>(experiment.seen().works[0].end));
  EXPECT_TRUE(std::holds_alternative<guest::Alive>(experiment.seen().guest));
  EXPECT_FALSE(faults.take(fault("link-down"))) << "its link is gone with it";
}

TEST_F(FaultsTest, ARebootedServerServesFromItsDiskWithAGracePeriod) {
  ScriptedHost host({kReady}, [](const auto& told, const auto&, const auto& agent) {
    if (told.find("/relapse/watch") != std::string::npos)
      agent("{\"event\":\"output\",\"id\":" + idIn(told) +
            R"(,"stream":"out","line":"{\"softlockup\":20,\"hung-task\":120,\"rcu-stall\":21}"})" + "\n");
    agent("{\"event\":\"exited\",\"id\":" + idIn(told) + ",\"status\":0}\n");
  });
  scenario_.nfs = scenario::Nfs{{.filesystem = "ext4", .medium = "image", .size = {1u << 26}}, {}};
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  host.done.clear();
  const auto done = faults.take(fault("reboot-guest"));
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_GE(host.done.size(), 2u);
  EXPECT_EQ(host.done[0], "server ends");
  EXPECT_EQ(host.done[1], "server starts");
  EXPECT_THAT(host.done.back(), testing::AllOf(HasSubstr("/relapse/export\t"), HasSubstr("--again\t1"),
                                               HasSubstr("--grace\t1"), HasSubstr("--clients\t10.77.0.0/16")));
  EXPECT_EQ(experiment.node("server").record().boots, 2);
}

TEST_F(FaultsTest, AFaultThatTheGuestCannotDoIsBadInputWithItsReason) {
  ScriptedHost host({kReady}, [](const auto& told, const auto&, const auto& agent) {
    agent("{\"event\":\"output\",\"id\":" + idIn(told) +
          ",\"stream\":\"err\",\"line\":\"this kernel has no netem\"}\n");
    agent("{\"event\":\"exited\",\"id\":" + idIn(told) + ",\"status\":1}\n");
  });
  scenario_.steps = {scenario::WaitStep{1ms}, fault("packet-loss", "20", {}, "client")};
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  const auto checked = Faults(scenario_, experiment, host).check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, FailureKind::BadInput);
  EXPECT_THAT(checked.error().message, testing::AllOf(HasSubstr("steps[1].fault: packet-loss 20 on client"),
                                                      HasSubstr("this kernel has no netem")));
}

TEST_F(FaultsTest, AnUndoThatFailsMakesTheRunInconclusive) {
  ScriptedHost host({kReady}, [](const auto& told, const auto&, const auto& agent) {
    const bool undo = told.find("\tundo\t") != std::string::npos;
    agent("{\"event\":\"exited\",\"id\":" + idIn(told) + ",\"status\":" + (undo ? "1" : "0") + "}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  ASSERT_TRUE(faults.take(fault("read-only", {}, 1ms)));
  ASSERT_TRUE(watch(scenario_, experiment, faults, soon()));
  EXPECT_THAT(experiment.seen().infrastructure, HasSubstr("undoing a fault"));
}

TEST_F(FaultsTest, EveryFaultOfTheHostsIsOneThatTheRunKnows) {
  for (const auto& kind : scenario::kFaults) {
    if (!kind.onHost) continue;
    ScriptedHost host({kReady}, kObeys);
    Experiment experiment(scenario_, *evidence_, {});
    ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
    Faults faults(scenario_, experiment, host);
    host.done.clear();
    (void)faults.take(fault(std::string(kind.name)));
    EXPECT_FALSE(host.done.empty()) << kind.name;
    for (const auto& done : host.done) EXPECT_THAT(done, testing::Not(HasSubstr("/relapse/fault"))) << kind.name;
  }
}

TEST_F(FaultsTest, AKernelWithoutAnOptionIsRefusedBeforeAnythingBoots) {
  const auto config = folder_ / "config";
  std::ofstream(config) << "CONFIG_VIRTIO_NET=y\nCONFIG_NET_SCH_NETEM=m\n# CONFIG_FAIL_SUNRPC is not set\n";
  scenario_.steps = {fault("packet-loss", "1", {}, "client")};
  EXPECT_TRUE(checkKernelOptions(scenario_, "client", config));
  scenario_.steps.push_back(fault("fail-sunrpc", "1", {}, "client"));
  const auto refused = checkKernelOptions(scenario_, "client", config);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::BadInput);
  EXPECT_THAT(refused.error().message, HasSubstr("fault fail-sunrpc needs CONFIG_FAIL_SUNRPC"));
  EXPECT_THAT(refused.error().advice, HasSubstr("faults"));
  EXPECT_TRUE(checkKernelOptions(scenario_, "server", config)) << "it is the client that is to fail";
  EXPECT_TRUE(checkKernelOptions(scenario_, "client", {})) << "of a ready Image nothing is known";
}

}  // namespace
}  // namespace relapse::run
