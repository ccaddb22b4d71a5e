// SPDX-License-Identifier: GPL-2.0-or-later
#include "process/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "process/lines.hpp"

namespace relapse::process {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Command shell(const std::string& script) {
  return {.argv = {"sh", "-c", script}};
}

bool exists(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

// True as soon as the process is gone; false after ten seconds.
bool goes(pid_t pid) {
  for (int tries = 0; tries < 1000 && exists(pid); ++tries) std::this_thread::sleep_for(10ms);
  return !exists(pid);
}

TEST(Run, GivesStatusAndBothStreams) {
  const auto output = run(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(std::get<Exited>(output->end).status, 3);
  EXPECT_EQ(output->standardOutput, "out\n");
  EXPECT_EQ(output->standardError, "err\n");
  EXPECT_FALSE(output->succeeded());
}

TEST(Run, TellsAKilledProgramFromOneThatEnds) {
  const auto output = run(shell("kill -9 $$"));
  ASSERT_TRUE(output);
  EXPECT_EQ(std::get<Killed>(output->end).signal, SIGKILL);
}

TEST(Run, GivesLinesOfBothStreamsAndTheLastOneWithoutAnEnd) {
  std::vector<std::string> out, err;
  const auto output =
      run(shell("printf 'a\\nb\\r\\n\\nlast'; echo e >&2"),
          {.onLine = [&](Stream stream, auto line) { (stream == Stream::Output ? out : err).emplace_back(line); }});
  ASSERT_TRUE(output);
  EXPECT_THAT(out, ElementsAre("a", "b", "", "last"));
  EXPECT_THAT(err, ElementsAre("e"));
}

TEST(Run, GivesALineBeforeTheProgramEnds) {
  // The program ends only when the line has been seen: its listener makes the file it waits for.
  const std::string file = testing::TempDir() + "/seen-" + std::to_string(::getpid());
  const auto output = run(shell("echo go; until [ -e '" + file + "' ]; do sleep 0.01; done"),
                          {.onLine = [&](Stream, std::string_view) { std::ofstream{file}; }, .deadline = 20s});
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->succeeded());
  ::unlink(file.c_str());
}

TEST(Run, DoesNotDeadlockOnMegabytesOnBothStreamsAndKeepsTheLastBytes) {
  const auto output = run(shell("head -c 3000000 /dev/zero | tr '\\0' x >&2; head -c 3000000 /dev/zero; printf end"),
                          {.deadline = 60s, .keepBytes = 1000});
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->succeeded());
  EXPECT_EQ(output->standardOutput.size(), 1000u);
  EXPECT_THAT(output->standardOutput, testing::EndsWith("end"));
  EXPECT_EQ(output->standardError, std::string(1000, 'x'));
}

TEST(Run, ProgramSpeaksEnglishAndReadsNothing) {
  ::setenv("LC_ALL", "zh_CN.UTF-8", 1);
  const auto output = run(shell("echo $LC_ALL; cat; readlink /proc/self/fd/0"));
  ::unsetenv("LC_ALL");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->standardOutput, "C\n/dev/null\n");
}

TEST(Run, GivesAndTakesEnvironmentVariables) {
  ::setenv("RELAPSE_TEST_TAKEN", "x", 1);
  Command command = shell("echo ${RELAPSE_TEST_TAKEN-taken} $RELAPSE_TEST_GIVEN");
  command.environment["RELAPSE_TEST_GIVEN"] = "given";
  command.unset = {"RELAPSE_TEST_TAKEN"};
  const auto output = run(command);
  ::unsetenv("RELAPSE_TEST_TAKEN");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->standardOutput, "taken given\n");
}

TEST(Run, AppendsBothStreamsToAFileWhenAsked) {
  const std::filesystem::path file = testing::TempDir() + "/output-" + std::to_string(::getpid());
  Command command = shell("echo out; echo err >&2; exit 3");
  command.outputFile = file;
  for (int once = 0; once < 2; ++once) {
    const auto output = run(command);
    ASSERT_TRUE(output) << output.error().message;
    EXPECT_EQ(std::get<Exited>(output->end).status, 3);
    EXPECT_EQ(output->standardOutput, "");
  }
  std::ifstream in(file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "out\nerr\nout\nerr\n");
  std::filesystem::remove(file);
}

TEST(Run, NamesAnOutputFileThatCannotBeMade) {
  Command command = shell("true");
  command.outputFile = "/no/such/folder/log";
  const auto output = run(command);
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().message, HasSubstr("cannot write /no/such/folder/log"));
}

TEST(Run, RunsInTheFolderAsked) {
  const auto output = run({.argv = {"pwd"}, .directory = "/"});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->standardOutput, "/\n");
}

TEST(Run, PassesNoOpenFileOn) {
  const int leak = ::dup(0);  // without close-on-exec
  const auto output = run(shell("[ -e /proc/self/fd/" + std::to_string(leak) + " ] && echo leaked || echo closed"));
  ::close(leak);
  ASSERT_TRUE(output);
  EXPECT_EQ(output->standardOutput, "closed\n");
}

TEST(Run, UnblocksTheSignalsThatTheCallerBlocks) {
  sigset_t blocked, before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto output = run(shell("kill -TERM $$; echo survived"));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(output);
  EXPECT_TRUE(std::holds_alternative<Killed>(output->end));
}

TEST(Run, NamesAProgramThatIsNotThere) {
  const auto output = run({.argv = {"no-such-program-anywhere"}});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(output.error().message, HasSubstr("\"no-such-program-anywhere\""));
}

TEST(Run, AFileThatCannotBeExecutedIsAFailureAndLeavesNoZombie) {
  const auto output = run({.argv = {"/etc/passwd"}});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(output.error().message, HasSubstr("Permission denied"));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Run, NamesAFolderThatIsNotThere) {
  const auto output = run({.argv = {"pwd"}, .directory = "/no/such/folder"});
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().message, HasSubstr("/no/such/folder: no such folder"));
}

TEST(Run, DeadlineEndsTheWholeGroup) {
  std::string grandchild;
  const auto output = run(shell("sleep 1000 & echo $!; wait"),
                          {.onLine = [&](Stream, std::string_view line) { grandchild = line; }, .deadline = 200ms});
  ASSERT_TRUE(output);
  EXPECT_TRUE(std::holds_alternative<DeadlinePassed>(output->end));
  EXPECT_TRUE(goes(std::stoi(grandchild)));
}

TEST(Run, DeadlineKillsAProgramThatIgnoresSigterm) {
  const auto output = run(shell("trap '' TERM; while :; do sleep 0.1; done"), {.deadline = 100ms});
  ASSERT_TRUE(output);
  EXPECT_TRUE(std::holds_alternative<DeadlinePassed>(output->end));
}

TEST(Run, StopRequestIsCancelledAndLetsTheProgramCleanUp) {
  std::stop_source source;
  std::vector<std::string> lines;
  const auto output = run(shell("trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done"),
                          {.onLine =
                               [&](Stream stream, std::string_view line) {
                                 // The shell may say on its error stream that its sleep was ended, too.
                                 if (stream == Stream::Output) lines.emplace_back(line);
                                 if (line == "ready") source.request_stop();
                               },
                           .stop = source.get_token()});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, FailureKind::Cancelled);
  EXPECT_THAT(lines, ElementsAre("ready", "cleaned"));
}

TEST(Run, StopRequestedBeforeStartsNothing) {
  std::stop_source source;
  source.request_stop();
  const auto output = run({.argv = {"no-such-program-anywhere"}}, {.stop = source.get_token()});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, FailureKind::Cancelled);
}

TEST(Run, WhatTheProgramLeavesBehindIsEnded) {
  const auto output = run(shell("sleep 1000 & echo $!"), {.deadline = 60s});
  ASSERT_TRUE(output);
  EXPECT_TRUE(output->succeeded());
  EXPECT_TRUE(goes(std::stoi(output->standardOutput)));
}

TEST(Run, ProgramDoesNotOutliveTheCallersDeath) {
  const std::string file = testing::TempDir() + "/pid-" + std::to_string(::getpid());
  const pid_t caller = ::fork();
  if (caller == 0) {
    const auto ignored =
        run({.argv = {"sh", "-c", "echo $$ > " + file + ".new; mv " + file + ".new " + file + "; exec sleep 1000"}});
    ::_exit(0);
  }
  pid_t pid = 0;
  for (int tries = 0; tries < 1000 && pid == 0; ++tries) {
    std::ifstream(file) >> pid;
    std::this_thread::sleep_for(10ms);
  }
  ASSERT_GT(pid, 0);
  ::kill(caller, SIGKILL);
  ::waitpid(caller, nullptr, 0);
  EXPECT_TRUE(goes(pid));
  ::unlink(file.c_str());
}

TEST(Run, InstallsNoHandlerForEndedChildren) {
  struct sigaction before {
  }, after{};
  ::sigaction(SIGCHLD, nullptr, &before);
  ASSERT_TRUE(run(shell("true")));
  ::sigaction(SIGCHLD, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
  EXPECT_EQ(after.sa_handler, SIG_DFL);
}

TEST(Run, LeavesOtherChildrenOfThisProcessAlone) {
  const pid_t other = ::fork();
  if (other == 0) ::_exit(7);
  ASSERT_TRUE(run(shell("sleep 0.05")));
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(Run, ManyThreadsAtOnceGetTheirOwnOutput) {
  std::vector<std::string> got(8);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < got.size(); ++i)
      threads.emplace_back([&got, i] {
        if (const auto output = run(shell("echo " + std::to_string(i)))) got[i] = output->standardOutput;
      });
  }
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], std::to_string(i) + "\n");
}

TEST(RunChecked, QuotesTheCommandAndWhatItSaidLast) {
  const auto output = runChecked(shell("echo one >&2; echo two >&2; exit 4"), {}, FailureKind::BadInput);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, FailureKind::BadInput);
  EXPECT_THAT(output.error().message, HasSubstr("`sh -c echo one"));
  EXPECT_THAT(output.error().message, HasSubstr("ended with status 4: one\ntwo"));
}

TEST(RunChecked, PassedDeadlineIsExhausted) {
  const auto output = runChecked({.argv = {"sleep", "1000"}}, {.deadline = 50ms}, FailureKind::BuildFailed);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().kind, FailureKind::Exhausted);
}

TEST(FindProgram, FindsWhatIsInPathAndNothingElse) {
  EXPECT_TRUE(findProgram("sh"));
  EXPECT_FALSE(findProgram("no-such-program-anywhere"));
}

TEST(LastLines, SkipsBlankLinesAndKeepsTheOrder) {
  EXPECT_EQ(lastLines("a\nb\n\n  \nc\n", 2), "b\nc");
  EXPECT_EQ(lastLines("a", 5), "a");
  EXPECT_EQ(lastLines("", 5), "");
}

TEST(StreamText, GivesTheSameLinesInAnySplit) {
  const std::string text = "one\ntwo\r\n\nthree";
  for (std::size_t split = 0; split <= text.size(); ++split) {
    std::vector<std::string> lines;
    StreamText stream(100, [&](std::string_view line) { lines.emplace_back(line); });
    stream.add(std::string_view(text).substr(0, split));
    stream.add(std::string_view(text).substr(split));
    stream.finish();
    EXPECT_THAT(lines, ElementsAre("one", "two", "", "three")) << "split at " << split;
  }
}

}  // namespace
}  // namespace relapse::process
