// SPDX-License-Identifier: GPL-2.0-or-later
// The decisions of the Slurm engine; tests/slurm has the same with a real Slurm.
#include "engine/slurm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "engine/slurm_arrays.hpp"
#include "engine/slurm_folder.hpp"
#include "engine/slurm_queue.hpp"
#include "engine/slurm_tasks.hpp"
#include "process/process.hpp"

namespace relapse::engine {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using What = JobEnd::What;
namespace fs = std::filesystem;

Job job(const std::string& name, int cpus = 1, std::vector<std::string> after = {}) {
  return {.name = name,
          .argv = {"true"},
          .result = "/r/" + name,
          .log = "/l/" + name,
          .cpus = cpus,
          .after = std::move(after)};
}

TEST(Arrays, GroupWhatAsksForTheSameInItsOrder) {
  std::vector<Job> jobs{job("a"), job("b", 2), job("c"), job("d"), job("e", 2)};
  jobs[3].limit = 60s;
  EXPECT_THAT(arraysOf(jobs, std::vector<std::vector<std::string>>(5), 1000),
              ElementsAre(ElementsAre(0, 2), ElementsAre(1, 4), ElementsAre(3)));
}

TEST(Arrays, AreNoLargerThanTheClusterTakes) {
  const std::vector<Job> jobs{job("a"), job("b"), job("c"), job("d"), job("e")};
  EXPECT_THAT(arraysOf(jobs, std::vector<std::vector<std::string>>(5), 2),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3), ElementsAre(4)));
}

TEST(Arrays, ComeBehindThoseThatTheyWaitFor) {
  // In the order of submission the first array would wait for the third.
  const std::vector<Job> jobs{job("cell", 2), job("build"), job("late", 2, {"build"}), job("build2"),
                              job("later", 2, {"late", "old"})};
  const std::vector<std::vector<std::string>> awaited{{}, {}, {"build"}, {}, {"old", "late"}};
  EXPECT_THAT(arraysOf(jobs, awaited, 1000),
              ElementsAre(ElementsAre(0), ElementsAre(1, 3), ElementsAre(2), ElementsAre(4)));
}

TEST(Sbatch, IsGivenWhatTheJobsAskFor) {
  Job wide = job("a", 3);
  wide.memory = (512u << 20) + 1;
  wide.limit = 61s;
  SlurmOptions options{.shared = "/s", .partition = "p;rm -rf /", .account = "acc", .sbatch = {"--qos=night"}};
  const ArrayCall call{"relapse-x", "/s/100%/0", {{7, 0}, {8, 12}}};
  EXPECT_THAT(sbatchArguments(options, wide, 6, call),
              ElementsAre("sbatch", "--parsable", "--job-name=relapse-x", "--array=0-5", "--nodes=1", "--ntasks=1",
                          "--cpus-per-task=3", "--requeue", "--open-mode=append", "--input=/dev/null",
                          "--output=/s/100%%/0/%a.slurm", "--mem=513M", "--time=2", "--partition=p;rm -rf /",
                          "--account=acc", "--dependency=afterok:7_0:8_12", "--kill-on-invalid-dep=yes", "--qos=night",
                          "/s/100%/0/batch", "/s/100%/0"));
}

TEST(Sbatch, IsGivenNothingThatTheJobDoesNotAskFor) {
  const auto argv = sbatchArguments({.shared = "/s", .requeue = false}, job("a"), 1, {"n", "/s/0", {}});
  EXPECT_THAT(argv, Contains("--no-requeue"));
  EXPECT_THAT(argv, Not(Contains(StartsWith("--mem"))));  // 0 is all memory of a node
  EXPECT_THAT(argv, Not(Contains(StartsWith("--time"))));
  EXPECT_THAT(argv, Not(Contains(StartsWith("--dependency"))));
}

TEST(Scancel, NamesAnArrayAsAWholeWhereNoOtherTaskOfItLives) {
  EXPECT_THAT(cancelNames({{1, 0}, {1, 2}, {2, 1}, {3, 0}}, {{1, 2}, {2, 5}}), ElementsAre("1", "2_1", "3_0"));
}

class ArrayFolder : public testing::Test {
 protected:
  ArrayFolder() { fs::create_directories(folder_); }
  ~ArrayFolder() override { fs::remove_all(folder_); }

  Job shell(const std::string& script) const {
    Job made = job("a");
    made.argv = {"sh", "-c", script, "sh", folder_ / "it's a \"result\""};
    made.result = made.argv.back();
    made.log = folder_ / "$(log) `x`";
    return made;
  }
  // Runs it as Slurm's batch step does; the script's exit status.
  int run(const Job& which, std::map<std::string, std::string> environment = {}) const {
    std::ofstream(folder_ / "7.task") << taskScript(which);
    std::ofstream(folder_ / "batch") << batchScript();
    environment["SLURM_ARRAY_TASK_ID"] = "7";
    environment["SLURMD_NODENAME"] = "node9";
    const auto output = process::run(
        {.argv = {"sh", folder_ / "batch", folder_}, .environment = environment, .outputFile = folder_ / "7.slurm"});
    const auto* exited = output ? std::get_if<process::Exited>(&output->end) : nullptr;
    return exited != nullptr ? exited->status : -1;
  }
  std::string contentOf(const fs::path& file) const {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / ("array 100% $x " + std::to_string(::getpid()));
};

TEST_F(ArrayFolder, ATaskGivesArgumentsAndVariablesAsTheyAre) {
  Job odd = shell("shift; printf '%s|' \"$@\" \"$ODD\"; : >\"$0\"");
  odd.argv = {"sh",        "-c",         "printf '%s|' \"$@\" \"$ODD\"; : >\"$0\"",
              odd.result,  "",           "a b",
              "it's",      "$(touch x)", "`x`",
              "new\nline", "\\",         "*",
              "\"",        "--"};
  odd.environment["ODD"] = "'; exit 9; '\n$HOME";
  EXPECT_EQ(run(odd), 0);
  EXPECT_EQ(contentOf(odd.log), "|a b|it's|$(touch x)|`x`|new\nline|\\|*|\"|--|'; exit 9; '\n$HOME|");
}

TEST_F(ArrayFolder, ATaskSaysHowItEndedAndWhere) {
  struct {
    const char* script;
    int status;  // of the batch script: 0 if and only if there is a result
    const char* end;
  } rows[] = {{": >\"$1\"", 0, "0 1 node9\n"},
              {": >\"$1\"; exit 1", 0, "1 1 node9\n"},
              {"exit 125", 125, "125 0 node9\n"},
              {"exit 0", 1, "0 0 node9\n"},
              {"kill -9 $$", 137, "137 0 node9\n"}};
  for (const auto& row : rows) {
    const Job made = shell(row.script);
    fs::remove(made.result);
    EXPECT_EQ(run(made), row.status) << row.script;
    EXPECT_EQ(contentOf(folder_ / "7.end"), row.end);
  }
  EXPECT_EQ(readTaskNotes(contentOf(folder_ / "7.slurm")).host, "node9");
}

TEST_F(ArrayFolder, ATaskThatRunsAgainAndHasItsResultIsOver) {
  const Job made = shell("echo again; : >\"$1\"");
  std::ofstream(made.result) << "first";
  EXPECT_EQ(run(made, {{"SLURM_RESTART_COUNT", "1"}}), 0);
  EXPECT_EQ(contentOf(made.result), "first");
  EXPECT_EQ(run(made), 0);
  EXPECT_EQ(contentOf(made.result), "");
}

TEST_F(ArrayFolder, AProgramOfABuiltinsNameIsTheProgram) {
  Job made = shell("");
  made.argv = {"printf", "%s", "out"};
  EXPECT_EQ(run(made), 1);
  EXPECT_EQ(contentOf(made.log), "out");
  made.argv = {"no-such-program-anywhere"};
  EXPECT_EQ(run(made), 127);
}

TEST_F(ArrayFolder, AnEngineFindsWhatATaskLeft) {
  const Job made = shell(": >\"$1\"");
  Traces traces = SlurmFolder::tracesOf(made, folder_, 7, true);
  EXPECT_FALSE(traces.result || traces.end);
  run(made);
  traces = SlurmFolder::tracesOf(made, folder_, 7, true);
  EXPECT_TRUE(traces.result && traces.end && traces.end->leftResult);
}

TEST(TaskEnd, IsReadWholeOrNotAtAll) {
  const auto end = readTaskEnd("1 1 node 3\n");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 1);
  EXPECT_TRUE(end->leftResult);
  EXPECT_EQ(end->host, "node 3");
  for (const char* broken : {"", "1", "1 ", "1 1", "1 1 node", "x 1 node\n", "1 2 node\n", " 1 node\n"})
    EXPECT_FALSE(readTaskEnd(broken)) << broken;
}

TEST(TaskNotes, AreThoseOfTheLastAttempt) {
  const TaskNotes notes = readTaskNotes(
      "relapse: on n1\nslurmstepd: error: *** JOB 5 ON n1 CANCELLED AT x DUE TO PREEMPTION ***\nrelapse: on n2\n");
  EXPECT_EQ(notes.host, "n2");
  EXPECT_EQ(notes.said, "");
  EXPECT_EQ(readTaskNotes("relapse: on n1\nsaid\n\n").said, "said");
}

TEST(Queue, IsReadFromSqueue) {
  const auto queue =
      readQueue("1|4|PENDING||Resources\n2|N/A|PENDING||Dependency\n\n1|0|RUNNING|node1|None\nrubbish\n");
  ASSERT_EQ(queue.size(), 2u);  // a job that is no task of an array is none of ours
  EXPECT_EQ(queue.at({1, 4}).reason, "Resources");
  EXPECT_EQ(queue.at({1, 0}).host, "node1");
}

TEST(Remembered, IsReadFromScontrol) {
  const auto jobs = readRemembered(
      "JobId=1 ArrayJobId=1 ArrayTaskId=4-5 JobName=x JobState=PENDING Reason=Resources NodeList= SchedNodeList=n\n"
      "JobId=6 ArrayJobId=1 ArrayTaskId=3 JobName=x JobState=NODE_FAIL Reason=NodeDown ReqNodeList=(null) "
      "ExcNodeList=(null) NodeList=node2 BatchHost=node2\n"
      "JobId=7 ArrayJobId=1 ArrayTaskId=2 JobState=CANCELLED Reason=None NodeList=(null)\n");
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_EQ(jobs.at({1, 3}).state, "NODE_FAIL");
  EXPECT_EQ(jobs.at({1, 3}).host, "node2");
  EXPECT_EQ(jobs.at({1, 2}).host, "");
}

TEST(EndOfTask, MovesOffNoDataByEvidenceAlone) {
  const auto end = [](int status, bool left) { return TaskEnd{status, left, "end-host"}; };
  const auto state = [](const char* name, const char* reason = "None") { return Remembered{name, reason, "n"}; };
  const TaskNotes limit{"n", "DUE TO TIME LIMIT"};
  struct {
    Traces traces;
    What what;
    const char* why;
  } rows[] = {
      {{}, What::NoData, "left the queue without a result"},
      {{.result = true}, What::Result, ""},
      {{.result = true, .cancelled = true}, What::Result, ""},
      {{.result = true, .remembered = state("NODE_FAIL")}, What::Result, ""},
      {{.cancelled = true, .end = end(1, false)}, What::Cancelled, "cancelled"},
      {{.end = end(69, false)}, What::Failed, "ended with status 69 and left no result"},
      {{.end = end(0, false)}, What::NoData, "ended with status 0 and left no result"},
      {{.end = end(137, false)}, What::NoData, "killed by signal 9"},
      {{.end = end(1, true)}, What::NoData, "its result is not to be seen on this host"},
      {{.remembered = state("TIMEOUT"), .notes = limit},
       What::NoData,
       "time limit (Slurm: TIMEOUT): DUE TO TIME LIMIT"},
      {{.remembered = state("NODE_FAIL")}, What::NoData, "its node failed (Slurm: NODE_FAIL)"},
      {{.remembered = state("PREEMPTED")}, What::NoData, "preempted (Slurm: PREEMPTED)"},
      {{.remembered = state("OUT_OF_MEMORY")}, What::NoData, "out of memory (Slurm: OUT_OF_MEMORY)"},
      {{.remembered = state("CANCELLED")}, What::NoData, "cancelled by somebody else (Slurm: CANCELLED)"},
      {{.remembered = state("CANCELLED", "DependencyNeverSatisfied")},
       What::Cancelled,
       "not run: a job that it waits for left no result"},
      {{.remembered = state("FAILED"), .folderIsFull = true},
       What::NoData,
       "left no result, and the shared folder is full"},
      {{.remembered = state("COMPLETED")}, What::NoData, "left no result (Slurm: COMPLETED)"},
  };
  for (const auto& row : rows) {
    const JobEnd found = endOfTask(job("a"), row.traces);
    EXPECT_EQ(found.what, row.what) << row.why;
    EXPECT_EQ(found.why, row.why);
  }
}

TEST(EndOfTask, SaysTheHostByTheBestOfItsTraces) {
  Traces traces{.host = "queue"};
  EXPECT_EQ(endOfTask(job("a"), traces).where, "queue");
  traces.remembered = Remembered{"TIMEOUT", "", "remembered"};
  EXPECT_EQ(endOfTask(job("a"), traces).where, "remembered");
  traces.notes.host = "notes";
  EXPECT_EQ(endOfTask(job("a"), traces).where, "notes");
  traces.end = TaskEnd{0, false, "end"};
  EXPECT_EQ(endOfTask(job("a"), traces).where, "end");
}

TEST(EndOfWaiting, IsForReasonsThatDoNotPass) {
  EXPECT_EQ(endOfWaiting(job("a"), "DependencyNeverSatisfied")->what, What::Cancelled);
  EXPECT_EQ(endOfWaiting(job("a"), "PartitionTimeLimit")->what, What::Failed);
  EXPECT_EQ(endOfWaiting(job("a"), "launch failed requeued held")->what, What::NoData);
  for (const char* passing : {"Resources", "Priority", "Dependency", "BeginTime", "JobHeldAdmin", "PartitionDown", ""})
    EXPECT_FALSE(endOfWaiting(job("a"), passing)) << passing;
}

TEST(Refusal, IsToldFromASchedulerThatIsAway) {
  EXPECT_EQ(refusal("sbatch: error: Unable to contact slurm controller (connect failure)"), FailureKind::Exhausted);
  EXPECT_EQ(refusal("Batch job submission failed: Socket timed out on send/recv operation"), FailureKind::Exhausted);
  EXPECT_EQ(refusal("Batch job submission failed: Invalid partition name specified"), FailureKind::BadInput);
  EXPECT_EQ(refusal("Batch job submission failed: Requested node configuration is not available"),
            FailureKind::BadInput);
  EXPECT_EQ(refusal("Batch job submission failed: Job violates accounting/QOS policy"), FailureKind::HostLacks);
}

TEST(SlurmEngine, SaysWhichProgramIsMissingAndHowToHaveIt) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  const auto engine = makeSlurm({.shared = "/tmp"});
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().kind, FailureKind::HostLacks);
  EXPECT_EQ(engine.error().message, "sbatch is not here");
  EXPECT_EQ(engine.error().advice, "apt-get install slurm-client");
}

TEST(SlurmFolder, RefusesAFolderThatSbatchCannotName) {
  EXPECT_EQ(SlurmFolder::make("relative", "x").error().kind, FailureKind::BadInput);
  EXPECT_EQ(SlurmFolder::make("/tmp/a\\b", "x").error().kind, FailureKind::BadInput);
}

}  // namespace
}  // namespace relapse::engine
