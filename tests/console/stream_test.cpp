// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/source.hpp"
#include "corpus.hpp"

namespace relapse::console {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A hung task's report, each line with what stands before it.
std::string hung(const std::string& prefix, const std::string& lineEnd = "\n") {
  std::string log;
  for (const char* text : {"INFO: task cat:70 blocked for more than 10 seconds.",
                           "Call trace:", " __switch_to+0x9c/0xd0", " nfs_wb_page+0x70/0x1b4", " el0_svc+0x8/0xc"}) {
    log += prefix + text + lineEnd;
  }
  return log;
}

std::vector<std::string> titles(std::string_view log) {
  std::vector<std::string> found;
  for (const ConsoleEvent& event : parsed(log)) found.push_back(event.title);
  return found;
}

std::vector<ConsoleEvent> all(ConsoleParser& parser, std::string_view log) {
  auto events = parser.feed({log, Instant{0}});
  for (ConsoleEvent& event : parser.finish()) events.push_back(std::move(event));
  return events;
}

constexpr const char* kPrefixes[] = {
    "[    2.314159] ",
    "[    2.314159][   T70] ",
    "[    2.314159] [   C1] ",
    "<6>[    2.314159] ",
    "<6>",
    "6,339,2314159,-;",
    "6,339,2314159,-,caller=T70;",
    "[Sun Nov 22 18:14:46 2026] ",
    "[Sun Nov  2 18:14:46 2026] ",
    "kern  :info  : [    2.314159] ",
    "[    2.314159 <    0.000731>] ",
    "Nov 22 18:14:46 host kernel: [    2.314159] ",
    "Nov  2 18:14:46 host kernel: ",
    "2026-11-22T18:14:46.123456+00:00 host kernel: [    2.314159] ",
    "2026-11-22T18:14:46+0000 host kernel: ",
    "2026-11-22T18:14:46,123456+00:00 ",
    "Sun 2026-11-22 18:14:46 UTC host kernel: ",
    "1763835286.123456 host kernel: ",
    "[    2.314159] host kernel: ",
    "2026-11-22T18:14:46 [    2.314159] ",
    "console-7> [    2.314159] ",
    "\x1b[0m[    2.314159] ",
    "",
};

TEST(Stream, FindsAReportBehindEveryPrefix) {
  for (const char* prefix : kPrefixes) {
    EXPECT_THAT(titles(hung(prefix)), ElementsAre("hung task in nfs_wb_page")) << prefix;
  }
}

TEST(Stream, AChangeOfThePrefixBlindsNothing) {
  for (const char* first : kPrefixes) {
    for (const char* second : kPrefixes) {
      if (*second == '\0') continue;  // no mark: user space, once there was one
      EXPECT_EQ(2u, titles(hung(first) + hung(second)).size()) << first << " then " << second;
    }
  }
}

TEST(Stream, TakesALineOfAnotherTagForUserSpaces) {
  for (const char* prefix : {"Nov 22 18:14:46 host sshd[123]: ", "2026-11-22T18:14:46.123456+00:00 host tool: ",
                             "Nov 22 18:14:46 host sshd[123]: [    2.314159] ", "user  :info  : [    2.314159] ",
                             "[    2.314159] host sshd[12]: "}) {
    EXPECT_THAT(titles(hung(prefix)), IsEmpty()) << prefix;
  }
}

TEST(Stream, LinesWithoutAMarkAreUserSpacesOnceThereWasOne) {
  for (const char* prefix : kPrefixes) {
    const std::string marked(prefix);
    if (marked.empty() || marked == "<6>") continue;
    EXPECT_THAT(titles(marked + "before\n" + hung("")), IsEmpty()) << prefix;
  }
}

TEST(Stream, ABootThatPrintsWithoutStampsIsReadAsWell) {
  EXPECT_THAT(titles("[    2.314159] before\nBooting Linux on physical CPU 0x0\n" + hung("")),
              ElementsAre("hung task in nfs_wb_page"));
}

TEST(Stream, ASecondBootsOlderStampsAreReadBehindAnything) {
  const std::string first = "board> [   99.000000] before\n";
  EXPECT_THAT(
      titles(first + "board> [    0.000000] Booting Linux on physical CPU 0x0\n" + hung("board> [    2.314159] ")),
      ElementsAre("hung task in nfs_wb_page"));
  std::string lostStart = first;
  for (int i = 0; i < 20; ++i) lostStart += fmt::format("board> [    1.{:06}] probing\n", i);
  EXPECT_THAT(titles(lostStart + hung("board> [    2.314159] ")), ElementsAre("hung task in nfs_wb_page"));
  EXPECT_THAT(titles(first + hung("user quotes [    2.314159] ")), IsEmpty());
}

TEST(Stream, LineEndsAndOddBytesChangeNothing) {
  for (const char* end : {"\n", "\r\n", "\r", "\r\r\n", " \x1b[K\r\n"}) {
    EXPECT_THAT(titles(hung("[    2.314159] ", end)), ElementsAre("hung task in nfs_wb_page"));
  }
  std::string odd = hung("[    2.314159] ");
  odd.insert(0, std::string("\0\x1b[2J\xff\n\0", 8));
  odd.insert(odd.find("blocked"), std::string("\0", 1));
  EXPECT_THAT(titles(odd), ElementsAre("hung task in nfs_wb_page"));
  EXPECT_THAT(titles(std::string("\x1b[1m\0", 5) + hung("")), ElementsAre("hung task in nfs_wb_page"));
}

TEST(Stream, KeepsTwoCallersApart) {
  std::string log;
  const auto line = [&](const char* caller, const char* text) {
    log += fmt::format("[    9.100000][{:>5}] {}\n", caller, text);
  };
  line("C0", "watchdog: BUG: soft lockup - CPU#0 stuck for 9s! [wr:67]");
  line("C1", "watchdog: BUG: soft lockup - CPU#1 stuck for 9s! [rd:68]");
  line("C0", "Call trace:");
  line("C1", "Call trace:");
  line("C1", " vfs_read_demo+0x0/0x10");
  line("C0", " vfs_write_demo+0x0/0x10");
  line("C1", " el0_svc+0x0/0x10");
  EXPECT_THAT(titles(log), ElementsAre("soft lockup in vfs_write_demo", "soft lockup in vfs_read_demo"));
}

TEST(Source, TellsCallerAndTimeOfARecord) {
  KernelSource source;
  const auto read = source.read("6,339,5140900,-,caller=T67;text; more");
  ASSERT_TRUE(read);
  EXPECT_EQ("text; more", read->text);
  EXPECT_EQ("T67", read->caller);
  EXPECT_DOUBLE_EQ(5.1409, read->time.value());
}

TEST(Source, ReadsTheStampBehindALogDaemonsPrefix) {
  KernelSource source;
  const auto read = source.read("Nov 22 18:14:46 host kernel: [    2.314159] [   T67]  f+0x1/0x2");
  ASSERT_TRUE(read);
  EXPECT_EQ(" f+0x1/0x2", read->text);
  EXPECT_EQ("T67", read->caller);
  EXPECT_DOUBLE_EQ(2.314159, read->time.value());
  EXPECT_FALSE(source.read("Nov 22 18:14:46 host sudo: kernel: x"));
}

TEST(Printk, ReadsStampsOfAnyWidth) {
  EXPECT_DOUBLE_EQ(0.000001, readStamp("[0.000001]").time());
  EXPECT_DOUBLE_EQ(999999999.999999, readStamp("[999999999.999999] x").time());
  EXPECT_EQ(14u, readStamp("[    2.314159] x").length);
  for (const char* none : {"", "[", "[    ", "[.123456]", "[1.12345]", "[1.12345x]", "[1.123:56]", "[1.123456",
                           "[1.123456 ", "[12345678901.123456]", "[1,123456]", "[1.1234567]"}) {
    EXPECT_EQ(0u, readStamp(none).length) << none;
  }
}

TEST(Patterns, AnEventForEachKernelLineThatOneMatches) {
  ConsoleParser parser({.patterns = {"err:-[0-9]+", "nfs_.*"}});
  const auto events = all(
      parser,
      "[    1.000000] nfs_error_is_fatal:760, err:-28\nnfs_x of user space\n[    2.000000] nfs_y\n[    3.000000] no\n");
  ASSERT_EQ(2u, events.size());
  EXPECT_EQ(EventKind::Pattern, events[0].kind);
  EXPECT_EQ("pattern \"err:-[0-9]+\"", events[0].title);
  EXPECT_EQ("nfs_error_is_fatal:760, err:-28", events[0].message);
  EXPECT_DOUBLE_EQ(1.0, events[0].kernelTime.value());
  EXPECT_EQ("pattern \"nfs_.*\"", events[1].title);
}

TEST(Patterns, MatchInsideAReportWithoutDisturbingIt) {
  const std::string log = hung("[    2.314159] ") + hung("[    3.314159] ");
  ConsoleParser parser({.node = "client", .patterns = {"nfs_wb_page"}});
  std::vector<ConsoleEvent> kernels;
  std::vector<ConsoleEvent> patterns;
  std::uint64_t last = 0;
  for (ConsoleEvent& event : all(parser, log)) {
    EXPECT_LE(last, event.span.first);
    last = event.span.first;
    (event.kind == EventKind::Pattern ? patterns : kernels).push_back(std::move(event));
  }
  EXPECT_EQ(2u, patterns.size());
  ConsoleParser without({.node = "client"});
  EXPECT_EQ(described(all(without, log)), described(kernels));
}

TEST(Patterns, ThatAreNoneAreRefused) {
  const auto parser = ConsoleParser::make({.patterns = {"fine", "(open"}});
  ASSERT_FALSE(parser);
  EXPECT_EQ(FailureKind::BadInput, parser.error().kind);
  EXPECT_THAT(parser.error().message, testing::HasSubstr("pattern \"(open\""));
  EXPECT_TRUE(ConsoleParser::make({.patterns = {"fine"}}));
}

TEST(Silence, IsAnEventOnceUntilSomethingComes) {
  ConsoleParser parser({.silence = Instant{30'000}});
  parser.feed({"[    1.000000] x\n", Instant{1'000}});
  EXPECT_THAT(parser.tick(Instant{30'999}), IsEmpty());
  const auto events = parser.tick(Instant{31'000});
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(EventKind::Silence, events[0].kind);
  EXPECT_EQ("console silent for 30 s", events[0].title);
  EXPECT_EQ(Instant{1'000}, events[0].at);
  EXPECT_EQ(17u, events[0].span.first);
  EXPECT_EQ(17u, events[0].span.past);
  EXPECT_THAT(parser.tick(Instant{90'000}), IsEmpty());
  parser.feed({"y", Instant{100'000}});
  EXPECT_THAT(parser.tick(Instant{129'999}), IsEmpty());
  EXPECT_EQ(1u, parser.tick(Instant{130'000}).size());
}

TEST(Silence, ComesAfterTheReportsThatBeganBefore) {
  ConsoleParser parser({.silence = Instant{200}});
  parser.feed({"[    1.000000] INFO: task cat:70 blocked for more than 10 seconds.\n", Instant{0}});
  EXPECT_THAT(parser.tick(Instant{200}), IsEmpty());
  const auto events = parser.tick(Instant{1000});
  ASSERT_EQ(2u, events.size());
  EXPECT_EQ(EventKind::HungTask, events[0].kind);
  EXPECT_EQ(EventKind::Silence, events[1].kind);
}

TEST(Strays, ThreeFramesInARowAreOneUnparsedEvent) {
  ConsoleParser parser;
  const std::string log =
      "[    1.000000]  nfs_wb_page+0x1/0x2\n[    1.100000]  vfs_write+0x1/0x2\n[    1.200000]  el0_svc+0x1/0x2\n[    "
      "1.300000] x\n";
  const auto events = all(parser, log + log.substr(0, 2 * 36));
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(EventKind::Unparsed, events[0].kind);
  EXPECT_EQ("call trace without a beginning in nfs_wb_page", events[0].title);
  EXPECT_EQ(3u, events[0].frames.size());
  EXPECT_EQ(0u, events[0].span.first);
  EXPECT_EQ(log.rfind("\n[    1.3"), events[0].span.past);
  EXPECT_GE(parser.counts().strayFrames, 4u);
}

TEST(Strays, OfATaskDumpOnRequestAreCountedAlone) {
  std::string log = "[    1.000000] task:wr              state:D stack:0     pid:67    ppid:60     flags:0x00000000\n";
  log += "[    1.000000] Call trace:\n";
  for (int i = 0; i < 4; ++i) log += "[    1.000000]  nfs_wb_page+0x10/0x20\n";
  ConsoleParser parser;
  EXPECT_THAT(all(parser, log), IsEmpty());
  EXPECT_EQ(4u, parser.counts().strayFrames);
}

TEST(Strays, KeepAtMost256Frames) {
  std::string log;
  for (int i = 0; i < 5000; ++i) log += "[    1.000000]  recursion+0x10/0x20\n";
  ConsoleParser parser;
  const auto events = all(parser, log);
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(256u, events[0].frames.size());
  EXPECT_EQ(5000u, parser.counts().strayFrames);
}

TEST(Strays, AreToldInALiveRunWhenTheyAreQuiet) {
  ConsoleParser parser;
  parser.feed({"[    1.0", Instant{0}});
  parser.feed({"00000]  a+0x1/0x2\n[    1.000000]  b+0x1/0x2\n[    1.000000]  c+0x1/0x2\n", Instant{10}});
  EXPECT_THAT(parser.tick(Instant{309}), IsEmpty());
  EXPECT_EQ(1u, parser.tick(Instant{310}).size());
}

TEST(Bounds, AnEndlessLineIsCutAndCounted) {
  ConsoleParser parser;
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 8; ++i) parser.feed({piece, Instant{0}});
  EXPECT_EQ(0u, parser.counts().lines);
  EXPECT_THAT(parser.finish(), IsEmpty());
  EXPECT_EQ(1u, parser.counts().lines);
  EXPECT_EQ((8u << 20) - 4096u, parser.counts().droppedBytes);
}

TEST(Bounds, AReportThatNeverEndsIsEnded) {
  std::string log =
      "[    9.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 9s! [x:1]\n[    9.000000] Call trace:\n";
  for (int i = 0; i < 9000; ++i) log += "[    9.000000]  recursion+0x10/0x20\n";
  ConsoleParser parser;
  const auto events = parser.feed({log, Instant{0}});
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(256u, events[0].frames.size());
  EXPECT_THAT(parser.finish(), IsEmpty());
  EXPECT_EQ(9000u + 2u - 8193u, parser.counts().strayFrames);
}

TEST(Bounds, EventsThatWaitForAReportEndIt) {
  ConsoleParser parser({.patterns = {"recursion"}});
  std::string log =
      "[    9.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 9s! [x:1]\n[    9.000000] Call trace:\n";
  for (int i = 0; i < 3000; ++i) log += "[    9.000000]  recursion+0x10/0x20\n";
  EXPECT_GT(parser.feed({log, Instant{0}}).size(), 1000u);
}

}  // namespace
}  // namespace relapse::console
