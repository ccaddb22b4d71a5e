// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/flood.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "corpus.hpp"

namespace relapse::console {
namespace {

using testing::IsEmpty;

// What the debug patch prints: a message, then dump_stack() in `function`. `number` varies what varies.
std::string dump(const std::string& function, int number, const std::string& between = "") {
  auto stamp = [&, line = 0](const std::string& text) mutable {
    return fmt::format("[{:5}.{:06}] {}\n", 10 + number / 100, number % 100 * 1000 + line++, text);
  };
  std::string log = stamp(fmt::format("nfs_error_is_fatal:{}, err:-28", 760 + number % 2));
  log += stamp(
      fmt::format("CPU: {} PID: {} Comm: wr/{} Not tainted 4.19.222 #1", number % 4, 100 + number % 50, number % 50));
  log += stamp("Hardware name: linux,dummy-virt (DT)");
  log += stamp("Call trace:") + stamp(" show_stack+0x14/0x1c") + stamp(" dump_stack+0x9c/0xc0");
  log += stamp(" " + function + "+0x88/0x94") + between + stamp(" vfs_write+0x108/0x1c0") + stamp(" el0_svc+0x8/0x34");
  return log;
}

std::string flood(const std::vector<std::string>& functions, int count) {
  std::string log;
  for (int i = 0; i < count; ++i) log += dump(functions[static_cast<std::size_t>(i) % functions.size()], i);
  return log;
}

std::string counted(const std::vector<ConsoleEvent>& events) {
  std::string text;
  for (const ConsoleEvent& event : events) {
    text += fmt::format("{}x{} {}-{} {:.6f};", event.title, event.count, event.span.first, event.span.past,
                        event.kernelTime.value_or(-1));
    if (event.count > 1)
      text += fmt::format(" last {}-{} {:.6f}", event.last.span.first, event.last.span.past,
                          event.last.kernelTime.value_or(-1));
    text += "\n" + described(event);
  }
  return text;
}

// A tick at each line's end takes the long way through every line: whatever the short way does, the
// events have to be the same.
std::vector<ConsoleEvent> theLongWay(const std::string& log, ParserCounts* counts = nullptr) {
  ConsoleParser parser({.node = "client"});
  std::vector<ConsoleEvent> events;
  const auto keep = [&](std::vector<ConsoleEvent> more) {
    std::move(more.begin(), more.end(), std::back_inserter(events));
  };
  for (std::size_t from = 0; from < log.size();) {
    const std::size_t past = std::min(log.find('\n', from), log.size() - 1) + 1;
    keep(parser.feed({std::string_view(log).substr(from, past - from), Instant{5}}));
    keep(parser.tick(Instant{5}));
    from = past;
  }
  keep(parser.finish());
  if (counts != nullptr) *counts = parser.counts();
  return events;
}

TEST(Flood, IsOneEventWithACountAndTheFirstAndTheLast) {
  const std::string log = flood({"nfs_a"}, 1000);
  const auto events = parsed(log);
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ("dump_stack in nfs_a", events[0].title);
  EXPECT_EQ(1000u, events[0].count);
  EXPECT_EQ("nfs_error_is_fatal:760, err:-28", events[0].message);
  EXPECT_EQ(0u, events[0].span.first);
  EXPECT_EQ(dump("nfs_a", 0).size() - 1, events[0].span.past);
  EXPECT_DOUBLE_EQ(10.0, events[0].kernelTime.value());
  EXPECT_EQ(log.size() - dump("nfs_a", 999).size(), events[0].last.span.first);
  EXPECT_EQ(log.size() - 1, events[0].last.span.past);
  EXPECT_DOUBLE_EQ(19.099, events[0].last.kernelTime.value());
}

TEST(Flood, OfTwoPathsInTurnIsTwoEvents) {
  const auto events = parsed(flood({"nfs_a", "nfs_b"}, 100));
  ASSERT_EQ(2u, events.size());
  EXPECT_EQ(50u, events[0].count);
  EXPECT_EQ(50u, events[1].count);
}

TEST(Flood, OfMoreThan16PathsGivesOutTheOldest) {
  std::vector<std::string> paths;
  for (int i = 0; i < 17; ++i) paths.push_back(fmt::format("nfs_{}", i));
  const auto events = parsed(flood(paths, 34));
  EXPECT_EQ(34u, events.size());
  EXPECT_EQ(16u, parsed(flood({paths.begin(), paths.begin() + 16}, 32)).size());
}

TEST(Flood, EndsWhereAnythingElseBegins) {
  const std::string log = flood({"nfs_a"}, 10) + "[   99.000000] nfs: server 10.0.0.2 not responding, still trying\n" +
                          flood({"nfs_a"}, 10);
  const auto events = parsed(log);
  ASSERT_EQ(3u, events.size());
  EXPECT_EQ(10u, events[0].count);
  EXPECT_EQ(EventKind::NfsServer, events[1].kind);
  EXPECT_EQ(10u, events[2].count);
}

TEST(Flood, EndsWithItsBoot) {
  const auto events =
      parsed(flood({"nfs_a"}, 10) + "[    0.000000] Booting Linux on physical CPU 0x0\n" + flood({"nfs_a"}, 5));
  ASSERT_EQ(2u, events.size());
  EXPECT_EQ(10u, events[0].count);
  EXPECT_EQ(5u, events[1].count);
}

TEST(Flood, AReportThatTheLogsEndCutsOffIsOneOfIt) {
  const std::string log = flood({"nfs_a"}, 3);
  const auto events = parsed(log.substr(0, log.size() - 60));
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(3u, events[0].count);
}

// Floods with everything that may come between.
std::vector<std::string> mixedFloods() {
  const std::string user = "a line of user space\n";
  const std::string other = "[   10.500000] another CPU's line\n";
  const std::string lockup = "[   11.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 9s! [wr/3:103]\n";
  std::vector<std::string> logs{flood({"nfs_a"}, 6), flood({"nfs_a", "nfs_a", "nfs_b"}, 12),
                                flood({"nfs_a", "nfs_b", "nfs_c"}, 9)};
  for (const std::string& between :
       {user, other, lockup, user + other, other + other + other + other + other + other,
        std::string("[   10.500000]  one_more+0x1/0x2\n"), std::string("[   10.500000] \n"),
        std::string("[   10.500000] Call trace:\n"), std::string("\x1b[0m\n"),
        std::string("[   10.500000] cat invoked oom-killer: gfp_mask=0x0\n"),
        std::string("[   10.500000] Linux version 6.1.192 (r@r) x\n"),
        std::string("[   10.500000] CPU: 1 PID: 1 Comm: x Not tainted 4.19.222 #1\n"),
        std::string("[   10.500000] ====[ backtrace testing ]====\n")}) {
    logs.push_back(flood({"nfs_a"}, 4) + between + flood({"nfs_a"}, 4));
    logs.push_back(flood({"nfs_a"}, 4) + dump("nfs_a", 4, between) + flood({"nfs_a", "nfs_b"}, 4));
    const std::string last = dump("nfs_a", 5);
    for (std::size_t line = last.find('\n'); line != std::string::npos; line = last.find('\n', line + 1)) {
      logs.push_back(flood({"nfs_a"}, 5) + last.substr(0, line + 1) + between + last.substr(line + 1) +
                     flood({"nfs_a"}, 3));
    }
  }
  for (std::size_t drop = 0; drop < 9; ++drop) {  // one line of a report is lost
    std::string last = dump("nfs_a", 5);
    std::size_t first = 0;
    for (std::size_t line = 0; line < drop; ++line) first = last.find('\n', first) + 1;
    last.erase(first, last.find('\n', first) + 1 - first);
    logs.push_back(flood({"nfs_a"}, 5) + last + flood({"nfs_a"}, 3));
  }
  return logs;
}

TEST(Flood, TheShortWayThroughItYieldsWhatTheLongWayDoes) {
  for (const std::string& log : mixedFloods()) {
    ParserCounts slow;
    const auto expected = theLongWay(log, &slow);
    ConsoleParser parser({.node = "client"});
    auto events = parser.feed({log, Instant{5}});
    for (ConsoleEvent& event : parser.finish()) events.push_back(std::move(event));
    ASSERT_EQ(counted(expected), counted(events)) << log;
    EXPECT_EQ(slow.lines, parser.counts().lines) << log;
    EXPECT_EQ(slow.strayFrames, parser.counts().strayFrames) << log;
    EXPECT_EQ(slow.ambiguousLines, parser.counts().ambiguousLines) << log;
  }
}

TEST(Flood, WithCallersOrPrefixesIsFoldedAsWell) {
  for (const char* prefix : {"][  T100] ", "][   C1] "}) {
    std::string log = flood({"nfs_a", "nfs_b"}, 20);
    for (std::size_t at = log.find("] "); at != std::string::npos; at = log.find("] ", log.find('\n', at)))
      log.replace(at, 2, prefix);
    EXPECT_EQ(2u, parsed(log).size());
    EXPECT_EQ(counted(theLongWay(log)), counted(parsed(log)));
  }
}

TEST(Flood, OfManyCallersIsFolded) {
  std::string log;
  for (int i = 0; i < 20; ++i) {
    std::string one = dump("nfs_a", i);
    for (std::size_t at = one.find("] "); at != std::string::npos; at = one.find("] ", one.find('\n', at))) {
      one.replace(at, 2, fmt::format("][  T{}] ", 100 + i));
    }
    log += one;
  }
  const auto events = parsed(log);
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(20u, events[0].count);
  EXPECT_EQ(counted(theLongWay(log)), counted(events));
}

TEST(Flood, YieldsTheSameInAnyTwoPiecesAndByteByByte) {
  const std::string log =
      flood({"nfs_a"}, 3) + "user\n" + dump("nfs_b", 3, "[   10.500000] other\n") + flood({"nfs_a", "nfs_b"}, 4);
  const std::string whole = counted(parsed(log));
  std::vector<std::size_t> each;
  for (std::size_t cut = 0; cut < log.size(); ++cut) {
    ASSERT_EQ(whole, counted(parsed(log, {cut}))) << cut;
    each.push_back(cut);
  }
  EXPECT_EQ(whole, counted(parsed(log, each)));
}

TEST(Flood, TheFirstReportIsToldAsSoonAsItIsQuiet) {
  ConsoleParser parser;
  EXPECT_THAT(parser.feed({dump("nfs_a", 0), Instant{1000}}), IsEmpty());
  EXPECT_THAT(parser.tick(Instant{1049}), IsEmpty());
  EXPECT_EQ(1u, parser.tick(Instant{1050}).size());
}

TEST(Flood, IsToldWhenItHasBeenQuiet) {
  ConsoleParser parser;
  EXPECT_THAT(parser.feed({flood({"nfs_a"}, 20), Instant{1000}}), IsEmpty());
  EXPECT_THAT(parser.tick(Instant{1299}), IsEmpty());
  const auto events = parser.tick(Instant{1300});
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(20u, events[0].count);
}

TEST(Flood, IsToldAfterTwoSecondsThoughItGoesOn) {
  ConsoleParser parser;
  std::vector<ConsoleEvent> events;
  std::uint64_t told = 0;
  for (int i = 0; i < 100; ++i) {
    for (const ConsoleEvent& event : parser.feed({dump("nfs_a", i), Instant{i * 100}})) {
      EXPECT_EQ(EventKind::DumpStack, event.kind);
      EXPECT_LE(i * 100 - event.at.count(), 2100);
      told += event.count;
      events.push_back(event);
    }
  }
  EXPECT_GE(events.size(), 4u);
  EXPECT_GE(told, 75u);
  for (const ConsoleEvent& event : parser.finish()) told += event.count;
  EXPECT_EQ(100u, told);
}

TEST(Flood, TheArrivalOfItsLastReportIsKept) {
  ConsoleParser parser;
  parser.feed({dump("nfs_a", 0), Instant{100}});
  parser.feed({dump("nfs_a", 1), Instant{200}});
  parser.feed({dump("nfs_a", 2), Instant{300}});
  const auto events = parser.finish();
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ(Instant{100}, events[0].at);
  EXPECT_EQ(Instant{300}, events[0].last.at);
}

TEST(Flood, APathIsItsSymbolsAndOffsets) {
  const auto trace = [](const std::string& symbol, std::uint64_t offset) {
    ConsoleEvent event;
    event.frames.push_back({.symbol = symbol, .offset = offset, .size = 0x10});
    event.frames.push_back({.symbol = "el0_svc", .offset = 8, .size = 0x10});
    return pathOf(event);
  };
  EXPECT_EQ(trace("a", 1), trace("a", 1));
  EXPECT_EQ(3u, (std::set{trace("a", 1), trace("a", 2), trace("b", 1)}).size());
}

TEST(SelfTests, OfTracesAreNoEvents) {
  const std::string begin = "[    1.000000] ====[ backtrace testing ]===========\n";
  const std::string end = "[   90.000000] ====[ end of backtrace testing ]====\n";
  EXPECT_THAT(parsed(begin + dump("backtrace_test", 0) + end), IsEmpty());
  const auto events = parsed(begin + dump("backtrace_test", 0) + end + dump("nfs_a", 1));
  ASSERT_EQ(1u, events.size());
  EXPECT_EQ("dump_stack in nfs_a", events[0].title);
}

}  // namespace
}  // namespace relapse::console
