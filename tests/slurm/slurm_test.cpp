// SPDX-License-Identifier: GPL-2.0-or-later
// The Slurm engine on a real Slurm of two nodes; started by tests/slurm/run.
#include "engine/slurm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "process/process.hpp"

namespace relapse::engine {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using What = JobEnd::What;
using Ends = std::map<std::string, JobEnd>;
namespace fs = std::filesystem;

fs::path cluster() {
  const char* folder = std::getenv("RELAPSE_SLURM");
  return folder != nullptr ? folder : "";
}

std::string output(std::vector<std::string> argv) {
  const auto ran = process::runChecked({.argv = std::move(argv)}, {.deadline = 60s});
  EXPECT_TRUE(ran) << ran.error().message;
  return ran ? ran->standardOutput : "";
}

void control(std::vector<std::string> words) {
  words.insert(words.begin(), RELAPSE_SOURCE_DIR "/tests/slurm/cluster");
  words.push_back(cluster());
  // A file, for what it starts keeps its output open.
  const auto ran = process::runChecked({.argv = words, .outputFile = cluster() / "control.log"}, {.deadline = 60s});
  ASSERT_TRUE(ran) << ran.error().message;
}

template <class Condition>
bool becomesTrue(Condition condition, std::chrono::seconds within = 60s) {
  for (const auto until = std::chrono::steady_clock::now() + within; std::chrono::steady_clock::now() < until;) {
    if (condition()) return true;
    std::this_thread::sleep_for(100ms);
  }
  return false;
}

bool allNodesIdle() {
  return output({"sinfo", "-h", "-N", "-o", "%N %t"}) == "node1 idle\nnode2 idle\n";
}

class OnSlurm : public testing::Test {
 protected:
  OnSlurm() : shared_(cluster() / "shared"), results_(cluster() / "results") {
    fs::create_directories(shared_);
    fs::create_directories(results_);
  }
  ~OnSlurm() override {
    fs::remove_all(results_);
    EXPECT_TRUE(becomesTrue(allNodesIdle));
  }

  SlurmOptions options() const {
    return {.shared = shared_, .requeue = false, .poll = 200ms, .settle = 1s, .patience = 60s, .submitPatience = 30s};
  }
  std::unique_ptr<Engine> engine(const SlurmOptions& options) const {
    auto made = makeSlurm(options);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }
  // A job that runs `script` with sh, whose $1 is the result.
  Job job(const std::string& name, const std::string& script, std::vector<std::string> after = {}) const {
    const fs::path result = results_ / (name + ".result");
    return {.name = name,
            .argv = {"sh", "-c", script, "sh", result},
            .result = result,
            .log = results_ / (name + ".log"),
            .memory = 100u << 20,
            .after = std::move(after)};
  }
  static void submit(Engine& engine, const std::vector<Job>& jobs) {
    const auto submitted = engine.submit(jobs);
    ASSERT_TRUE(submitted) << submitted.error().message;
  }
  static Ends endsOf(Engine& engine, std::size_t count) {
    Ends ends;
    while (ends.size() < count) {
      const auto end = engine.next({});
      if (!end) {
        ADD_FAILURE() << end.error().message;
        break;
      }
      ends[end->name] = *end;
    }
    return ends;
  }
  std::string logOf(const std::string& name) const {
    std::ifstream in(results_ / (name + ".log"));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool begins(const std::string& name) const {
    return becomesTrue([&] { return !logOf(name).empty(); });
  }
  // What squeue says, of every job.
  static std::string queue(const std::string& format) { return output({"squeue", "-h", "-r", "-o", format}); }

  const fs::path shared_, results_;
};

const std::string kRuns = "echo $SLURMD_NODENAME; exec sleep 1000";

TEST_F(OnSlurm, AllJobsOfAnArrayLeaveTheirResultsOnBothNodes) {
  const auto slurm = engine(options());
  std::vector<Job> jobs;
  for (int at = 0; at < 6; ++at) jobs.push_back(job("j" + std::to_string(at), "echo here; sleep 0.3; echo $G >$1"));
  for (Job& each : jobs) each.environment["G"] = "it's " + each.name;
  submit(*slurm, jobs);
  EXPECT_EQ(queue("%F"), [&] {
    const std::string id = queue("%F").substr(0, queue("%F").find('\n') + 1);
    return id + id + id + id + id + id;
  }());
  std::set<std::string> nodes;
  for (const auto& [name, end] : endsOf(*slurm, jobs.size())) {
    EXPECT_EQ(end.what, What::Result) << name << ": " << end.why;
    EXPECT_EQ(logOf(name), "here\n");
    std::ifstream in(results_ / (name + ".result"));
    std::string line;
    std::getline(in, line);
    EXPECT_EQ(line, "it's " + name);
    nodes.insert(end.where);
  }
  EXPECT_THAT(nodes, testing::ElementsAre("node1", "node2"));
  EXPECT_EQ(slurm->next({}).error().kind, FailureKind::Internal);
}

TEST_F(OnSlurm, AJobThatFailsAndOneThatLeavesNothingDiffer) {
  const auto slurm = engine(options());
  submit(*slurm, {job("fails", "exit 69"), job("nothing", "exit 0"), job("killed", "kill -9 $$"),
                  job("leaves", ": >$1; exit 1")});
  const Ends ends = endsOf(*slurm, 4);
  EXPECT_EQ(ends.at("fails").what, What::Failed);
  EXPECT_EQ(ends.at("fails").why, "ended with status 69 and left no result");
  EXPECT_THAT(ends.at("fails").where, AnyOf("node1", "node2"));
  EXPECT_EQ(ends.at("nothing").what, What::NoData);
  EXPECT_EQ(ends.at("killed").what, What::NoData);
  EXPECT_EQ(ends.at("leaves").what, What::Result);
}

TEST_F(OnSlurm, WhatWaitsForAResultRunsAfterItAndWhatWaitsInVainNever) {
  const auto slurm = engine(options());
  submit(*slurm, {job("build", "sleep 1; echo built >$1"), job("broken", "sleep 1; exit 1"),
                  job("after", "cat " + (results_ / "build.result").string() + " >$1", {"build"}),
                  job("never", "echo ran; : >$1", {"broken", "build"}), job("neither", "echo ran; : >$1", {"never"})});
  const Ends ends = endsOf(*slurm, 5);
  EXPECT_EQ(ends.at("after").what, What::Result);
  EXPECT_EQ(ends.at("broken").what, What::Failed);
  EXPECT_EQ(ends.at("never").what, What::Cancelled);
  EXPECT_EQ(ends.at("never").why, "not run: broken left no result");
  EXPECT_EQ(ends.at("neither").what, What::Cancelled);
  EXPECT_EQ(logOf("never") + logOf("neither"), "");
  submit(*slurm, {job("late", ": >$1", {"broken"}), job("in-time", ": >$1", {"build"})});
  const Ends second = endsOf(*slurm, 2);
  EXPECT_EQ(second.at("late").what, What::Cancelled);
  EXPECT_EQ(second.at("in-time").what, What::Result);
}

TEST_F(OnSlurm, WhatAnAdministratorCancelsHasNoData) {
  const auto slurm = engine(options());
  submit(*slurm, {job("a", kRuns), job("b", "until [ -e $1.go ]; do sleep 0.1; done; : >$1")});
  ASSERT_TRUE(begins("a"));
  const std::string id = queue("%i");
  output({"scancel", id.substr(0, id.find('_')) + "_0"});
  const auto end = slurm->next({});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->name, "a");
  EXPECT_EQ(end->what, What::NoData);
  EXPECT_THAT(end->why, HasSubstr("cancelled by somebody else (Slurm: CANCELLED)"));
  EXPECT_EQ(end->where + "\n", logOf("a"));
  std::ofstream(results_ / "b.result.go");
  EXPECT_EQ(slurm->next({})->what, What::Result);
}

TEST_F(OnSlurm, CancelEndsWhatRunsAndWhatWaitsAndTheDestructorTheRest) {
  auto slurm = engine(options());
  std::vector<Job> jobs;
  for (int at = 0; at < 6; ++at) jobs.push_back(job("j" + std::to_string(at), kRuns));  // four run
  submit(*slurm, jobs);
  ASSERT_TRUE(begins("j0"));
  slurm->cancel({"j0", "j5", "unknown"});
  const Ends ends = endsOf(*slurm, 2);
  EXPECT_EQ(ends.at("j0").what, What::Cancelled);
  EXPECT_EQ(ends.at("j5").what, What::Cancelled);
  slurm.reset();
  EXPECT_EQ(queue("%i %T"), "");
  EXPECT_TRUE(fs::is_empty(shared_));
}

TEST_F(OnSlurm, ANodeThatDiesIsNoDataAndTheSameAgainRunsOnTheOther) {
  const auto slurm = engine(options());
  submit(*slurm, {job("first", kRuns)});
  ASSERT_TRUE(begins("first"));
  const std::string node = logOf("first").substr(0, 5);
  control({"node", "kill", node});
  const auto end = slurm->next({});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->what, What::NoData);
  EXPECT_EQ(end->where, node);
  EXPECT_EQ(end->why, "its node failed (Slurm: NODE_FAIL)");
  submit(*slurm, {job("second", ": >$1")});
  const auto again = slurm->next({});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->what, What::Result) << again->why;
  EXPECT_NE(again->where, node);
  control({"node", "start", node});
}

TEST_F(OnSlurm, SlurmItselfRunsAJobAgainWhoseNodeDiedWhenItMay) {
  SlurmOptions again = options();
  again.requeue = true;
  const auto slurm = engine(again);
  submit(*slurm, {job("a", "echo $SLURMD_NODENAME; [ ${SLURM_RESTART_COUNT:-0} -gt 0 ] || exec sleep 1000; : >$1")});
  ASSERT_TRUE(begins("a"));
  const std::string node = logOf("a").substr(0, 5);
  control({"node", "kill", node});
  ASSERT_TRUE(becomesTrue([] { return queue("%T") == "PENDING\n"; }));
  // Slurm holds it back for two minutes.
  output({"scontrol", "update", "JobId=" + queue("%A").substr(0, queue("%A").find('\n')), "StartTime=now"});
  const auto end = slurm->next({});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->what, What::Result) << end->why;
  EXPECT_NE(end->where, node);
  control({"node", "start", node});
}

TEST_F(OnSlurm, ARefusalIsTheUsersErrorInSbatchsWordsAndNothingOfItStays) {
  SlurmOptions elsewhere = options();
  elsewhere.partition = "nowhere";
  const auto first = engine(elsewhere)->submit({job("a", ": >$1")});
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, FailureKind::BadInput);
  EXPECT_THAT(first.error().message, HasSubstr("Invalid partition name specified"));

  const auto slurm = engine(options());
  Job large = job("large", ": >$1");
  large.memory = 1ull << 40;
  const auto second = slurm->submit({job("a", kRuns), large});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, FailureKind::BadInput);
  EXPECT_THAT(second.error().message, HasSubstr("Memory specification can not be satisfied"));
  EXPECT_TRUE(becomesTrue([] { return queue("%i").empty(); }));
  EXPECT_EQ(slurm->next({}).error().kind, FailureKind::Internal);
}

TEST_F(OnSlurm, AJobThatThePartitionNeverRunsFails) {
  const auto slurm = engine(options());
  Job endless = job("a", ": >$1");
  endless.limit = std::chrono::hours(1000);
  submit(*slurm, {endless});
  const auto end = slurm->next({});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->what, What::Failed);
  EXPECT_EQ(end->why, "never runs (Slurm: PartitionTimeLimit)");
}

TEST_F(OnSlurm, GoesOnWhileTheControllerIsAwayForSomeSeconds) {
  const auto slurm = engine(options());
  submit(*slurm, {job("a", "echo on; sleep 2; : >$1")});
  ASSERT_TRUE(begins("a"));
  control({"controller", "stop"});
  std::thread back([] {
    std::this_thread::sleep_for(4s);
    control({"controller", "start"});
  });
  submit(*slurm, {job("b", ": >$1")});  // is asked again until it is back
  const Ends ends = endsOf(*slurm, 2);
  back.join();
  EXPECT_EQ(ends.at("a").what, What::Result) << ends.at("a").why;
  EXPECT_EQ(ends.at("b").what, What::Result) << ends.at("b").why;
}

TEST_F(OnSlurm, SaysThatTheControllerDoesNotAnswerWhenItIsAwayForLong) {
  SlurmOptions hasty = options();
  hasty.patience = 1s;
  const auto slurm = engine(hasty);
  submit(*slurm, {job("a", "echo on; : >$1")});
  ASSERT_TRUE(begins("a"));
  control({"controller", "stop"});
  const auto end = slurm->next({});
  control({"controller", "start"});
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(end.error().message, HasSubstr("Unable to contact slurm controller"));
  EXPECT_EQ(endsOf(*slurm, 1).at("a").what, What::Result);  // it is no end of any job
}

TEST_F(OnSlurm, AFullSharedFolderIsExhaustedOrNoData) {
  const fs::path small = cluster() / "small";
  fs::create_directory(small);
  if (::mount("small", small.c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "skipped: no privilege to mount a small disk";
  const auto fill = [&] { (void)process::run({.argv = {"sh", "-c", "cat /dev/zero >" + small.string() + "/all"}}); };
  {
    SlurmOptions full = options();
    full.shared = small;
    const auto slurm = engine(full);
    Job job = this->job(
        "a", "until [ -e " + (results_ / "go").string() + " ]; do sleep 0.1; done; echo x >$1.new && mv $1.new $1");
    job.result = job.argv.back() = small / "a.result";
    submit(*slurm, {job});
    fill();
    const auto refused = slurm->submit({this->job("b", ": >$1")});
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_EQ(refused.error().kind, FailureKind::Exhausted);
      EXPECT_THAT(refused.error().message, HasSubstr("No space left on device"));
    }
    std::ofstream(results_ / "go");
    const auto end = slurm->next({});
    ASSERT_TRUE(end);
    EXPECT_EQ(end->what, What::NoData);
    EXPECT_EQ(end->why, "left no result, and the shared folder is full");
  }
  ::umount2(small.c_str(), MNT_DETACH);
}

TEST_F(OnSlurm, AJobAtItsLimitHasNoData) {
  const auto slurm = engine(options());
  Job slow = job("a", kRuns);
  slow.limit = 1s;  // Slurm's shortest is a minute
  submit(*slurm, {slow});
  const auto end = slurm->next({});
  ASSERT_TRUE(end);
  EXPECT_EQ(end->what, What::NoData);
  EXPECT_THAT(end->why, HasSubstr("time limit (Slurm: TIMEOUT)"));
}

}  // namespace
}  // namespace relapse::engine
