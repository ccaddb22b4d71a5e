// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include "report/checks.hpp"
#include "report/json_parts.hpp"
#include "report/mail.hpp"
#include "samples.hpp"
#include "text_checks.hpp"

namespace relapse::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

RunFiles runOf(const char* word, bool held) {
  RunFiles run = sampleRun();
  run.result["verdict"] = {{"word", word}, {"expected", "reproduced"}, {"held", held}, {"reason", "QEMU died"}};
  return run;
}

TEST(Checks, NeverTakeNoAnswerForAPass) {
  const RunFiles runs[] = {runOf("inconclusive", false)};
  EXPECT_EQ(checksOf(runs).groups[0].whole.held, Held::Unknown);
  EXPECT_EQ(checksOf(runs).groups[0].runs[0].held, Held::Unknown);
  NightReport night{
      .cells = {{.key = "a", .flag = "inconclusive"}, {.key = "b", .flag = "not-run"}, {.key = "c", .flag = "odd"}}};
  const auto list = checksOf(night);
  EXPECT_EQ(list.groups[0].whole.held, Held::Unknown);
  EXPECT_EQ(list.groups[1].whole.held, Held::NotRun);
  EXPECT_EQ(list.groups[2].whole.held, Held::No);
}

TEST(Checks, OfRunsAreGroupedByScenarioAndTheWorstDecides) {
  RunFiles other = runOf("survived", false);
  const RunFiles runs[] = {sampleRun(), runOf("inconclusive", false), other};
  const auto list = checksOf(runs);
  ASSERT_EQ(list.groups.size(), 1u);
  EXPECT_EQ(list.groups[0].whole.held, Held::No);
  EXPECT_EQ(list.groups[0].whole.words, "1 of 3 runs as expected");
}

TEST(Checks, OfACellThatPassedHaveNoFailingRunWithoutTheEvent) {
  auto night = sampleNight();
  night.cells[2].flag = "passed";
  const auto list = checksOf(night);
  EXPECT_EQ(list.groups[2].runs[0].held, Held::Yes);
  EXPECT_EQ(list.groups[2].runs[1].held, Held::NotRun);
}

TEST(Junit, CountsWhatItHolds) {
  const std::string xml = junit(checksOf(sampleNight()));
  EXPECT_THAT(
      xml,
      StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"20261122T010000Z\" tests=\"30\""));
  EXPECT_THAT(
      xml, HasSubstr(
               "<testsuite name=\"debian-6.1/nfs-rename-race\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\""));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"not-run: its kernel could not be built: no network\"/>"));
  EXPECT_THAT(xml, HasSubstr("timestamp=\"2026-11-22T01:00:00\""));
}

TEST(Junit, OfARunHasItsTrace) {
  RunFiles run = sampleRun();
  run.result["verdict"]["held"] = false;
  const std::string xml = junit(checksOf(std::span(&run, 1)));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"reproduced: soft lockup in nfs_wb_page\" type=\"not-as-expected\">"
                             "nfs_wb_page+0x48/0xb0  fs/nfs/write.c:2139\n"));
}

TEST(Ktap, HasAPlanSubtestsAndDirectives) {
  const std::string text = ktap(checksOf(sampleNight()));
  EXPECT_THAT(
      text,
      StartsWith("KTAP version 1\n1..6\n  KTAP version 1\n  # Subtest: debian-6.1/nfs-fatal-error-fixed\n  1..6\n"));
  EXPECT_THAT(text, HasSubstr("\nnot ok 1 - debian-6.1/nfs-fatal-error-fixed\n"));
  EXPECT_THAT(text, HasSubstr("\nok 2 - debian-6.1/nfs-wb-page-soft-lockup\n"));
  EXPECT_THAT(text,
              HasSubstr("\nnot ok 5 - debian-6.1/nfs-rename-race # ERROR inconclusive: no run came to a verdict"));
  EXPECT_THAT(text, HasSubstr("\nok 6 - debian-6.1/nfs-readdir-loop # SKIP not-run: its kernel could not be built"));
}

TEST(Ktap, OfAHostileGuestHasNoLineOfItsOwn) {
  RunFiles run = hostileRun();
  run.result["verdict"]["held"] = false;
  for (const std::string& text : {ktap(checksOf(std::span(&run, 1))), ktap(checksOf(hostileNight()))}) {
    for (const auto& line : linesOf(text)) {
      const std::string bare = line.substr(std::min(line.find_first_not_of(' '), line.size()));
      EXPECT_THAT(bare, testing::AnyOf(StartsWith("KTAP version 1"), StartsWith("# "), StartsWith("1.."),
                                       StartsWith("ok "), StartsWith("not ok ")));
      if (bare.starts_with("ok ") || bare.starts_with("not ok ")) {
        const std::size_t hash = bare.find('#');
        if (hash != std::string::npos) {
          EXPECT_THAT(bare.substr(hash), testing::AnyOf(StartsWith("# SKIP "), StartsWith("# ERROR ")));
        }
      }
      EXPECT_NE(bare, "1..0");
    }
  }
}

void expectMailable(const std::string& text) {
  for (const auto& line : linesOf(text)) {
    EXPECT_LE(line.size(), kMailWidth) << line;
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c < 0x7f) << line;
  }
}

TEST(Mail, OfARunSaysWhatWhereRateHowAndTrace) {
  const std::string text = mail(sampleRun());
  EXPECT_THAT(text, StartsWith("Subject: [relapse] soft lockup in nfs_wb_page on 6.1.192\n\nwhat      soft lockup"));
  EXPECT_THAT(text, HasSubstr("kernel    6.1.192 from debian-6.1, 2 patches\n"));
  EXPECT_THAT(text, HasSubstr("4 of 6 runs, 67 % (95 % interval 22 % to 96 %)\n"));
  EXPECT_THAT(text, HasSubstr("    relapse run nfs-wb-page-soft-lockup --kernel debian-6.1"));
  EXPECT_THAT(text, HasSubstr("    nfs_wb_page+0x48/0xb0                fs/nfs/write.c:2139\n"));
  EXPECT_THAT(text, HasSubstr("      nfs_commit_inode fs/nfs/write.c:1987 (inlined)\n"));
  expectMailable(text);
}

TEST(Mail, OfAHostileGuestIsPlainTextWithoutHeadersOrPatches) {
  for (const std::string& text : {mail(hostileRun()), mail(hostileNight())}) {
    expectMailable(text);
    const auto lines = linesOf(text);
    for (std::size_t i = 1; i < lines.size(); ++i)
      for (const char* start : {"Subject:", "diff --git", "From ", "---", "# ", "EOD"}) {
        const bool rule = lines[i].find_first_not_of('-') == std::string::npos && i > 0 && !lines[i - 1].empty();
        EXPECT_TRUE(rule || !lines[i].starts_with(start)) << lines[i];
      }
  }
}

TEST(Mail, OfANightHasWhatIsFlaggedFirst) {
  const std::string text = mail(sampleNight());
  EXPECT_THAT(text,
              StartsWith("Subject: [relapse] night 20261122T010000Z: not as expected, 2 of 6 cells to\n look at\n"));
  EXPECT_LT(text.find("rate-changed"), text.find("passed"));
  EXPECT_THAT(text, HasSubstr("first seen 2026-09-14T01:12:00Z"));
  expectMailable(text);
}

TEST(Mail, BreaksACommandSoThatAShellReadsItWhole) {
  RunFiles run = sampleRun();
  const std::string odd(200, '\'');
  run.result["scenario"]["overrides"] = {"key=" + odd, "b=c"};
  const std::string text = mail(run);
  expectMailable(text);
  const std::size_t from = text.find("    relapse run");
  std::string command = text.substr(from, text.find("    relapse replay") - from);
  command.replace(command.find("relapse"), 7, "printf '%s\\n'");
  FILE* shell = popen(command.c_str(), "r");
  std::string said;
  for (int c = fgetc(shell); c != EOF; c = fgetc(shell)) said += static_cast<char>(c);
  pclose(shell);
  EXPECT_THAT(said,
              HasSubstr("run\nnfs-wb-page-soft-lockup\n--kernel\ndebian-6.1\n--set\nkey=" + odd + "\n--set\nb=c\n"));
}

TEST(CommandLine, QuotesWhatAShellWouldRead) {
  RunFiles run = sampleRun();
  run.result["scenario"]["overrides"] = {"a=$(reboot)"};
  EXPECT_THAT(commandLine(runCommand(run.result)), HasSubstr("--set 'a=$(reboot)'"));
}

}  // namespace
}  // namespace relapse::report
