// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/local.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <thread>

#include "engine/host.hpp"
#include "engine/local_end.hpp"
#include "engine/slots.hpp"

namespace relapse::engine {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using What = JobEnd::What;
namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1u << 20;

class LocalEngine : public testing::Test {
 protected:
  LocalEngine() { fs::create_directories(folder_); }
  ~LocalEngine() override { fs::remove_all(folder_); }

  // A job that runs `script` with sh, whose $1 is the result.
  Job job(const std::string& name, const std::string& script) const {
    const fs::path result = folder_ / (name + ".result");
    return {
        .name = name, .argv = {"sh", "-c", script, "sh", result}, .result = result, .log = folder_ / (name + ".log")};
  }
  std::string logOf(const std::string& name) const {
    std::ifstream in(folder_ / (name + ".log"));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::map<std::string, JobEnd> endsOf(Engine& engine, std::size_t count) {
    std::map<std::string, JobEnd> ends;
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
  JobEnd only(Job only, const LocalOptions& options = {.cpus = 2, .memory = kMiB}) const {
    const auto engine = makeLocal(options);
    EXPECT_TRUE(engine->submit({only}));
    return endsOf(*engine, 1)[only.name];
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / ("engine-" + std::to_string(::getpid()));
};

TEST_F(LocalEngine, TellsTheResultTheHostAndWhatWasPrinted) {
  const JobEnd end = only(job("a", "echo out; echo err >&2; echo done >$1"));
  EXPECT_EQ(end.what, What::Result);
  EXPECT_EQ(end.why, "");
  EXPECT_NE(end.where, "");
  EXPECT_EQ(logOf("a"), "out\nerr\n");
}

TEST_F(LocalEngine, GivesTheCommandItsEnvironment) {
  Job given = job("a", "printf %s \"$GIVEN\" >$1");
  given.environment["GIVEN"] = "it's \"$HOME\"\n";
  EXPECT_EQ(only(given).what, What::Result);
  std::ifstream in(given.result);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "it's \"$HOME\"\n");
}

TEST_F(LocalEngine, AJobThatFailsAndOneThatLeavesNothingDiffer) {
  EXPECT_EQ(only(job("a", "exit 125")).what, What::Failed);
  EXPECT_EQ(only(job("b", "exit 0")).what, What::NoData);
  EXPECT_EQ(only(job("c", "kill -9 $$")).what, What::NoData);
  EXPECT_EQ(only(job("d", ": >$1; exit 1")).what, What::Result);
}

TEST_F(LocalEngine, AProgramThatIsNotThereIsAJobThatFailed) {
  Job missing = job("a", "");
  missing.argv = {"no-such-program-anywhere"};
  const JobEnd end = only(missing);
  EXPECT_EQ(end.what, What::Failed);
  EXPECT_THAT(end.why, HasSubstr("no-such-program-anywhere"));
}

TEST_F(LocalEngine, EndsAJobAtItsLimitAndAllOfItsGroup) {
  Job slow = job("a", "sleep 1000 & echo $!; wait");
  slow.limit = 1s;
  const JobEnd end = only(slow);
  EXPECT_EQ(end.what, What::NoData);
  EXPECT_EQ(end.why, "time limit of 1 s");
  const pid_t sleeper = std::stoi(logOf("a"));
  for (int tries = 0; tries < 500 && ::kill(sleeper, 0) == 0; ++tries) std::this_thread::sleep_for(10ms);
  EXPECT_NE(::kill(sleeper, 0), 0);
}

TEST_F(LocalEngine, KillsAJobThatDoesNotHearWhenTheGraceIsOver) {
  Job deaf = job("a", "trap '' TERM; while :; do sleep 0.1; done");
  deaf.limit = 1s;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(only(deaf, {.cpus = 1, .memory = kMiB, .grace = 1s}).what, What::NoData);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 2s);
}

TEST_F(LocalEngine, CancelsWhatRunsAndWhatWaits) {
  const auto engine = makeLocal({.cpus = 1, .memory = kMiB});
  ASSERT_TRUE(engine->submit({job("runs", "exec sleep 1000"), job("waits", ": >$1"), job("stays", ": >$1")}));
  engine->cancel({"runs", "waits", "unknown"});
  const auto ends = endsOf(*engine, 3);
  EXPECT_EQ(ends.at("runs").what, What::Cancelled);
  EXPECT_EQ(ends.at("waits").what, What::Cancelled);
  EXPECT_EQ(ends.at("stays").what, What::Result);
  engine->cancel({"stays"});
  EXPECT_EQ(engine->next({}).error().kind, FailureKind::Internal);
}

TEST_F(LocalEngine, ItsDestructorEndsWhatRuns) {
  {
    const auto engine = makeLocal({.cpus = 2, .memory = kMiB});
    ASSERT_TRUE(engine->submit({job("a", "trap 'echo ended; exit 1' TERM; echo $$; while :; do sleep 0.05; done")}));
    for (int tries = 0; tries < 500 && logOf("a").empty(); ++tries) std::this_thread::sleep_for(10ms);
  }
  EXPECT_THAT(logOf("a"), HasSubstr("ended"));
  EXPECT_NE(::kill(std::stoi(logOf("a")), 0), 0);
}

TEST_F(LocalEngine, AStopRequestIsNoEndOfAnyJob) {
  const auto engine = makeLocal({.cpus = 1, .memory = kMiB});
  ASSERT_TRUE(engine->submit({job("a", "until [ -e $1.go ]; do sleep 0.02; done; : >$1")}));
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(engine->next(stop.get_token()).error().kind, FailureKind::Cancelled);
  stopper.join();
  std::ofstream(folder_ / "a.result.go");
  EXPECT_EQ(engine->next({})->what, What::Result);
}

TEST_F(LocalEngine, NeverRunsMoreThanFitBesideEachOther) {
  // Each notes how many run beside it.
  const std::string script =
      "d=" + folder_.string() + "/now; mkdir -p $d; : >$d/$$; ls $d | wc -l; sleep 0.1; rm $d/$$; : >$1";
  const auto most = [&](const LocalOptions& options, int cpus, std::uint64_t memory) {
    std::vector<Job> jobs;
    for (int at = 0; at < 8; ++at) jobs.push_back(job("j" + std::to_string(at), script));
    for (Job& each : jobs) {
      fs::remove(each.result);
      fs::remove(each.log);
      each.cpus = cpus;
      each.memory = memory;
    }
    const auto engine = makeLocal(options);
    EXPECT_TRUE(engine->submit(jobs));
    endsOf(*engine, jobs.size());
    int seen = 0;
    for (const Job& each : jobs) seen = std::max(seen, std::stoi(logOf(each.name)));
    return seen;
  };
  EXPECT_LE(most({.cpus = 4, .memory = 100 * kMiB}, 2, kMiB), 2);
  EXPECT_LE(most({.cpus = 8, .memory = 3 * kMiB}, 1, kMiB), 3);
  EXPECT_LE(most({.cpus = 8, .memory = 100 * kMiB, .jobs = 1}, 1, kMiB), 1);
  EXPECT_LE(most({.cpus = 2, .memory = 100 * kMiB}, 64, kMiB), 1);  // wider than the host: alone
}

TEST_F(LocalEngine, MoreMemoryThanThereEverIsIsBadInputAndNoneOfTheCallRuns) {
  const auto engine = makeLocal({.cpus = 2, .memory = kMiB});
  Job large = job("large", ": >$1");
  large.memory = 2 * kMiB;
  const auto submitted = engine->submit({job("a", ": >$1"), large});
  ASSERT_FALSE(submitted);
  EXPECT_EQ(submitted.error().kind, FailureKind::BadInput);
  EXPECT_EQ(engine->next({}).error().kind, FailureKind::Internal);
}

TEST_F(LocalEngine, RunsWhatWaitsForAResultAfterItAndCancelsWhatWaitsInVain) {
  const auto engine = makeLocal({.cpus = 4, .memory = kMiB});
  Job after = job("after", "cat " + (folder_ / "build.result").string() + " >$1");
  after.after = {"build"};
  Job never = job("never", ": >$1"), neither = job("neither", ": >$1");
  never.after = {"broken"};
  neither.after = {"never", "build"};
  ASSERT_TRUE(
      engine->submit({job("build", "sleep 0.2; echo built >$1"), job("broken", "exit 2"), after, never, neither}));
  const auto ends = endsOf(*engine, 5);
  EXPECT_EQ(ends.at("after").what, What::Result);
  EXPECT_EQ(ends.at("broken").what, What::Failed);
  EXPECT_EQ(ends.at("never").what, What::Cancelled);
  EXPECT_EQ(ends.at("never").why, "not run: broken left no result");
  EXPECT_EQ(ends.at("neither").what, What::Cancelled);
}

TEST_F(LocalEngine, WhatIsSubmittedAfterALossIsCancelledAtOnce) {
  const auto engine = makeLocal({.cpus = 1, .memory = kMiB});
  ASSERT_TRUE(engine->submit({job("broken", "exit 2")}));
  endsOf(*engine, 1);
  Job late = job("late", ": >$1");
  late.after = {"broken"};
  ASSERT_TRUE(engine->submit({late}));
  EXPECT_EQ(engine->next({})->what, What::Cancelled);
}

TEST_F(LocalEngine, RefusesJobsThatItCannotTellApart) {
  const auto engine = makeLocal({.cpus = 1, .memory = kMiB});
  Job orphan = job("orphan", "");
  orphan.after = {"nobody"};
  Job odd = job("a", "");
  odd.name = "a/../b";
  for (const auto& jobs : {std::vector{job("a", ""), job("a", "")}, {orphan}, {odd}})
    EXPECT_EQ(engine->submit(jobs).error().kind, FailureKind::Internal);
}

TEST_F(LocalEngine, HasRoomForTwiceWhatRuns) {
  const auto engine = makeLocal({.cpus = 4, .memory = kMiB, .jobs = 2});
  EXPECT_EQ(engine->room(), 4u);
  ASSERT_TRUE(engine->submit({job("a", ": >$1")}));
  EXPECT_EQ(engine->room(), 3u);
  endsOf(*engine, 1);
  EXPECT_EQ(engine->room(), 4u);
}

TEST_F(LocalEngine, ItsJobsDieWithTheProcess) {
  const pid_t parent = ::fork();
  if (parent == 0) {
    const auto engine = makeLocal({.cpus = 1, .memory = kMiB});
    if (!engine->submit({job("a", "echo $$; exec sleep 1000")})) ::_exit(2);
    for (int tries = 0; tries < 500 && logOf("a").empty(); ++tries) std::this_thread::sleep_for(10ms);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(parent, nullptr, 0);
  const pid_t sleeper = std::stoi(logOf("a"));
  for (int tries = 0; tries < 500 && ::kill(sleeper, 0) == 0; ++tries) std::this_thread::sleep_for(10ms);
  EXPECT_NE(::kill(sleeper, 0), 0);
}

TEST(EndOfProcess, MovesOffNoDataByEvidenceAlone) {
  const Job job{.name = "a", .argv = {}, .result = "/r", .log = "/l", .limit = 9s};
  struct {
    bool file;
    int waitStatus;
    Told told;
    What what;
    const char* why;
  } rows[] = {
      {true, 0, Told::Nothing, What::Result, ""},
      {true, 1 << 8, Told::Cancelled, What::Result, ""},
      {true, SIGTERM, Told::Limit, What::Result, ""},
      {false, 0, Told::Nothing, What::NoData, "ended with status 0 and left no result"},
      {false, 69 << 8, Told::Nothing, What::Failed, "ended with status 69 and left no result"},
      {false, SIGKILL, Told::Nothing, What::NoData, "killed by signal 9"},
      {false, 1 << 8, Told::Limit, What::NoData, "time limit of 9 s"},
      {false, SIGTERM, Told::Cancelled, What::Cancelled, "cancelled"},
  };
  for (const auto& row : rows) {
    const JobEnd end = endOfProcess(job, row.file, row.waitStatus, row.told, "here");
    EXPECT_EQ(end.what, row.what) << row.why;
    EXPECT_EQ(end.why, row.why);
    EXPECT_EQ(end.where, "here");
  }
}

TEST(Slots, StartInOrderAndASmallOnePassesALargeOne) {
  std::vector<Waiting> waiting{{{1, 10}}, {{4, 10}}, {{1, 10}}, {{1, 50}}, {{1, 10}, false}, {{1, 10}}};
  EXPECT_THAT(chooseToStart(waiting, {{3, 40}, 9}), ElementsAre(0, 2, 5));
  EXPECT_EQ(waiting[1].passed, 2);
  EXPECT_EQ(waiting[3].passed, 1);
  EXPECT_EQ(waiting[4].passed, 0);  // it waits for another job, not for a slot
  EXPECT_THAT(chooseToStart(waiting, {{3, 40}, 1}), ElementsAre(0));
  EXPECT_THAT(chooseToStart(waiting, {{3, 40}, 0}), IsEmpty());
}

TEST(Slots, NoneIsPassedForever) {
  // One CPU is free, always; the large one wants two.
  std::vector<Waiting> waiting{{{2, 0}}};
  int started = 0;
  for (; started < 100; ++started) {
    waiting.push_back({{1, 0}});
    if (chooseToStart(waiting, {{1, 0}, 9}).empty()) break;
    waiting.pop_back();
  }
  EXPECT_EQ(started, kMostPassed);
  EXPECT_THAT(chooseToStart(waiting, {{2, 0}, 9}), ElementsAre(0));
}

TEST(Host, ReadsWhatIsAvailableAndTheGroupsLimits) {
  EXPECT_EQ(memoryAvailable("MemTotal:  9 kB\nMemFree: 1 kB\nMemAvailable:     1024 kB\n"), kMiB);
  EXPECT_EQ(memoryAvailable("MemTotal: 9 kB\n"), 0u);

  const fs::path root = fs::path(testing::TempDir()) / ("groups-" + std::to_string(::getpid()));
  const auto write = [&](const std::string& file, const std::string& text) {
    fs::create_directories((root / file).parent_path());
    std::ofstream(root / file) << text;
  };
  write("a/cpu.max", "300000 100000\n");
  write("a/b/cpu.max", "max 100000\n");
  write("a/b/memory.max", "1000\n");
  write("a/b/memory.current", "700\n");
  write("a/b/memory.stat", "anon 1\ninactive_file 200\n");
  GroupLimits limits = groupLimits("0::/a/b\n", root);
  EXPECT_EQ(limits.cpus, 3.0);
  EXPECT_EQ(limits.memory, 500u);

  write("cpu/x/cpu.cfs_quota_us", "150000\n");
  write("cpu/x/cpu.cfs_period_us", "100000\n");
  write("memory/x/memory.limit_in_bytes", "100\n");
  write("memory/x/memory.usage_in_bytes", "400\n");
  limits = groupLimits("5:memory:/x\n4:cpu,cpuacct:/x\n", root);
  EXPECT_EQ(limits.cpus, 1.5);
  EXPECT_EQ(limits.memory, 0u);

  limits = groupLimits("0::/nowhere\n", root);
  EXPECT_FALSE(limits.cpus || limits.memory);
  fs::remove_all(root);

  const Size here = hostSize();
  EXPECT_GE(here.cpus, 1);
  EXPECT_GT(here.memory, kMiB);
}

}  // namespace
}  // namespace relapse::engine
