// SPDX-License-Identifier: GPL-2.0-or-later
// build/relapse scan, as a user runs it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "process/descriptor.hpp"
#include "process/process.hpp"

namespace relapse::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kProgram = RELAPSE_BINARY_DIR "/relapse";

constexpr std::string_view kLockup =
    "[    9.100000] watchdog: BUG: soft lockup - CPU#1 stuck for 3s! [wr/a b:67]\n"
    "[    9.100100] CPU: 1 PID: 67 Comm: wr/a b Tainted: G        W         6.1.192 #1\n"
    "[    9.100200] pc : nfs_wb_page+0x70/0x1b4 [nfs]\n"
    "[    9.100300] lr : nfs_updatepage+0x10/0x20 [nfs]\n"
    "[    9.100400] x29: ffff800012345678 x28: ffff000012345678\n"
    "[    9.100500] Call trace:\n"
    "[    9.100600]  nfs_wb_page+0x70/0x1b4 [nfs]\n"
    "[    9.100700]  vfs_write+0xb8/0x1f0\n"
    "[    9.100800]  el0_svc+0x28/0x88\n"
    "[    9.300000] random: crng init done\n";
constexpr std::string_view kNothing = "[    0.000000] Memory: 512M\n[    0.100000] watchdog: enabled\n";
constexpr std::string_view kServer = "[    2.314159] nfs: server 10.0.0.1 not responding, still trying\n";

struct Ran {
  int status = -1;
  std::string output;
  std::string errors;

  std::vector<json> lines() const {
    std::vector<json> all;
    std::istringstream in(output);
    for (std::string line; std::getline(in, line);) all.push_back(json::parse(line));
    return all;
  }
};

Ran shell(const std::string& command) {
  const auto ran = process::run({.argv = {"sh", "-c", command}});
  if (!ran) return {-1, "", ran.error().message};
  const auto* exited = std::get_if<process::Exited>(&ran->end);
  return {exited != nullptr ? exited->status : -1, ran->standardOutput, ran->standardError};
}

Ran scan(std::vector<std::string> arguments) {
  std::string command = kProgram + " scan";
  for (const auto& argument : arguments) command += " '" + argument + "'";
  return shell(command);
}

class Scan : public testing::Test {
 protected:
  Scan() {
    std::string pattern = (std::filesystem::temp_directory_path() / "relapse-scan-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Scan() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string log(const std::string& name, std::string_view content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

  std::filesystem::path folder_;
};

TEST_F(Scan, TellsAnEventInALine) {
  const Ran ran = scan({log("log", kLockup)});
  EXPECT_EQ(ran.output, "soft-lockup: soft lockup in nfs_wb_page time=9.100000 cpu=1 task=wr/a b pid=67\n");
  EXPECT_EQ(ran.errors, "");
  EXPECT_EQ(ran.status, 1);
}

TEST_F(Scan, TellsTheTraceWhenAsked) {
  const Ran ran = scan({"-v", log("log", kLockup)});
  EXPECT_THAT(ran.output, HasSubstr("\n    nfs_wb_page+0x70/0x1b4 [nfs]\n"));
  EXPECT_THAT(ran.output, HasSubstr("\n    vfs_write+0xb8/0x1f0\n    el0_svc+0x28/0x88\n"));
}

TEST_F(Scan, StatusIsZeroWithoutAnEventOfAFailingKind) {
  EXPECT_EQ(scan({log("log", kNothing)}).status, 0);
  const Ran ran = scan({log("log", kServer)});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, StartsWith("nfs-server: "));
}

TEST_F(Scan, JsonHasEveryKeyOfAnEvent) {
  const auto events = scan({"--json", log("log", kLockup)}).lines();
  ASSERT_EQ(events.size(), 1u);
  const json& event = events[0];
  EXPECT_EQ(event["event"], "soft-lockup");
  EXPECT_EQ(event["title"], "soft lockup in nfs_wb_page");
  EXPECT_EQ(event["signature"], "soft lockup in nfs_wb_page");
  EXPECT_EQ(event["time"], 9.1);
  EXPECT_EQ(event["cpu"], 1);
  EXPECT_EQ(event["task"], "wr/a b");
  EXPECT_EQ(event["pid"], 67);
  EXPECT_EQ(event["frames"][0]["symbol"], "nfs_wb_page");
  EXPECT_EQ(event["frames"][0]["module"], "nfs");
  EXPECT_EQ(event["span"][0], 0);
  EXPECT_EQ(event["span"][1], kLockup.find("\n[    9.300000]"));
  EXPECT_EQ(event["artefact"], nullptr);
  EXPECT_EQ(event["log"], nullptr);
  EXPECT_EQ(event["release"], "6.1.192");
  EXPECT_EQ(event["taint"], "GW");
  EXPECT_EQ(event["pc"]["text"], "nfs_wb_page+0x70/0x1b4 [nfs]");
  EXPECT_EQ(event["lr"]["symbol"], "nfs_updatepage");
  EXPECT_EQ(event["count"], 1);
  EXPECT_FALSE(event.contains("last"));
  EXPECT_TRUE(event["registers"].is_object());
}

// The same spin met at another place.
std::string lockupAtAnotherPlace() {
  std::string log(kLockup);
  const std::string_view inner = "nfs_wb_page+0x70/0x1b4 [nfs]";
  const auto frame = log.rfind(inner);
  log.insert(frame + inner.size(), "\n[    9.100650]  nfs_updatepage+0x10/0x20 [nfs]");
  log.replace(frame, inner.size(), "__nfs_commit_inode+0x5c/0x1c4 [nfs]");
  log.replace(log.find(inner), inner.size(), "__nfs_commit_inode+0x5c/0x1c4 [nfs]");
  return log;
}

TEST_F(Scan, JsonSignsASpinByWhatAllItsReportsShare) {
  const std::string name = log("log", std::string(kServer) + std::string(kLockup) + lockupAtAnotherPlace());
  const auto events = scan({"--json", name}).lines();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1]["title"], "soft lockup in nfs_wb_page");
  EXPECT_EQ(events[2]["title"], "soft lockup in __nfs_commit_inode");
  EXPECT_EQ(events[1]["signature"], "soft lockup in nfs_updatepage");
  EXPECT_EQ(events[2]["signature"], "soft lockup in nfs_updatepage");
  EXPECT_THAT(scan({"--summary", name}).output, StartsWith("     2 soft lockup in nfs_updatepage  "));
}

TEST_F(Scan, JsonSaysNullOfWhatIsNotKnown) {
  const auto events = scan({"--json", log("log", "Kernel panic - not syncing: hello\n")}).lines();
  ASSERT_EQ(events.size(), 1u);
  for (const char* key : {"time", "cpu", "task", "pid", "artefact", "log", "release", "taint", "pc", "lr"}) {
    ASSERT_TRUE(events[0].contains(key)) << key;
    EXPECT_TRUE(events[0][key].is_null()) << key;
  }
  EXPECT_EQ(events[0]["frames"], json::array());
}

TEST_F(Scan, JsonLinesAreEventsAlone) {
  const Ran ran = scan({"--json", log("log", "[    1.000000]  vfs_write+0xb8/0x1f0\n")});
  EXPECT_EQ(ran.output, "");
  EXPECT_THAT(ran.errors, HasSubstr("1 trace line belongs to no report"));
  EXPECT_EQ(ran.status, 0);
}

TEST_F(Scan, OnlyShowsAndJudgesTheKindsAskedFor) {
  const std::string name = log("log", std::string(kServer) + std::string(kLockup));
  const Ran server = scan({"--only", "nfs-server", name});
  EXPECT_THAT(server.output, Not(HasSubstr("soft-lockup")));
  EXPECT_EQ(server.status, 0);
  const Ran both = scan({"--only", "soft-lockup,nfs-server", name});
  EXPECT_THAT(both.output, HasSubstr("soft-lockup"));
  EXPECT_THAT(both.output, HasSubstr("nfs-server"));
  EXPECT_EQ(both.status, 1);
}

TEST_F(Scan, OnlyNamesTheKindsWhenThereIsNoSuch) {
  const Ran ran = scan({"--only", "hung-task,soft-lokup", log("log", kLockup)});
  EXPECT_EQ(ran.status, 64);
  EXPECT_EQ(ran.output, "");
  EXPECT_THAT(ran.errors, HasSubstr("found \"soft-lokup\"; did you mean \"soft-lockup\"?"));
  EXPECT_THAT(ran.errors, HasSubstr("workqueue-lockup"));
}

TEST_F(Scan, SummaryGroupsBySignatureOverAllLogs) {
  const std::string one = log("one", std::string(kServer) + std::string(kLockup));
  const std::string two = log("two", kLockup);
  const Ran text = scan({"--summary", one, two});
  EXPECT_THAT(text.output, StartsWith("     2 soft lockup in nfs_wb_page  kind=soft-lockup first=9.100000"));
  EXPECT_THAT(text.output, HasSubstr("logs=2"));
  EXPECT_EQ(text.status, 1);
  const auto all = scan({"--summary", "--json", one, two}).lines();
  ASSERT_EQ(all.size(), 1u);
  ASSERT_EQ(all[0]["groups"].size(), 2u);
  EXPECT_EQ(all[0]["groups"][0]["signature"], "soft lockup in nfs_wb_page");
  EXPECT_EQ(all[0]["groups"][0]["reports"], 2);
  EXPECT_EQ(all[0]["groups"][0]["kinds"], json::array({"soft-lockup"}));
  EXPECT_EQ(all[0]["groups"][1]["last"], 2.314159);
  EXPECT_EQ(all[0]["events"], 3);
  EXPECT_EQ(all[0]["stray_frames"], 0);
}

TEST_F(Scan, AnEmptyLogIsSaidToBeOne) {
  const Ran ran = scan({log("empty", "")});
  EXPECT_THAT(ran.errors, HasSubstr("no line in it"));
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(scan({log("one", kServer)}).errors, Not(HasSubstr("no line in it")));
}

TEST_F(Scan, SummaryBeginsWithWhatFailed) {
  const std::string often = log("often", std::string(kServer) + std::string(kServer) + std::string(kLockup));
  EXPECT_THAT(scan({"--summary", often}).output, StartsWith("     1 soft lockup in nfs_wb_page  "));
}

TEST_F(Scan, SeveralLogsAreTold) {
  const std::string one = log("one", kServer);
  const std::string two = log("two", kLockup);
  const Ran text = scan({one, two});
  EXPECT_THAT(text.output, StartsWith(one + ":\nnfs-server: "));
  EXPECT_THAT(text.output, HasSubstr("\n" + two + ":\nsoft-lockup: "));
  const auto events = scan({"--json", one, two}).lines();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0]["log"], one);
  EXPECT_EQ(events[1]["log"], two);
}

TEST_F(Scan, ALogThatCannotBeReadDoesNotKeepTheOthersBack) {
  const Ran ran = scan({path("missing"), folder_.string(), log("log", kLockup)});
  EXPECT_EQ(ran.status, 64);
  EXPECT_THAT(ran.output, HasSubstr("soft lockup in nfs_wb_page"));
  EXPECT_THAT(ran.errors, HasSubstr(path("missing") + ": expected a console log"));
  EXPECT_THAT(ran.errors, HasSubstr("found a directory"));
}

TEST_F(Scan, NothingToReadIsBadUsage) {
  EXPECT_EQ(scan({}).status, 64);
}

TEST_F(Scan, ReadsPackedLogsWhateverTheirName) {
  log("log", kLockup);
  for (const char* pack : {"gzip -c", "xz -c", "zstd -qc"}) {
    ASSERT_EQ(shell(fmt::format("{} {} >{}", pack, path("log"), path("packed"))).status, 0) << pack;
    EXPECT_EQ(scan({path("packed")}).output, scan({path("log")}).output) << pack;
    EXPECT_EQ(shell(fmt::format("{} scan - <{}", kProgram, path("packed"))).status, 1) << pack;
  }
}

TEST_F(Scan, ShowsWhatADamagedLogHeldBeforeTheDamage) {
  log("log", kLockup);
  ASSERT_EQ(shell(fmt::format("gzip -c {} | head -c -8 >{}", path("log"), path("cut.gz"))).status, 0);
  const Ran ran = scan({path("cut.gz")});
  EXPECT_THAT(ran.output, HasSubstr("soft lockup in nfs_wb_page"));
  EXPECT_THAT(ran.errors, HasSubstr("cut.gz: expected a whole gzip file"));
  EXPECT_EQ(ran.status, 64);
}

TEST_F(Scan, ReadsStandardInput) {
  const Ran ran = shell(fmt::format("cat {} | {} scan -", log("log", kLockup), kProgram));
  EXPECT_THAT(ran.output, HasSubstr("soft lockup in nfs_wb_page"));
  EXPECT_EQ(ran.status, 1);
}

TEST_F(Scan, PassesOnNoControlCharacters) {
  const Ran ran = scan({"-v",
                        log("\x1b[31mlog",
                            "[    1.000000] INFO: task a\x1b[2J\xc2\x9b"
                            "b:7 blocked for more than 10 seconds.\n"),
                        log("log", kServer)});
  EXPECT_THAT(ran.output, HasSubstr("hung-task"));
  EXPECT_THAT(ran.output, Not(HasSubstr("\x1b")));
  EXPECT_THAT(ran.output, Not(HasSubstr("\xc2\x9b")));
}

TEST_F(Scan, HasNoColour) {
  const std::string name = log("log", kLockup);
  EXPECT_EQ(shell(fmt::format("NO_COLOR=1 {} scan {}", kProgram, name)).output, scan({name}).output);
  EXPECT_THAT(scan({name}).output, Not(HasSubstr("\x1b")));
}

TEST_F(Scan, AReaderThatGoesAwayIsNoFailure) {
  std::string many;
  for (int i = 0; i < 4000; ++i) many += kServer;
  log("log", many);
  const Ran ran = shell(fmt::format("{} scan {} | head -n 1", kProgram, path("log")));
  EXPECT_EQ(ran.errors, "");
  const Ran ignored = shell(fmt::format("trap '' PIPE; {} scan {} | head -n 1", kProgram, path("log")));
  EXPECT_EQ(ignored.errors, "");
}

TEST_F(Scan, OutputThatCannotBeWrittenIsAFailure) {
  const Ran ran = shell(fmt::format("{} scan {} >/dev/full", kProgram, log("log", kLockup)));
  EXPECT_EQ(ran.status, 125);
  EXPECT_THAT(ran.errors, HasSubstr("standard output: No space left on device"));
}

TEST_F(Scan, HelpTellsTheExitStatus) {
  const Ran ran = scan({"--help"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, HasSubstr("Exit status: 0 no event of a failing kind"));
  EXPECT_THAT(ran.output, HasSubstr("relapse scan --summary"));
}

// `relapse scan --follow`, with its output on a pipe.
class Following {
 public:
  explicit Following(const std::vector<std::string>& arguments) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    output_ = process::Descriptor(ends[0]);
    const process::Descriptor write(ends[1]);
    std::vector<std::string> words{kProgram, "scan", "--follow"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    dup2(write.get(), STDOUT_FILENO);
    dup2(write.get(), STDERR_FILENO);
    execv(kProgram.c_str(), argv.data());
    _exit(127);
  }
  ~Following() {
    if (pid_ > 0) end(SIGKILL);
  }

  // What it has printed, when that holds `text`, or when a minute has passed.
  std::string until(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (printed_.find(text) == std::string::npos) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      pollfd readable{output_.get(), POLLIN, 0};
      char piece[4096];
      if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) <= 0) break;
      const auto got = read(output_.get(), piece, sizeof piece);
      if (got <= 0) break;
      printed_.append(piece, static_cast<std::size_t>(got));
    }
    return printed_;
  }

  int end(int signal) {
    if (signal != 0) kill(pid_, signal);
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  process::Descriptor output_;
  pid_t pid_ = 0;
  std::string printed_;
};

std::string withoutLastLine(std::string_view log) {
  return std::string(log.substr(0, log.rfind('\n', log.size() - 2) + 1));
}

TEST_F(Scan, FollowTellsAReportWhenItWentQuiet) {
  log("log", kNothing);
  Following following({path("log")});
  std::ofstream(path("log"), std::ios::app) << withoutLastLine(kLockup);
  EXPECT_THAT(following.until("soft lockup in nfs_wb_page"), HasSubstr("cpu=1"));
  EXPECT_EQ(following.end(SIGTERM), 1);
}

TEST_F(Scan, FollowClosesWhatIsOpenWhenInterrupted) {
  log("log", std::string(kServer) + std::string(kLockup.substr(0, kLockup.find('\n') + 1)));
  Following following({path("log")});
  EXPECT_THAT(following.until("nfs-server"), HasSubstr("not responding"));
  EXPECT_EQ(following.end(SIGINT), 1);
  EXPECT_THAT(following.until("soft-lockup"), HasSubstr("soft-lockup: soft lockup"));
}

TEST_F(Scan, FollowEndsWithStatusZeroWhenNothingFailed) {
  log("log", kServer);
  Following following({"--json", path("log")});
  EXPECT_THAT(following.until("\n"), HasSubstr("\"nfs-server\""));
  EXPECT_EQ(following.end(SIGTERM), 0);
}

TEST_F(Scan, FollowSaysThatALogBeganAgain) {
  log("log", std::string(kNothing) + std::string(kServer));
  Following following({path("log")});
  following.until("not responding");
  log("log", "[    0.100000] nfs: server b OK\n");
  EXPECT_THAT(following.until("nfs server OK"), HasSubstr("it was truncated; from its begin again"));
  EXPECT_EQ(following.end(SIGTERM), 0);
}

TEST_F(Scan, FollowEndsWithItsPipe) {
  const Ran ran = shell(fmt::format("cat {} | {} scan --follow -", log("log", kLockup), kProgram));
  EXPECT_THAT(ran.output, HasSubstr("soft lockup in nfs_wb_page"));
  EXPECT_EQ(ran.status, 1);
}

TEST_F(Scan, FollowTakesOneLog) {
  const Ran ran = scan({"--follow", log("one", kLockup), log("two", kLockup)});
  EXPECT_EQ(ran.status, 64);
  EXPECT_THAT(ran.errors, HasSubstr("--follow: expected one log, found 2"));
}

}  // namespace
}  // namespace relapse::cli
