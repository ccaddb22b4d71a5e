// SPDX-License-Identifier: GPL-2.0-or-later
// What the programs do and say when nothing goes wrong, or the filesystem refuses.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "scenario/vocabulary.hpp"
#include "workload.hpp"

namespace relapse::guest_programs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> kParted{"direct-writers", "fsync-storm", "mmap-writers", "pinned-writers"};
const std::vector<std::string> kVerifying{"copiers",        "direct-writers", "fsync-storm",
                                          "locked-writers", "mmap-writers",   "pinned-writers"};
const std::vector<std::string> kProving{"truncate-against-write", "rename-against-write"};

std::string testName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
}

// Of the scenario's vocabulary.
class EachProgram : public testing::TestWithParam<scenario::Program> {};

TEST_P(EachProgram, HasItsOptionsInItsHelp) {
  const scenario::Program& program = GetParam();
  const Ran ran = run(std::string(program.name), {"--help"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.errors, "");
  EXPECT_THAT(ran.output, StartsWith("usage: " + std::string(program.name) + " "));
  const auto says = [&](const char* option, bool wanted) {
    EXPECT_EQ(ran.output.find(option) != std::string::npos, wanted) << option;
  };
  says("--dir DIR", true);
  says("--seed N", true);
  says("--uid N", true);
  says("--file NAME", program.takesFile);
  says("--writers N", program.mostWriters > 1);
  says("--rounds N", program.mostRounds > 1);
  says("--size BYTES", program.takesSize || program.name == "write-and-read-back");
  says("--threads 1", program.takesThreads);
  says("--verify 1", program.verifies);
  says("--chance N", program.takesChance);
}

TEST_P(EachProgram, RefusesWhatItDoesNotKnow) {
  const std::string name(GetParam().name);
  const Ran ran = run(name, {"--dir", "/nonexistent", "--fiel", "x"});
  EXPECT_EQ(ran.status, 64);
  EXPECT_EQ(ran.output, "");
  EXPECT_THAT(ran.errors, StartsWith("expected an option, found \"--fiel\"\nusage: " + name));
  EXPECT_EQ(run(name, {}).status, 64);
  EXPECT_EQ(run(name, {"--dir"}).status, 64);
}

std::vector<scenario::Program> ours() {
  std::vector<scenario::Program> programs(scenario::kPrograms.begin(), scenario::kPrograms.end());
  std::erase_if(programs, [](const auto& program) { return program.name == "fio"; });
  return programs;
}

std::string programName(const testing::TestParamInfo<scenario::Program>& info) {
  std::string name(info.param.name);
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Vocabulary, EachProgram, testing::ValuesIn(ours()), programName);

TEST(Options, OutOfRangeSayWhatWasExpected) {
  struct Row {
    Arguments options;
    std::string error;
  };
  for (const Row& row : {Row{{"--file", "f", "--writers", "0"}, "--writers: expected 1 to 1024, found \"0\""},
                         Row{{"--file", "f", "--writers", "1025"}, "--writers: expected 1 to 1024, found \"1025\""},
                         Row{{"--file", "f", "--rounds", "1000001"}, "--rounds: expected 1 to 1000000, found"},
                         Row{{"--file", "f", "--size", "0"}, "--size: expected 1 to 1099511627776, found \"0\""},
                         Row{{"--file", "f", "--size", "4k"}, "--size: expected a whole number, found \"4k\""},
                         Row{{"--file", "f", "--size", "-1"}, "--size: expected a whole number, found \"-1\""},
                         Row{{"--file", "f", "--threads", "2"}, "--threads: expected 0 to 1, found \"2\""},
                         Row{{"--file", "f", "--verify", "yes"}, "--verify: expected a whole number, found \"yes\""},
                         Row{{"--file", "f", "--uid", "4294967295"}, "--uid: expected 0 to 4294967294, found"},
                         Row{{"--file", "../f"}, "--file: expected a name, found \"../f\""},
                         Row{{"--file", ""}, "--file: expected a name, found \"\""}}) {
    Arguments arguments{"--dir", "/nonexistent"};
    arguments.insert(arguments.end(), row.options.begin(), row.options.end());
    const Ran ran = run("copiers", arguments);
    EXPECT_EQ(ran.status, 64) << row.error;
    EXPECT_THAT(ran.errors, StartsWith(row.error));
  }
}

TEST(SmallPrograms, HaveHelpAndRefuseMisuse) {
  for (const char* name : {"clock", "memory-hog", "quota"}) {
    EXPECT_EQ(run(name, {"--help"}).status, 0) << name;
    EXPECT_THAT(run(name, {"--help"}).output, StartsWith("usage: " + std::string(name) + " "));
    EXPECT_EQ(run(name, {}).status, 64) << name;
    EXPECT_EQ(run(name, {"x", "y", "z"}).status, 64) << name;
  }
  for (const char* shift : {"", "-", "1h", "1000000001", "--5"}) EXPECT_EQ(run("clock", {shift}).status, 64) << shift;
  for (const char* percent : {"0", "101", "-1", "50%"}) EXPECT_EQ(run("memory-hog", {percent}).status, 64) << percent;
}

TEST(SmallPrograms, QuotaSaysWhatAFilesystemLacks) {
  const Ran ran = run("quota", {"/proc", "1000", "4096"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last()["result"], "failed");
  EXPECT_THAT(ran.errors, StartsWith("looking for the block device of the filesystem: "));
}

TEST_F(OnDisk, AProgramOfNoNameSaysWhichThereAre) {
  fs::create_symlink(programPath("programs"), folder_ / "nobody");
  const Ran ran = shell((folder_ / "nobody").string());
  EXPECT_EQ(ran.status, 64);
  EXPECT_THAT(ran.errors, HasSubstr("found \"nobody\""));
  EXPECT_THAT(ran.errors, HasSubstr("\n  copiers\n"));
}

class Workload : public OnDisk, public testing::WithParamInterface<std::string> {};
class VerifyingWorkload : public Workload {};
class PartedWorkload : public Workload {};
class ProvingWorkload : public Workload {};

TEST_P(VerifyingWorkload, ProvesWhatItWrote) {
  for (const char* threads : {"0", "1"}) {
    const Ran ran =
        work(GetParam(), {"--writers", "3", "--rounds", "4", "--size", "10000", "--threads", threads, "--verify", "1"});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_EQ(ran.last()["result"], "done");
    EXPECT_EQ(ran.last()["errno"], nullptr);
    EXPECT_EQ(ran.last()["verified"], true);
    EXPECT_GE(ran.last()["bytes"], 3 * 4 * 10000);
    EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 4) << ran.output;
  }
}

TEST_P(VerifyingWorkload, WritesWhatReadersTakeForTheirSeedsAndNoOther) {
  work(GetParam(), {"--writers", "3", "--rounds", "2"});
  EXPECT_EQ(work("readers", {"--writers", "2"}).last()["result"], "done");
  const Ran other = run("readers", {"--dir", folder_.string(), "--file", "f", "--seed", "8"});
  EXPECT_EQ(other.status, 1);
  EXPECT_EQ(other.last()["result"], "corrupt");
  EXPECT_EQ(other.last()["offset"], 0);
}

// Writers end in EFBIG beyond the limit; data below it stays.
TEST_P(VerifyingWorkload, EndsInTheErrorThatItMet) {
  const Ran ran = shell("trap '' XFSZ; ulimit -f 20; exec " + programPath(GetParam()) + " --dir " + folder_.string() +
                        " --file f --writers 2 --size 8192 --verify 1 --rounds 2");
  EXPECT_EQ(ran.status, 0) << ran.output << ran.errors;
  EXPECT_EQ(ran.last()["result"], "done");
  if (GetParam() == "copiers") {
    EXPECT_EQ(ran.last()["errno"], nullptr) << "8192 bytes fit";
  } else {
    EXPECT_EQ(ran.last()["errno"], "EFBIG");
    EXPECT_THAT(ran.last()["call"], testing::AnyOf("write", "truncate"));
    EXPECT_GT(ran.last()["errors"], 0);
  }
}

TEST_P(PartedWorkload, WritesTheSameByTheSameSeedWithThreadsOrProcesses) {
  const Arguments size{"--writers", "4", "--rounds", "3", "--size", "8192", "--threads"};
  const auto with = [&](const char* threads) {
    Arguments arguments = size;
    arguments.push_back(threads);
    work(GetParam(), arguments);
    return content();
  };
  const std::string first = with("0");
  EXPECT_EQ(first.size(), 4u * 8192u);
  fs::remove(folder_ / "f");
  EXPECT_EQ(with("1"), first);
  run(GetParam(), {"--dir", folder_.string(), "--file", "f", "--seed", "8", "--writers", "4", "--size", "8192"});
  EXPECT_NE(content(), first);
}

TEST_P(PartedWorkload, LeavesWhatItDoesNotWriteAlone) {
  shell("head -c 100000 /dev/zero | tr '\\0' x >" + (folder_ / "f").string());
  work(GetParam(), {"--writers", "1", "--size", "4096"});
  EXPECT_EQ(content().substr(4096), std::string(100000 - 4096, 'x'));
  EXPECT_EQ(content().substr(0, 4096).find("xxxxxxxx"), std::string::npos);
}

TEST_P(Workload, EndsInTheErrorOfAFolderThatIsNotThere) {
  fs::remove_all(folder_);
  const Ran ran = work(GetParam(), {"--writers", "2"});
  EXPECT_EQ(ran.last()["errno"], "ENOENT") << ran.output;
}

TEST_P(Workload, WorksAsAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "skipped: only root can become somebody else";
  const Ran ran = work(GetParam(), {"--writers", "2", "--uid", "65534"});
  EXPECT_EQ(ran.last()["errno"], nullptr) << ran.output;
  struct stat status = {};
  const std::string made = GetParam() == "rename-against-write" ? "f.d" : "f";
  ASSERT_EQ(stat((folder_ / made).c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 65534u);
  EXPECT_EQ(status.st_gid, 65534u);
  fs::permissions(folder_, fs::perms(0755));
  fs::remove_all(folder_ / made);
  EXPECT_EQ(work(GetParam(), {"--uid", "65534"}).last()["errno"], "EACCES");
}

TEST_P(ProvingWorkload, ProvesItsNamesAndLengths) {
  for (const char* threads : {"0", "1"}) {
    const Ran ran = work(GetParam(), {"--writers", "3", "--rounds", "30", "--size", "20000", "--threads", threads});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_EQ(ran.last()["errno"], nullptr);
    EXPECT_EQ(ran.last()["verified"], true);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, VerifyingWorkload, testing::ValuesIn(kVerifying), testName);
INSTANTIATE_TEST_SUITE_P(Of, PartedWorkload, testing::ValuesIn(kParted), testName);
INSTANTIATE_TEST_SUITE_P(Of, ProvingWorkload, testing::ValuesIn(kProving), testName);
INSTANTIATE_TEST_SUITE_P(Verifying, Workload, testing::ValuesIn(kVerifying), testName);
INSTANTIATE_TEST_SUITE_P(Proving, Workload, testing::ValuesIn(kProving), testName);
INSTANTIATE_TEST_SUITE_P(Other, Workload, testing::Values("openers"), testName);

TEST_F(OnDisk, CopiersLeaveTheDataOfOneRoundOfOneWriterWhenTheyAreAlone) {
  work("copiers", {"--size", "300000"});
  EXPECT_EQ(content().size(), 300000u);
  const std::string first = content();
  work("copiers", {"--size", "100000"});
  EXPECT_EQ(content(), first.substr(0, 100000)) << "O_TRUNC";
}

TEST_F(OnDisk, LockedWritersOverlapByHalf) {
  work("locked-writers", {"--writers", "3", "--size", "4096"});
  EXPECT_EQ(content().size(), 4u * 2048u);
}

TEST_F(OnDisk, OpenersWriteNothingAndSayWhenTheyBegin) {
  const Ran ran = work("openers", {"--rounds", "5"});
  EXPECT_THAT(ran.output, StartsWith("{\"phase\":\"opening\",\"writer\":0}\n"));
  EXPECT_EQ(content(), "");
  EXPECT_TRUE(fs::exists(folder_ / "f"));
}

TEST_F(OnDisk, UnlinkedWritersProveTheirFilesAndLeaveNone) {
  for (const char* threads : {"0", "1"}) {
    const Ran ran =
        work("unlinked-writers", {"--writers", "3", "--rounds", "4", "--size", "100000", "--threads", threads});
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_EQ(ran.last()["result"], "done");
    EXPECT_EQ(ran.last()["errno"], nullptr);
    EXPECT_EQ(ran.last()["bytes"], 12 * 102400);
    EXPECT_EQ(ran.last()["verified"], true);
    EXPECT_TRUE(fs::is_empty(folder_));
  }
}

TEST_F(OnDisk, UnlinkedWritersEndInTheErrorThatTheyMet) {
  const Ran full = shell("trap '' XFSZ; ulimit -f 20; exec " + programPath("unlinked-writers") + " --dir " +
                         folder_.string() + " --file f --size 65536");
  EXPECT_EQ(full.status, 0) << full.output;
  EXPECT_EQ(full.last()["errno"], "EFBIG");
  EXPECT_EQ(full.last()["bytes"], 0);
  fs::remove_all(folder_);
  EXPECT_EQ(work("unlinked-writers").last()["errno"], "ENOENT");
}

TEST_F(OnDisk, AppendersAppendEachRound) {
  const Ran ran = work("appenders", {"--writers", "3", "--rounds", "5"});
  EXPECT_EQ(ran.last()["errno"], nullptr);
  EXPECT_EQ(content().size(), 3u * 5u * 100u);
}

TEST_F(OnDisk, AppendersFailWhereThereIsNoFile) {
  const Ran ran = run("appenders", {"--dir", "/nonexistent", "--file", "f"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last(), json({{"result", "failed"}, {"step", "open"}, {"errno", "ENOENT"}}));
}

TEST_F(OnDisk, TheNoncontiguousWriterSaysWhenItsTriggerIsDue) {
  const Ran ran = work("noncontiguous-writer");
  EXPECT_THAT(ran.output, StartsWith("{\"phase\":\"trigger-due\",\"page\":64,\"offset\":264144,"));
  EXPECT_EQ(ran.last()["errno"], nullptr);
  EXPECT_EQ(content().size(), 1024u * 1024u);
}

TEST(Options, AChanceIsAPercentage) {
  const auto refusal = [](const char* chance) {
    const Ran ran = run("noncontiguous-writer", {"--dir", "/nonexistent", "--file", "f", "--chance", chance});
    EXPECT_EQ(ran.status, 64) << chance;
    return ran.errors.substr(0, ran.errors.find('\n'));
  };
  EXPECT_EQ(refusal("0"), "--chance: expected 1 to 100, found \"0\"");
  EXPECT_EQ(refusal("101"), "--chance: expected 1 to 100, found \"101\"");
  EXPECT_EQ(refusal("30%"), "--chance: expected a whole number, found \"30%\"");
}

// 264144 with the gap, 262154 without.
TEST_F(OnDisk, TheNoncontiguousWriterLeavesTheGapByItsSeedsCoin) {
  const auto offset = [&](const std::string& seed, const std::string& chance) {
    const Ran ran =
        run("noncontiguous-writer", {"--dir", folder_.string(), "--file", "f", "--seed", seed, "--chance", chance});
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_EQ(ran.last()["errno"], nullptr);
    const json phase = json::parse(ran.output.substr(0, ran.output.find('\n')), nullptr, false);
    EXPECT_EQ(phase["phase"], "trigger-due");
    return phase["offset"].get<int>();
  };
  int gaps = 0;
  for (int seed = 1; seed <= 40; ++seed) {
    const int at = offset(std::to_string(seed), "30");
    EXPECT_THAT(at, testing::AnyOf(264144, 262154));
    EXPECT_EQ(offset(std::to_string(seed), "30"), at) << "the same seed " << seed;
    EXPECT_EQ(offset(std::to_string(seed), "100"), 264144);
    gaps += at == 264144 ? 1 : 0;
  }
  EXPECT_GT(gaps, 0);
  EXPECT_LT(gaps, 40);
  EXPECT_EQ(content().substr(262144 + 10, 10), std::string(10, '\0')) << "the gap of the last run";
}

TEST_F(OnDisk, WhatIsReadBackIsWhatWasWritten) {
  const Ran ran = run("write-and-read-back", {"--dir", folder_.string(), "--seed", "5", "--size", "5001"});
  EXPECT_EQ(ran.last(), json({{"result", "done"}, {"errno", nullptr}}));
  EXPECT_EQ(content("read-back-5").size(), 5001u);
}

TEST_F(OnDisk, AWriterThatIsKilledIsNoResult) {
  const Ran ran =
      shell(programPath("fsync-storm") + " --dir " + folder_.string() +
            " --file f --rounds 1000000 & p=$!\n"
            "writer=; while kill -0 $p && [ -z \"$writer\" ]; do read -r writer rest </proc/$p/task/$p/children; done\n"
            "kill -9 $writer; wait $p");
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last(), json({{"result", "failed"}, {"step", "a writer was killed"}, {"errno", "EINTR"}}))
      << ran.errors;
}

TEST_F(OnDisk, ReadersTakeHoles) {
  shell("truncate -s 100000 " + (folder_ / "f").string());
  const Ran ran = work("readers", {"--rounds", "2"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.last()["bytes"], 2 * 100000);
}

TEST_F(OnDisk, ReadersFindAByteThatNobodyWrote) {
  work("pinned-writers", {"--writers", "2", "--size", "100000"});
  put(123456, content().substr(123456, 1) == "x" ? "y" : "x");
  const Ran ran = work("readers", {"--writers", "2"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last()["result"], "corrupt");
  EXPECT_EQ(ran.last()["offset"], 123456) << "a word's first byte";
  EXPECT_EQ(ran.last()["words"], 1);
}

}  // namespace
}  // namespace relapse::guest_programs
