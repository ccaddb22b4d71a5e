// SPDX-License-Identifier: GPL-2.0-or-later
// The run's own state machine.
#include "run/experiment.hpp"

#include <gmock/gmock.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

#include "run/protocol.hpp"
#include "run/steps.hpp"
#include "scripted_guest.hpp"
#include "verdict/judge.hpp"

namespace relapse::run {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

class ExperimentTest : public ScriptedRun {
 protected:
  std::string bootProblem(ScriptedHost host, std::stop_token stop = {}) {
    Experiment experiment(scenario_, *evidence_, stop);
    const auto booted = experiment.boot(host, specsOf(scenario_));
    return booted ? "" : booted.error().message;
  }
};

TEST_F(ExperimentTest, BootsWhenTheAgentIsReady) {
  EXPECT_EQ(bootProblem(ScriptedHost({kReady})), "");
}

TEST_F(ExperimentTest, TellsTheWaysNotToBootApart) {
  const guest::ConsoleBytes line{"[    0.0] Booting Linux\n"};
  EXPECT_THAT(bootProblem(ScriptedHost({})), HasSubstr("printed nothing on its console in 1 s"));
  EXPECT_THAT(bootProblem(ScriptedHost({line})),
              HasSubstr("agent did not come up in 1 s; its last line: \"[    0.0] Booting"));
  EXPECT_THAT(bootProblem(ScriptedHost({line, guest::GuestStopped{guest::PoweredOff{}}})),
              HasSubstr("powered off while it booted"));
  EXPECT_THAT(bootProblem(ScriptedHost({line, guest::GuestStopped{guest::Reset{}}})),
              HasSubstr("reset itself while it booted"));
  EXPECT_THAT(bootProblem(ScriptedHost({guest::GuestStopped{guest::QemuDied{"gone"}}})),
              HasSubstr("QEMU died while the guest booted"));
}

TEST_F(ExperimentTest, AnInterruptEndsTheBoot) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THAT(bootProblem(ScriptedHost({}), stop.get_token()), HasSubstr("interrupted"));
}

TEST_F(ExperimentTest, ACallGivesTheProgramsLinesOrItsErrors) {
  ScriptedHost host({kReady}, [](const auto& told, const auto&, const auto& agent) {
    const std::string id = idIn(told);
    const bool bad = told.find("bad") != std::string::npos;
    agent("{\"event\":\"output\",\"id\":" + id + ",\"stream\":\"" + (bad ? "err" : "out") + "\",\"line\":\"said\"}\n");
    agent("{\"event\":\"exited\",\"id\":" + id + ",\"status\":" + (bad ? "1" : "0") + "}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  EXPECT_EQ(experiment.call({"good"}, 5s).value(), std::vector<std::string>{"said"});
  EXPECT_THAT(experiment.call({"bad"}, 5s).error().message, HasSubstr("bad failed in the guest: said"));
}

TEST_F(ExperimentTest, ACallThatIsNeverAnsweredPassesItsDeadline) {
  ScriptedHost host({kReady}, [](const auto&, const auto&, const auto&) {});
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  EXPECT_THAT(experiment.call({"mute"}, 10ms).error().message, HasSubstr("was not done in"));
}

TEST_F(ExperimentTest, UserSpaceThatPrintsALockupIsNoEvent) {
  ScriptedHost host({kReady}, [](const auto&, const auto&, const auto& agent) {
    agent(
        "{\"event\":\"output\",\"id\":1,\"stream\":\"out\",\"line\":\"watchdog: BUG: soft lockup - CPU#0 stuck for "
        "22s! [x:1]\"}\n");
    agent("{\"event\":\"exited\",\"id\":1,\"status\":0}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  ASSERT_TRUE(experiment.call({"x"}, 5s));
  experiment.finish();
  EXPECT_TRUE(experiment.seen().events.empty());
}

TEST_F(ExperimentTest, WorkThatDoesNotEndIsAStuckWorkload) {
  ScriptedHost host({kReady}, [](const auto&, const auto&, const auto&) {});
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  ASSERT_TRUE(experiment.start("client", {"appenders"}, {"/relapse/workloads/appenders"}));
  const Faults faults(scenario_, experiment, host);
  ASSERT_TRUE(watch(scenario_, experiment, faults, Experiment::Clock::now() + 10ms));
  experiment.finish();
  ASSERT_EQ(experiment.seen().events.size(), 1u);
  EXPECT_EQ(experiment.seen().events[0].kind, console::EventKind::StuckWorkload);
  EXPECT_EQ(verdict::word(verdict::judge(scenario_.expect, experiment.seen())), "other-failure");
}

TEST_F(ExperimentTest, WorkThatWaitsForAServerWhoseQemuHangsIsNoStuckWorkload) {
  scenario_.nodes["server"] = {};
  ScriptedHost host({kReady}, [](const auto&, const auto&, const auto&) {});
  host.hung = "server";
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  ASSERT_TRUE(experiment.start("client", {"appenders"}, {"/relapse/workloads/appenders"}));
  const Faults faults(scenario_, experiment, host);
  const auto watched = watch(scenario_, experiment, faults, Experiment::Clock::now() + 10ms);
  experiment.finish();
  ASSERT_FALSE(watched);
  EXPECT_THAT(watched.error().message, HasSubstr("server does not answer"));
  EXPECT_TRUE(experiment.seen().events.empty());
}

TEST_F(ExperimentTest, AStepThatWasNotTakenInTimeIsNoSurvival) {
  ScriptedHost host({kReady}, [](const auto&, const auto&, const auto&) {});
  scenario::WorkStep writer{.program = "noncontiguous-writer", .background = true, .on = {"client"}};
  scenario_.steps = {writer,
                     scenario::WorkStep{.program = "appenders", .after = "noncontiguous-writer", .on = {"client"}}};
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  Faults faults(scenario_, experiment, host);
  ASSERT_TRUE(takeSteps(scenario_, experiment, faults, Experiment::Clock::now() + 10ms));
  EXPECT_FALSE(experiment.seen().proofs.stepsTaken);
  EXPECT_EQ(experiment.works().size(), 1u) << "the second step was begun";
}

TEST_F(ExperimentTest, WrongDataIsAnEventOfAFailingKind) {
  ScriptedHost host({kReady}, [](const auto&, const auto&, const auto& agent) {
    agent(
        "{\"event\":\"output\",\"id\":1,\"stream\":\"out\",\"line\":\"{\\\"result\\\":\\\"corrupt\\\",\\\"errno\\\":"
        "null}\"}\n");
    agent("{\"event\":\"exited\",\"id\":1,\"status\":1}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  ASSERT_TRUE(experiment.start("client", {"write-and-read-back"}, {"x"}));
  experiment.waitFor([&] { return experiment.allEnded(); }, Experiment::Clock::now() + 5s);
  experiment.finish();
  ASSERT_EQ(experiment.seen().events.size(), 1u);
  EXPECT_EQ(experiment.seen().events[0].kind, console::EventKind::WorkFailed);
}

TEST_F(ExperimentTest, AFollowedProgramThatEndsIsTold) {
  ScriptedHost host({kReady}, [](const auto& told, const auto&, const auto& agent) {
    agent("{\"event\":\"output\",\"id\":" + idIn(told) + ",\"stream\":\"err\",\"line\":\"no tracing\"}\n");
    agent("{\"event\":\"exited\",\"id\":" + idIn(told) + ",\"status\":1}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  ASSERT_TRUE(experiment.follow("client", {"probe", "follow"}, [](const auto&, auto) {}));
  experiment.waitFor([&] { return !experiment.complaints().empty(); }, Experiment::Clock::now() + 5s);
  ASSERT_EQ(experiment.complaints().size(), 1u);
  EXPECT_EQ(experiment.complaints()[0], "probe follow on client exited with 1: no tracing");
}

TEST_F(ExperimentTest, ThresholdsThatAreNotReadBackStopTheRun) {
  ScriptedHost host({kReady}, [](const auto& told, const auto&, const auto& agent) {
    const std::string id = idIn(told);
    agent("{\"event\":\"output\",\"id\":" + id +
          ",\"stream\":\"out\",\"line\":\"{\\\"softlockup\\\":20,\\\"hung-task\\\":120,\\\"rcu-stall\\\":20}\"}\n");
    agent("{\"event\":\"exited\",\"id\":" + id + ",\"status\":0}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  EXPECT_THAT(openEyes(scenario_, experiment).error().message, HasSubstr("did not take the watchdogs' thresholds"));
  EXPECT_FALSE(experiment.seen().proofs.watchReadBack);
}

// A guest whose /relapse/layout prints `line`.
ScriptedHost tellingItsPlaces(const nlohmann::json& line) {
  return ScriptedHost({kReady}, [line](const auto&, const auto&, const auto& agent) {
    agent(nlohmann::json{{"event", "output"}, {"id", 1}, {"stream", "out"}, {"line", line.dump()}}.dump() + "\n");
    agent("{\"event\":\"exited\",\"id\":1,\"status\":0}\n");
  });
}

TEST_F(ExperimentTest, LearnsWhereKernelAndModulesLie) {
  auto host = tellingItsPlaces(
      {{"text", "ffffddb731000000"}, {"modules", {{{"name", "nfs"}, {"text", "0xffffddb72cace000"}}}}});
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  ASSERT_TRUE(learnPlaces(experiment));
  ASSERT_TRUE(experiment.node("client").places);
  EXPECT_EQ(experiment.node("client").places->text, 0xffffddb731000000u);
  ASSERT_EQ(experiment.node("client").places->modules.size(), 1u);
  EXPECT_EQ(experiment.node("client").places->modules[0].name, "nfs");
  EXPECT_EQ(experiment.node("client").places->modules[0].text, 0xffffddb72cace000u);
}

TEST_F(ExperimentTest, WhatAGuestMakesUpOfItsPlacesIsAFailureOrLeftOut) {
  for (const auto& line : {nlohmann::json("text"), nlohmann::json{{"text", 5}}, nlohmann::json{{"text", "zzz"}}}) {
    auto host = tellingItsPlaces(line);
    Experiment experiment(scenario_, *evidence_, {});
    ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
    EXPECT_FALSE(learnPlaces(experiment)) << line;
  }
  auto host = tellingItsPlaces({{"text", "ffff000000000000"}, {"modules", {1, "nfs", {{"name", 7}, {"text", 8}}}}});
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  ASSERT_TRUE(learnPlaces(experiment));
  EXPECT_TRUE(experiment.node("client").places->modules.empty());
}

TEST(Evidence, HasItsFinalNameOnlyWhenItIsWhole) {
  std::string pattern = (fs::temp_directory_path() / "evidence-XXXXXX").string();
  const fs::path folder = mkdtemp(pattern.data());
  {
    auto evidence = Evidence::begin(folder, "x");
    ASSERT_TRUE(evidence);
    evidence->console("client", "hello\n");
    EXPECT_FALSE(fs::exists(folder / "runs" / evidence->id()));
    const auto kept = evidence->keep();
    ASSERT_TRUE(kept);
    EXPECT_TRUE(fs::exists(*kept / "console.client.log"));
    EXPECT_EQ(fs::read_symlink(folder / "runs/latest"), kept->filename());
    auto second = Evidence::begin(folder, "x");
    ASSERT_TRUE(second);
    second->abandon();
    EXPECT_FALSE(fs::exists(second->folder()));
  }
  fs::remove_all(folder);
}

TEST(Evidence, OfALiveRunIsNotTakenForALeftover) {
  std::string pattern = (fs::temp_directory_path() / "evidence-XXXXXX").string();
  const fs::path folder = mkdtemp(pattern.data());
  auto evidence = Evidence::begin(folder, "x");
  ASSERT_TRUE(evidence);
  EXPECT_TRUE(process::abandonedIn(folder / "runs").empty());
  {
    auto dead = std::move(*evidence);  // its lock goes, its folder stays, as when a process is killed
  }
  EXPECT_EQ(process::abandonedIn(folder / "runs").size(), 1u);
  fs::remove_all(folder);
}

TEST(Evidence, ListsItsFilesWithoutTheOwners) {
  std::string pattern = (fs::temp_directory_path() / "evidence-XXXXXX").string();
  const fs::path folder = mkdtemp(pattern.data());
  auto evidence = Evidence::begin(folder, "x");
  ASSERT_TRUE(evidence);
  evidence->console("client", "hello");
  ASSERT_EQ(evidence->files({}).size(), 1u);
  EXPECT_EQ(evidence->files({})[0].name, "console.client.log");
  const auto kept = evidence->keep();
  ASSERT_TRUE(kept);
  EXPECT_EQ(std::distance(fs::directory_iterator(*kept), fs::directory_iterator()), 1);
  fs::remove_all(folder);
}

class Flooding : public ScriptedRun {};

TEST_F(Flooding, WhatAProgramPrintsIsKeptWithinBounds) {
  const std::string line(60'000, 'x');
  ScriptedHost host({kReady}, [&](const auto& told, const auto&, const auto& agent) {
    for (int i = 0; i < 50; ++i)
      agent(R"({"event":"output","id":)" + idIn(told) + R"(,"stream":"out","line":")" + line + "\"}\n");
    agent(R"({"event":"exited","id":)" + idIn(told) + ",\"status\":0}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  const auto lines = experiment.call({"/flood"}, std::chrono::seconds(60));
  ASSERT_TRUE(lines) << lines.error().message;
  EXPECT_EQ(lines->size(), (1u << 20) / line.size());
}

TEST_F(Flooding, PhasesOnTheTimelineAreBounded) {
  ScriptedHost host({kReady}, [&](const auto& told, const auto&, const auto& agent) {
    for (int i = 0; i < 1500; ++i)
      agent(R"({"event":"output","id":)" + idIn(told) + R"(,"stream":"out","line":"{\"phase\":\"p\"}"})" + "\n");
    agent(R"({"event":"exited","id":)" + idIn(told) + ",\"status\":0}\n");
  });
  Experiment experiment(scenario_, *evidence_, {});
  ASSERT_TRUE(experiment.boot(host, specsOf(scenario_)));
  ASSERT_TRUE(experiment.start("client", {.program = "flood"}, {"/flood"}));
  experiment.waitFor([&] { return experiment.ended(0); }, Experiment::Clock::now() + std::chrono::seconds(60));
  const auto& timeline = experiment.timeline();
  EXPECT_EQ(std::ranges::count(timeline, "phase", &report::TimelineEntry::what), 1000);
}

}  // namespace
}  // namespace relapse::run
