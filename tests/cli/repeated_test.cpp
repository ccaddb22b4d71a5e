// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.hpp"
#include "cli/repeated.hpp"
#include "cli/run_jobs.hpp"

namespace relapse::cli {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

scenario::Scenario someScenario() {
  scenario::Scenario scenario;
  scenario.name = "s";
  scenario.file = "/scenarios/s.yaml";
  scenario.nodes["client"].cpus = 2;
  scenario.nodes["client"].memory = {256ull << 20};
  scenario.nodes["server"].cpus = 1;
  scenario.nodes["server"].memory = {256ull << 20};
  scenario.cell = {"nfs.mount.version=\"3\""};
  return scenario;
}

TEST(RunJob, IsThisProgramWithAllThatMakesTheRun) {
  RunArguments arguments;
  arguments.kernels = {"debian-6.1"};
  arguments.patches = {"/p/a.patch"};
  arguments.sets = {"nodes.client.cpus=2"};
  Common common;
  common.stateDir = "/shared";
  const auto job = runJob(someScenario(), arguments, common, 7);
  EXPECT_THAT(std::vector<std::string>(job.argv.begin() + 1, job.argv.end()),
              ElementsAre("--quiet", "--state-dir", "/shared", "run", "/scenarios/s.yaml", "--kernel", "debian-6.1",
                          "--patch", "/p/a.patch", "--set", "nfs.mount.version=\"3\"", "--set", "nodes.client.cpus=2",
                          "--set", "seed=7", "--until", "1/1", "--no-history"));
}

TEST(RunJob, AsksForTheGuestsCpusAndMemoryAndForTimeEnough) {
  const auto job = runJob(someScenario(), {}, {}, 1);
  EXPECT_EQ(job.cpus, 3);
  EXPECT_GT(job.memory, 512ull << 20);
  EXPECT_GT(job.limit, someScenario().deadlines.boot + someScenario().deadlines.reproduce);
}

TEST(BuildJob, AsksForWhatMakeTakes) {
  RunArguments arguments;
  arguments.makeJobs = 5;
  const auto job = buildJob(someScenario(), arguments, {});
  EXPECT_EQ(job.cpus, 5);
  EXPECT_THAT(job.argv, AllOf(Contains("build"), Contains("--make-jobs"), Contains("5")));
}

TEST(Repeats, AreJobsWhenTheyAreSeveralAndSideBySide) {
  auto scenario = someScenario();
  RunArguments arguments;
  arguments.engine.jobs = 2;
  EXPECT_FALSE(wantsJobs(scenario, arguments)) << "one run";
  scenario.repeat = scenario::Runs{3};
  EXPECT_TRUE(wantsJobs(scenario, arguments));
  arguments.engine.jobs = 1;
  EXPECT_FALSE(wantsJobs(scenario, arguments));
  arguments.engine.engine = "slurm";
  EXPECT_TRUE(wantsJobs(scenario, arguments));
  arguments.asBisectStep = true;
  EXPECT_FALSE(wantsJobs(scenario, arguments));
}

TEST(Repeats, OfAJobAreNoJobsThemselves) {
  auto scenario = someScenario();
  scenario.repeat = scenario::Runs{3};
  RunArguments arguments;
  arguments.engine.jobs = 2;
  arguments.result = "/r.json";
  EXPECT_FALSE(wantsJobs(scenario, arguments));
}

TEST(RunCommand, RefusesQuestionsThatAreNone) {
  const auto said = [](RunArguments arguments) {
    arguments.scenarios = {"nfs-wb-page-soft-lockup"};
    testing::internal::CaptureStderr();
    EXPECT_EQ(runCommand(arguments, {}), kBadInput);
    return testing::internal::GetCapturedStderr();
  };
  RunArguments until;
  until.until = "5/3";
  EXPECT_THAT(said(until), HasSubstr("--until: expected K/N such as 3/10, found \"5/3\""));
  RunArguments rate;
  rate.atLeast = "many";
  EXPECT_THAT(said(rate), HasSubstr("--at-least: expected a percentage such as 30%, found \"many\""));
  RunArguments clean;
  clean.cleanOf = "7/10";
  EXPECT_THAT(said(clean), HasSubstr("--clean-of: expected a scenario with expect.survived"));
}

TEST(NightlyCommand, PointsAtWhatIsWrongWithItsMatrix) {
  NightlyArguments arguments;
  arguments.matrix = "/nowhere/m.yaml";
  testing::internal::CaptureStderr();
  EXPECT_EQ(nightlyCommand(arguments, {}), kBadInput);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("/nowhere/m.yaml"));
}

}  // namespace
}  // namespace relapse::cli
