// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/parser.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "corpus.hpp"

namespace relapse::console {
namespace {

std::string lockup(int cpu, const std::string& innermost) {
  return fmt::format(
      "[    9.100000] watchdog: BUG: soft lockup - CPU#{0} stuck for 9s! [wr:67]\n"
      "[    9.100100] CPU: {0} PID: 67 Comm: wr Not tainted 4.19.222 #1\n"
      "[    9.100200] pc : {1}+0x0/0x18c\n"
      "[    9.100300] lr : nfs_wb_page+0x70/0x1b4\n"
      "[    9.100400] Call trace:\n"
      "[    9.100500]  {1}+0x0/0x18c\n"
      "[    9.100600]  nfs_wb_page+0x70/0x1b4\n"
      "[    9.100700]  vfs_write+0x70/0x1b4\n",
      cpu, innermost);
}

ConsoleEvent spin(std::vector<std::string> symbols, EventKind kind = EventKind::SoftLockup) {
  ConsoleEvent event;
  event.kind = kind;
  event.title = "of the first";
  for (const std::string& symbol : symbols) {
    event.frames.push_back({.symbol = symbol, .offset = 1, .size = 2, .module = {}, .text = symbol});
  }
  return event;
}

TEST(ConsoleParser, AReportWhoseTraceIsWholeIsHeldBackForAMoment) {
  ConsoleParser parser;
  EXPECT_TRUE(parser.feed({lockup(1, "a") + "[    9.100800]  el0_svc+0x8/0xc\n", Instant{1000}}).empty());
  EXPECT_TRUE(parser.tick(Instant{1049}).empty());
  ASSERT_EQ(1u, parser.tick(Instant{1050}).size());
}

TEST(ConsoleParser, HoldsAReportBackUntilItIsQuiet) {
  ConsoleParser parser({.node = "client"});
  EXPECT_TRUE(parser.feed({lockup(1, "a"), Instant{1000}}).empty());
  EXPECT_TRUE(parser.tick(Instant{1299}).empty());
  const auto events = parser.tick(Instant{1300});
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ("soft lockup in a", events[0].title);
  EXPECT_EQ("client", events[0].node);
  EXPECT_EQ(Instant{1000}, events[0].at);
  EXPECT_DOUBLE_EQ(9.1, events[0].kernelTime.value());
  EXPECT_TRUE(parser.finish().empty());
}

TEST(ConsoleParser, GivesAHeadlineASecondForItsTrace) {
  ConsoleParser parser;
  const std::string log = lockup(1, "a");
  const std::size_t half = log.find("Call trace");
  parser.feed({std::string_view(log).substr(0, half), Instant{0}});
  EXPECT_TRUE(parser.tick(Instant{900}).empty());
  parser.feed({std::string_view(log).substr(half), Instant{950}});
  const auto events = parser.finish();
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(3u, events[0].frames.size());
}

TEST(ConsoleParser, EndsAReportAtLinesThatCannotBelongToIt) {
  ConsoleParser parser;
  std::string log = lockup(1, "a");
  for (int i = 0; i < 5; ++i) log += fmt::format("[   10.{:06}] another line\n", i);
  EXPECT_EQ(1u, parser.feed({log, Instant{0}}).size());
}

TEST(ConsoleParser, LetsAFewLinesOfAnotherCpuFallBetweenFrames) {
  std::string log = lockup(1, "a");
  log.insert(log.find("[    9.100600]"), "[    9.100599] nfs: server 10.0.0.2 not responding, still trying\n");
  const auto events = parsed(log);
  ASSERT_EQ(2u, events.size());
  EXPECT_EQ(3u, events[0].frames.size());
  EXPECT_EQ(EventKind::NfsServer, events[1].kind);
}

TEST(ConsoleParser, SaysTheArrivalOfAReportsFirstByte) {
  ConsoleParser parser;
  parser.feed({"[    9.000000] be", Instant{1}});
  parser.feed({"fore\n[    9.1", Instant{2}});
  parser.feed({lockup(1, "a").substr(std::string("[    9.1").size()), Instant{3}});
  const auto events = parser.finish();
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(Instant{2}, events[0].at);
}

TEST(ConsoleParser, ReadsWhatStandsBehindAPrompt) {
  std::string log = "[    8.000000] before\n/ # " + lockup(1, "a");
  ASSERT_EQ(1u, parsed(log).size());
}

TEST(ConsoleParser, KeepsAtMost256FramesOfAReport) {
  std::string log = lockup(1, "a");
  for (int i = 0; i < 10000; ++i) log += "[    9.200000]  recursion+0x10/0x20\n";
  const auto events = parsed(log);
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(256u, events[0].frames.size());
}

TEST(ConsoleParser, CountsWhatItCannotPlace) {
  ConsoleParser parser;
  parser.feed({"[    1.000000]  stray+0x1/0x2\n" + std::string(5000, 'x') + "\n", Instant{0}});
  EXPECT_EQ(1u, parser.counts().strayFrames);
  EXPECT_EQ(5000u - 4096u, parser.counts().droppedBytes);
  EXPECT_EQ(2u, parser.counts().lines);
  EXPECT_EQ(0u, parser.counts().events);
}

TEST(ConsoleParser, CountsTracesThatTwoReportsMix) {
  std::string first = lockup(0, "a");
  const std::string second = lockup(1, "b");
  first.erase(first.find("[    9.100700]"));  // cut short by the second
  ConsoleParser parser;
  const std::size_t early = parser.feed({first + second, Instant{0}}).size();
  EXPECT_EQ(2u, early + parser.finish().size());
  EXPECT_EQ(1u, parser.counts().ambiguousLines);
}

TEST(ConsoleParser, YieldsNoEventForRandomBytes) {
  std::string bytes;
  std::uint32_t state = 1;
  for (int i = 0; i < 300000; ++i) {
    state = state * 1664525u + 1013904223u;
    bytes += static_cast<char>(state >> 24);
  }
  EXPECT_TRUE(parsed(bytes).empty());
}

TEST(ConsoleParser, FindsAReportAmongRandomBytes) {
  const std::string noise("\x00\xff\x1b[3\x80\n", 7);
  const auto events = parsed(noise + lockup(1, "a") + noise);
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ("soft lockup in a", events[0].title);
}

TEST(ConsoleParser, BoundsTheReportsThatAreOpen) {
  std::string log;
  for (int i = 0; i < 100; ++i)
    log += fmt::format("[    9.000000] watchdog: BUG: soft lockup - CPU#{} stuck for 9s! [x:{}]\n", i, i);
  ConsoleParser parser;
  const std::size_t early = parser.feed({log, Instant{0}}).size();
  EXPECT_GE(early, 80u);
  EXPECT_EQ(100u, early + parser.finish().size());
}

TEST(Signature, IsTheInnermostFrameThatAllReportsShare) {
  EXPECT_EQ("soft lockup in nfs_wb_page",
            signature({spin({"a", "nfs_wb_page", "x"}), spin({"b", "nfs_wb_page", "x"})}));
  EXPECT_EQ("soft lockup in a", signature({spin({"a", "nfs_wb_page", "x"})}));
  EXPECT_EQ("soft lockup in b", signature({spin({"a", "b.isra.0", "x"}), spin({"b.cold", "x"})}));
}

TEST(Signature, NamesNoFunctionWhenReportsShareNone) {
  EXPECT_EQ("soft lockup", signature({spin({"a"}), spin({"b"})}));
}

TEST(Signature, IgnoresReportsWithoutATraceAndOtherKinds) {
  EXPECT_EQ("soft lockup in a", signature({spin({"a", "b"}), spin({}), spin({"c"}, EventKind::HungTask)}));
  EXPECT_EQ("soft lockup in b", signature({spin({"a", "b"}), spin({"b"}, EventKind::RcuStall)}));
}

TEST(Signature, OfAnythingButASpinIsTheFirstTitle) {
  EXPECT_EQ("of the first", signature({spin({"a"}, EventKind::Oops), spin({"b"}, EventKind::Oops)}));
}

TEST(MeaningfulFrames, LieBeneathTheInterruptThatReports) {
  const auto frames = meaningfulFrames(
      spin({"dump_backtrace", "show_stack", "tick_sched_timer", "gic_handle_irq", "el1_irq", "nfs_wb_page", "el0_svc"},
           EventKind::RcuStall));
  ASSERT_EQ(1u, frames.size());
  EXPECT_EQ("nfs_wb_page", frames[0].symbol);
}

TEST(MeaningfulFrames, KeepAnInterruptThatTheBugRunsIn) {
  const auto frames = meaningfulFrames(spin({"dump_stack", "my_handler", "el1_irq", "idle"}, EventKind::DumpStack));
  ASSERT_EQ(2u, frames.size());
  EXPECT_EQ("my_handler", frames[0].symbol);
}

TEST(CompilerSuffixes, AreTakenOff) {
  for (const char* symbol : {"f.isra.0", "f.constprop.0", "f.part.12", "f.cold", "f.isra.0.cold", "f.part.0.isra.1"}) {
    EXPECT_EQ("f", withoutCompilerSuffix(symbol)) << symbol;
  }
  EXPECT_EQ("nfs_wb_page", withoutCompilerSuffix("nfs_wb_page"));
}

TEST(EventKinds, HaveNamesThatReadBack) {
  for (auto kind = EventKind::SoftLockup; kind <= EventKind::Unparsed;
       kind = static_cast<EventKind>(static_cast<int>(kind) + 1)) {
    EXPECT_EQ(kind, eventKindNamed(name(kind))) << name(kind);
  }
  EXPECT_FALSE(eventKindNamed("soft lockup"));
}

TEST(EventKinds, OfInstrumentationAndMilestonesDoNotFail) {
  for (const EventKind kind :
       {EventKind::DumpStack, EventKind::BootMilestone, EventKind::NfsServer, EventKind::Unparsed}) {
    EXPECT_FALSE(isFailing(kind));
  }
  for (const EventKind kind : {EventKind::SoftLockup, EventKind::Warning, EventKind::WorkFailed})
    EXPECT_TRUE(isFailing(kind));
}

}  // namespace
}  // namespace relapse::console
