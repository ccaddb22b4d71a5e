// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/findings.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace relapse::report {
namespace {

using namespace postmortem;
using testing::HasSubstr;
using testing::Not;

Wait wait(TaskName waiter, std::optional<TaskName> holder, std::string on = "inode->i_rwsem 0x1 (fileid 2)") {
  return {.waiter = std::move(waiter),
          .holder = std::move(holder),
          .on = std::move(on),
          .how = "owner field",
          .certain = true};
}

const TaskName kWriter{67, "wr/a b"};

Findings lockup() {
  Findings findings;
  findings.release = "6.1.0";
  findings.sentence = "clean, PagePrivate, nothing to commit: nfs_wb_page() cannot end (error 28 in mapping->wb_err)";
  StackFrame frame{.pc = 0xffffffc008000010};
  frame.frame.raw.text = "nfs_wb_page+0x10/0x20 [nfs]";
  frame.frame.raw.module = "nfs";
  frame.frame.calls = {{.function = "inlined_one", .place = {"fs/nfs/internal.h", 7}},
                       {.function = "nfs_wb_page", .place = {"fs/nfs/write.c", 2139}}};
  StackFrame unknown{.pc = 0xffff800000000000};
  unknown.frame.raw.text = "0xffff800000000000";
  unknown.frame.undecoded = "no symbol at this address";
  findings.suspect = Suspect{.task = kWriter, .how = "spins on vCPU 1", .stack = {frame, unknown}};
  for (int i = 0; i < 4; ++i) findings.waits.push_back(wait({70 + i, "appender-" + std::to_string(i)}, kWriter));
  findings.page = PageState{.address = 0xfffffffe0001e100,
                            .flags = {"locked", "private"},
                            .mapping = 0x5,
                            .index = 64,
                            .foundBy = "page in nfs_wb_page",
                            .pageTree = "agrees"};
  findings.inode = InodeState{.fileid = 2, .writebackError = 28};
  findings.context = OpenContextState{.error = -28, .path = "shared"};
  findings.dmesg = {{1.5, "one\ntwo\x1b[31m"}};
  for (int i = 0; i < 9; ++i) findings.notAvailable.push_back({"part " + std::to_string(i), "no memory"});
  return findings;
}

std::size_t lineCount(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(WaitTree, HasTheHolderThatWaitsForNobodyAtItsRoot) {
  EXPECT_EQ(waitTree(lockup().waits),
            "wr/a b (67)\n"
            "  4 tasks: appender-0..3: inode->i_rwsem 0x1 (fileid 2) (owner field)\n");
}

TEST(WaitTree, IndentsThoseThatWaitForAWaiter) {
  const TaskName b{2, "b"};
  EXPECT_EQ(waitTree({wait({3, "c"}, b, "mutex 0x9"), wait(b, TaskName{1, "a"})}),
            "a (1)\n"
            "  b (2): inode->i_rwsem 0x1 (fileid 2) (owner field)\n"
            "    of these b (2)\n"
            "      c (3): mutex 0x9 (owner field)\n");
}

TEST(WaitTree, EndsInACircle) {
  const TaskName a{1, "a"};
  const TaskName b{2, "b"};
  const std::string tree = waitTree({wait(a, b), wait(b, a)});
  EXPECT_THAT(tree, HasSubstr("they wait in a circle"));
  EXPECT_LT(lineCount(tree), 10u);
}

TEST(WaitTree, SaysWhenNoHolderIsKnownOrNotCertain) {
  EXPECT_THAT(waitTree({wait({1, "a"}, std::nullopt, "I/O")}), HasSubstr("a (1): I/O; no holder is known"));
  auto guess = wait({1, "a"}, kWriter);
  guess.certain = false;
  EXPECT_THAT(waitTree({guess}), HasSubstr("not certain"));
  EXPECT_EQ(waitTree({}), "");
}

TEST(TasksInShort, ShowsARangeOnlyWhereItIsOne) {
  EXPECT_EQ(tasksInShort({{1, "cp"}}), "cp (1)");
  EXPECT_EQ(tasksInShort({{1, "w-1"}, {2, "w-3"}}), "2 tasks: w-1, w-3");
  EXPECT_EQ(tasksInShort({{1, "w-1"}, {2, "w-1"}}), "2 tasks: w-1, w-1");
  EXPECT_EQ(tasksInShort({{1, "w-2"}, {2, "w-1"}}), "2 tasks: w-1..2");
  EXPECT_EQ(tasksInShort({{1, "w-1"}, {2, "v-2"}}), "2 tasks: w-1, v-2");
  EXPECT_EQ(tasksInShort({{1, "99999999999"}, {2, "7"}}), "2 tasks: 99999999999, 7");
}

TEST(FindingsSummary, IsOneScreenWithTheSentenceFirst) {
  const std::string text = findingsSummary(lockup());
  EXPECT_EQ(text.find("  state     clean, PagePrivate"), 0u);
  EXPECT_THAT(text, HasSubstr("wr/a b (67) spins on vCPU 1\n"));
  EXPECT_THAT(text, HasSubstr("4 tasks: appender-0..3"));
  EXPECT_THAT(text, HasSubstr("0xfffffffe0001e100, index 64: locked, private\n"));
  EXPECT_THAT(text, HasSubstr("... 7 more\n"));
  EXPECT_LE(lineCount(text), 20u);
}

TEST(FindingsSummary, StaysShortWithManyHolders) {
  Findings findings = lockup();
  findings.waits.clear();
  for (int i = 0; i < 100; ++i) findings.waits.push_back(wait({1000 + i, "w"}, TaskName{2000 + i, "h"}));
  EXPECT_LE(lineCount(findingsSummary(findings)), 20u);
  EXPECT_GE(lineCount(findingsText(findings)), 200u);
}

TEST(FindingsText, HasEveryInlinedFunctionAndWhyAFrameHasNone) {
  Findings findings = lockup();
  findings.blocked = {{.state = "D", .tasks = {kWriter}, .stack = findings.suspect->stack}};
  const std::string text = findingsText(findings);
  EXPECT_THAT(text,
              HasSubstr("    inlined_one fs/nfs/internal.h:7 (inlined)\n    nfs_wb_page fs/nfs/write.c:2139 [nfs]\n"));
  EXPECT_THAT(text, HasSubstr("0xffff800000000000  undecoded: no symbol at this address"));
  EXPECT_THAT(text, HasSubstr("not available: part 8: no memory"));
}

TEST(FindingsText, PassesOnNothingButAscii) {
  Findings findings = lockup();
  findings.suspect->task.comm = "\x1b]0;x\a\xc3\xa9\n";
  findings.server = ServerState{.hostname = "h\r\nroot", .mounts = {"\x9b"}};
  const std::string text = findingsText(findings) + findingsSummary(findings);
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
  EXPECT_THAT(text, Not(HasSubstr("\nroot")));
  EXPECT_THAT(text, HasSubstr("[    1.500000] one\n[    1.500000] two"));
}

TEST(FindingsText, OfNothingSaysSo) {
  EXPECT_THAT(findingsText({}), HasSubstr("state     not available"));
}

}  // namespace
}  // namespace relapse::report
