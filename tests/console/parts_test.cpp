// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "console/frames.hpp"
#include "console/lines.hpp"
#include "console/printk.hpp"
#include "console/tables.hpp"

namespace relapse::console {
namespace {

std::vector<std::string> linesOf(const std::vector<std::string>& pieces) {
  std::vector<std::string> lines;
  LineSplitter splitter;
  std::string scratch;
  const auto keep = [&](const Line& line) { lines.emplace_back(cleaned(line.text, scratch)); };
  for (const std::string& piece : pieces) splitter.feed({piece, Instant{0}}, keep);
  splitter.finish(keep);
  return lines;
}

using testing::ElementsAre;

TEST(LineSplitter, EndsLinesAtLineFeedsAndCarriageReturns) {
  EXPECT_THAT(linesOf({"a\r\nb\rc\n\n\r\rd"}), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(linesOf({"a\r", "\nb", "c\n"}), ElementsAre("a", "bc"));
}

TEST(LineSplitter, RemovesNulAndEscapeSequences) {
  EXPECT_THAT(linesOf({std::string("\x1b[1;31mre\0d\x1b[0m\ta\x07", 19)}), ElementsAre("red\ta"));
}

TEST(LineSplitter, ReplacesBytesThatAreNotUtf8) {
  EXPECT_THAT(linesOf({"a\xff"
                       "b\xc3\xa9\xe2\x82\xac\xc0\xaf"}),
              ElementsAre("a\xEF\xBF\xBD"
                          "b\xc3\xa9\xe2\x82\xac\xEF\xBF\xBD\xEF\xBF\xBD"));
  EXPECT_THAT(linesOf({"cut \xe2\x82"}), ElementsAre("cut \xEF\xBF\xBD\xEF\xBF\xBD"));
}

TEST(LineSplitter, KeepsTheStartOfALongLineAndCountsTheRest) {
  for (const std::size_t piece : {1u, 999u, 20000u}) {
    LineSplitter splitter;
    std::vector<std::pair<std::size_t, std::uint64_t>> seen;
    const std::string text = std::string(10000, 'x') + "\nnext\n";
    for (std::size_t at = 0; at < text.size(); at += piece) {
      splitter.feed({std::string_view(text).substr(at, piece), Instant{0}},
                    [&](const Line& line) { seen.emplace_back(line.text.size(), line.span.first); });
    }
    EXPECT_THAT(seen, ElementsAre(std::pair(LineSplitter::kLongestLine, 0u), std::pair(4u, 10001u)));
    EXPECT_EQ(10000 - LineSplitter::kLongestLine, splitter.droppedBytes());
  }
}

TEST(LineSplitter, SpansIndexTheWholeLog) {
  LineSplitter splitter;
  std::vector<LogSpan> spans;
  const auto keep = [&](const Line& line) { spans.push_back(line.span); };
  splitter.feed({"ab\r\n\ncd", Instant{0}}, keep);
  splitter.feed({"e\n", Instant{0}}, keep);
  ASSERT_EQ(2u, spans.size());
  EXPECT_EQ(0u, spans[0].first);
  EXPECT_EQ(2u, spans[0].past);
  EXPECT_EQ(5u, spans[1].first);
  EXPECT_EQ(8u, spans[1].past);
}

TEST(Printk, ReadsLevelStampAndCaller) {
  const auto read = readPrintk("<6>[    2.314159][  T123]  nfs_wb_page+0x70/0x1b4");
  EXPECT_DOUBLE_EQ(2.314159, read.time.value());
  EXPECT_EQ("T123", read.caller);
  EXPECT_EQ(" nfs_wb_page+0x70/0x1b4", read.text);
  EXPECT_EQ("C1", readPrintk("[12345.000001] [C1] text").caller);
  EXPECT_EQ("[Tx] text", readPrintk("[12345.000001] [Tx] text").text);
}

TEST(Printk, TakesNothingElseForAStamp) {
  for (const char* line : {"[2.3] x", "[ 2.1234567] x", "[abc.123456] x", "[    2.314159", "[BUG: x]", "text"}) {
    EXPECT_FALSE(readPrintk(line).time) << line;
    EXPECT_EQ(line, readPrintk(line).text);
  }
}

TEST(Printk, FindsALineBehindAPromptUnlessItsStampIsOld) {
  EXPECT_EQ("BUG", readEmbeddedPrintk("~ # [   12.000001] BUG", 11.5).value().text);
  EXPECT_FALSE(readEmbeddedPrintk("dmesg said [   12.000001] BUG", 12.5));
}

TEST(Frames, ReadsTheShapesOfAllKernels) {
  struct Case {
    std::string line, symbol, module;
    bool reliable;
  };
  const std::vector<Case> cases{
      {" nfs_wb_page+0x70/0x1b4", "nfs_wb_page", "", true},
      {" nfs_wb_page+0x70/0x1b4 [nfs]", "nfs_wb_page", "nfs", true},
      {" nfs_wb_page+0x70/0x1b4 [nfs 0a1b2c] (P)", "nfs_wb_page", "nfs", true},
      {" nfs_wb_page+0x70/0x1b4 (PL)", "nfs_wb_page", "", true},
      {" ? nfs_wb_page+0x70/0x1b4", "nfs_wb_page", "", false},
      {"[<ffffff8008123456>] nfs_wb_page.isra.0+0x70/0x1b4", "nfs_wb_page.isra.0", "", true},
      {" [<ffffffff81234567>] ? nfs_wb_page+0x70/0x1b4 [nfs]", "nfs_wb_page", "nfs", false},
      {" <EOI>  nfs_wb_page+0x70/0x1b4", "nfs_wb_page", "", true},
      {" 0xffffffc01d9a6c00", "0xffffffc01d9a6c00", "", true},
      {" nfs_wb_page+0x70/0x1b4 fs/nfs/write.c:80", "nfs_wb_page", "", true},
      {" nfs_wb_page fs/nfs/write.c:80 [inline]", "nfs_wb_page", "", true},
      {"[<c010d558>] (dump_stack) from [<c010d830>] (nfs_wb_page+0x70/0x1b4)", "nfs_wb_page", "", true},
      {" dump_stack from nfs_wb_page+0x70/0x1b4", "nfs_wb_page", "", true},
      {"[c000000049a87530] [c000000049a875a0] nfs_wb_page+0x70/0x1b4 (unreliable)", "nfs_wb_page", "", false},
  };
  for (const Case& shape : cases) {
    const auto frame = readFrame(shape.line);
    ASSERT_TRUE(frame) << shape.line;
    EXPECT_EQ(shape.symbol, frame->symbol);
    EXPECT_EQ(shape.module, frame->module);
    EXPECT_EQ(shape.reliable, frame->reliable);
  }
  EXPECT_EQ(0x70u, readFrame(" nfs_wb_page+0x70/0x1b4")->offset);
  EXPECT_EQ(0x1b4u, readFrame(" nfs_wb_page+0x70/0x1b4")->size);
}

TEST(Frames, TakesNoSentenceForAFrame) {
  for (const char* line : {"at nfs_wb_page+0x70/0x1b4", "nfs_wb_page+0x70", "nfs_wb_page+0x70/0x1b4 failed", "x", "",
                           "<TASK>", "+0x1/0x2", "0x12 is odd", "a+0xg/0x1", "f+0x1/0x2 [", "f+0x1/0x2 []"}) {
    EXPECT_FALSE(readFrame(line)) << line;
  }
}

TEST(Frames, KeepsOddLocationsAsTheyAre) {
  EXPECT_EQ("0x1", readLocation("0x1").symbol);
  EXPECT_EQ("(null)", readLocation("          (null)").symbol);
  EXPECT_FALSE(readLocation("(null)").offset);
}

TEST(CpuLine, ReadsTaskTaintAndRelease) {
  struct Case {
    std::string line, comm, taint, release;
  };
  const std::vector<Case> cases{
      {"CPU: 1 PID: 67 Comm: wr Not tainted 4.19.222 #1", "wr", "", "4.19.222"},
      {"CPU: 1 PID: 67 Comm: a b: Kdump: loaded Tainted: G      D W  OE     4.19.90-ky #1", "a b:", "GDWOE",
       "4.19.90-ky"},
      {"CPU: 1 UID: 0 PID: 67 Comm: Tainted: x Not tainted 6.12.0 #1", "Tainted: x", "", "6.12.0"},
      {"CPU: 1 PID: 67 Comm: wr Not tainted 6.1.192 #1 1f2e3d", "wr", "", "6.1.192"},
  };
  for (const Case& shape : cases) {
    const auto line = readCpuLine(shape.line);
    ASSERT_TRUE(line) << shape.line;
    EXPECT_EQ(1, line->cpu);
    EXPECT_EQ(67, line->pid);
    EXPECT_EQ(shape.comm, line->comm);
    EXPECT_EQ(shape.taint, line->taint);
    EXPECT_EQ(shape.release, line->release);
  }
  EXPECT_FALSE(readCpuLine("CPU: All CPU(s) started at EL1"));
  EXPECT_FALSE(readCpuLine("CPU: 1 PID: 67 at x"));
}

std::vector<std::string> registersIn(std::string_view line) {
  std::vector<std::string> read;
  const auto body = Tables::kernel().body().read(line);
  if (const auto* registers = std::get_if<Registers>(&body)) {
    for (const Register& one : registers->values) read.push_back(one.name + "=" + one.value);
  }
  return read;
}

TEST(RegisterLines, ReadsRegistersOfBothArchitectures) {
  EXPECT_THAT(registersIn("x29: ffff800012345678 x9 : 0000000000000001"),
              ElementsAre("x29=ffff800012345678", "x9=0000000000000001"));
  EXPECT_THAT(registersIn("sp : ffff800012345678"), ElementsAre("sp=ffff800012345678"));
  EXPECT_THAT(registersIn("pstate: 60000005 (nZCv daif -PAN -UAO)"),
              ElementsAre("pstate=60000005 (nZCv daif -PAN -UAO)"));
  EXPECT_THAT(registersIn("RSP: 0018:ffffc90000123456 EFLAGS: 00010246"),
              ElementsAre("RSP=0018:ffffc90000123456", "EFLAGS=00010246"));
  EXPECT_THAT(registersIn("FS:  0000000000000000(0000) GS:ffff888012345678(0000) knlGS:0000000000000000"),
              ElementsAre("FS=0000000000000000(0000)", "GS=ffff888012345678(0000)", "knlGS=0000000000000000"));
}

TEST(RegisterLines, TakesNothingElseForRegisters) {
  for (const char* line : {"Code: 1234 5678", "x: 12", "RIP: 0010:f+0x1/0x2", "sp : 12 and more", "x29: 12 y: 3", ""}) {
    EXPECT_THAT(registersIn(line), testing::IsEmpty()) << line;
  }
}

TEST(RipLines, TellTheKernelsFromUserSpaces) {
  const auto place = [](std::string_view line) {
    const auto body = Tables::kernel().body().read(line);
    const auto* counter = std::get_if<ProgramCounter>(&body);
    return counter != nullptr ? counter->place.symbol : std::string("-");
  };
  EXPECT_EQ("nfs_wb_page", place("RIP: 0010:nfs_wb_page+0x70/0x1b4"));
  EXPECT_EQ("nfs_wb_page", place("RIP: 0010:[<ffffffff81234567>]  [<ffffffff81234567>] nfs_wb_page+0x70/0x1b4"));
  EXPECT_EQ("nfs_wb_page", place("RIP: nfs_wb_page+0x70/0x1b4 RSP: ffff880012345678"));
  EXPECT_EQ("-", place("RIP: 0033:0x7f1234567890"));
}

TEST(TaskLine, ReadsTheOldAndTheNewForm) {
  const auto old = Tables::kernel().body().read("my cat          R  running task        0    67     60 0x00000002");
  ASSERT_TRUE(std::holds_alternative<TaskLine>(old));
  EXPECT_EQ("my cat", std::get<TaskLine>(old).comm);
  EXPECT_EQ(67, std::get<TaskLine>(old).pid);
  const auto later =
      Tables::kernel().body().read("task:my cat          state:D stack:0     pid:70    ppid:61     flags:0x00000000");
  ASSERT_TRUE(std::holds_alternative<TaskLine>(later));
  EXPECT_EQ("my cat", std::get<TaskLine>(later).comm);
  EXPECT_EQ(70, std::get<TaskLine>(later).pid);
}

TEST(Headlines, SplitTaskNamesAtTheLastColonAndBracket) {
  const auto lockup =
      Tables::kernel().headlines().read("watchdog: BUG: soft lockup - CPU#73 stuck for 22s! [a]: [b:c:2649529]", false);
  ASSERT_TRUE(lockup);
  EXPECT_EQ("a]: [b:c", lockup->task);
  EXPECT_EQ(2649529, lockup->pid);
  EXPECT_EQ(73, lockup->cpu);
  const auto hung = Tables::kernel().headlines().read(
      "INFO: task a:b blocked for more than x:70 blocked for more than 10 seconds.", false);
  ASSERT_TRUE(hung);
  EXPECT_EQ("a:b blocked for more than x", hung->task);
  EXPECT_EQ(70, hung->pid);
}

TEST(Headlines, ChecksOfTheKernelsOwnDataThatWarnAreBugsOfTheirCallers) {
  struct Case {
    std::string line;
    EventKind kind;
  };
  const std::vector<Case> cases{
      {"WARNING: CPU: 1 PID: 2 at lib/refcount.c:28 refcount_warn_saturate+0xf4/0x144", EventKind::KernelBug},
      {"WARNING: CPU: 1 PID: 2 at lib/list_debug.c:59 __list_del_entry_valid+0xf4/0x144", EventKind::KernelBug},
      {"WARNING: CPU: 1 PID: 2 at kernel/locking/lockdep.c:900 look_up_lock_class+0xf4/0x144", EventKind::Lockdep},
      {"WARNING: CPU: 1 PID: 2 at fs/nfs/write.c:80 nfs_wb_page+0x70/0x1b4", EventKind::Warning},
      {"WARNING: fs/nfs/write.c:80 at nfs_wb_page+0x70/0x1b4, CPU#1: wr/67", EventKind::Warning},
  };
  for (const Case& shape : cases) {
    const auto headline = Tables::kernel().headlines().read(shape.line, false);
    ASSERT_TRUE(headline) << shape.line;
    EXPECT_EQ(shape.kind, headline->kind) << shape.line;
    EXPECT_EQ(1, headline->cpu) << shape.line;
  }
}

TEST(Headlines, ACutLineThatMayStillBecomeAnotherKindIsNone) {
  EXPECT_FALSE(Tables::kernel().headlines().read("Kernel panic - not syncing: hung_ta", true));
  EXPECT_TRUE(Tables::kernel().headlines().read("Kernel panic - not syncing: hung_ta", false));
  EXPECT_TRUE(Tables::kernel().headlines().read("Kernel panic - not syncing: Fatal exc", true));
}

TEST(Headlines, TitlesHoldNoAddresses) {
  EXPECT_EQ("stack is corrupted in: nfs_demo", withoutAddresses("stack is corrupted in: nfs_demo+0x12/0x34"));
  EXPECT_EQ("at ADDRESS, code=0x00000100", withoutAddresses("at 0xffffffc01d9a6c00, code=0x00000100"));
}

TEST(FrameRoles, KnowWhatEveryReportShares) {
  for (const char* symbol : {"dump_backtrace", "__warn", "panic"})
    EXPECT_EQ(FrameRole::Reporter, Tables::kernel().skip().role(symbol));
  for (const char* symbol : {"el1_irq", "el1h_64_irq"})
    EXPECT_EQ(FrameRole::InterruptEntry, Tables::kernel().skip().role(symbol));
  for (const char* symbol :
       {"__switch_to", "rwsem_down_write_failed", "rwsem_down_write_slowpath", "el0_svc_handler"}) {
    EXPECT_EQ(FrameRole::Shared, Tables::kernel().skip().role(symbol)) << symbol;
  }
  for (const char* symbol : {"nfs_wb_page", "clear_page_dirty_for_io", "schedule_work"}) {
    EXPECT_EQ(FrameRole::Own, Tables::kernel().skip().role(symbol)) << symbol;
  }
}

TEST(Frames, AnInlinedOneNamesItsSource) {
  EXPECT_FALSE(readFrame(" ba[inline]"));
}

TEST(Headlines, ARaceWithABracketThatNeverClosesIsRead) {
  const auto read = Tables::kernel().headlines().read("BUG: KCSAN:  [   G", false);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, EventKind::Sanitizer);
}

TEST(StartPatterns, AreWrittenForGrep) {
  const auto patterns = Tables::kernel().startPatterns();
  EXPECT_NE(std::find(patterns.begin(), patterns.end(), "BUG: soft lockup - CPU#"), patterns.end());
  EXPECT_EQ(std::set<std::string>(patterns.begin(), patterns.end()).size(), patterns.size());
}

}  // namespace
}  // namespace relapse::console
