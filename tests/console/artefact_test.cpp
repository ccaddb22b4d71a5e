// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/artefact.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace relapse::console {
namespace {

constexpr std::uint64_t kPath = 7;

ConsoleEvent report(EventKind kind, const std::string& message, const std::vector<std::string>& symbols,
                    double time = 40) {
  ConsoleEvent event;
  event.kind = kind;
  event.message = message;
  event.kernelTime = time;
  for (const auto& symbol : symbols) {
    RawFrame frame;
    frame.symbol = symbol;
    frame.offset = 4;
    event.frames.push_back(frame);
  }
  return event;
}

ConsoleEvent lockup(const std::vector<std::string>& symbols = {"nfs_scan_commit", "nfs_wb_page"}) {
  return report(EventKind::SoftLockup, "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [wr:67]", symbols);
}

// A judge that saw a trace of each path, one after the other, each `step` seconds.
ArtefactJudge flood(double from, double until, double step, std::vector<std::uint64_t> paths = {kPath}) {
  ArtefactJudge judge;
  std::size_t next = 0;
  for (double time = from; time < until; time += step) judge.sawTrace(paths[next++ % paths.size()], time);
  return judge;
}

TEST(Artefact, ALockupInPrintkIsTheConsoles) {
  EXPECT_EQ(Artefact::ConsoleOutput,
            ArtefactJudge().judge(lockup({"pl011_console_putchar", "uart_console_write", "console_unlock",
                                          "vprintk_emit", "printk", "nfs_error_is_fatal.part.0", "nfs_wb_page"})));
}

TEST(Artefact, SoIsOneThatWaitsForItsTurnToPrint) {
  EXPECT_EQ(Artefact::ConsoleOutput,
            ArtefactJudge().judge(lockup({"arch_local_irq_restore", "dump_stack_lvl", "dump_stack", "nfs_wb_page"})));
}

TEST(Artefact, SoIsOneWhoseTraceLostItsFirstFramesToAnotherCpu) {
  auto event = lockup({"nfs_error_is_fatal", "nfs_page_async_flush"});
  event.pc = RawFrame{.symbol = "arch_local_irq_restore", .offset = 4};
  event.lr = RawFrame{.symbol = "dump_stack_lvl", .offset = 4};
  EXPECT_EQ(Artefact::ConsoleOutput, ArtefactJudge().judge(event));
  event.lr->symbol = "nfs_page_async_flush";
  EXPECT_EQ(Artefact::None, ArtefactJudge().judge(event));
}

TEST(Artefact, ALockupElsewhereIsNone) {
  EXPECT_EQ(Artefact::None, ArtefactJudge().judge(lockup()));
}

TEST(Artefact, TheDetectorsOwnPrintingIsNone) {
  const auto stall = report(EventKind::RcuStall, "rcu: INFO: rcu_sched self-detected stall on CPU",
                            {"dump_backtrace", "show_stack", "sched_show_task", "rcu_dump_cpu_stacks", "gic_handle_irq",
                             "el1_irq", "nfs_wb_page"});
  EXPECT_EQ(Artefact::None, ArtefactJudge().judge(stall));
}

TEST(Artefact, APrintingInterruptOnTopOfTheTaskIsTheConsoles) {
  const auto stall = report(EventKind::SoftLockup, "BUG: soft lockup - CPU#1 stuck for 22s! [wr:67]",
                            {"pl011_console_putchar", "console_unlock", "printk", "el1_irq", "nfs_wb_page"});
  EXPECT_EQ(Artefact::ConsoleOutput, ArtefactJudge().judge(stall));
}

TEST(Artefact, FramesThatTheUnwinderGuessedSayNothing) {
  auto event = lockup();
  event.frames.push_back({.symbol = "printk", .offset = 4, .reliable = false});
  EXPECT_EQ(Artefact::None, ArtefactJudge().judge(event));
}

TEST(Artefact, OnlyStallsCanBeOne) {
  const std::vector<std::string> printing{"console_unlock", "printk"};
  for (const auto kind : {EventKind::Oops, EventKind::Warning, EventKind::Panic, EventKind::DumpStack})
    EXPECT_EQ(Artefact::None, ArtefactJudge().judge(report(kind, "", printing))) << name(kind);
  for (const auto kind : {EventKind::SoftLockup, EventKind::HardLockup, EventKind::RcuStall})
    EXPECT_EQ(Artefact::ConsoleOutput, ArtefactJudge().judge(report(kind, "", printing))) << name(kind);
}

TEST(Artefact, AFloodOfOnePathThroughTheWholeStallIsTheConsoles) {
  EXPECT_EQ(Artefact::ConsoleOutput, flood(15, 40, 0.3).judge(lockup()));
  EXPECT_EQ(Artefact::ConsoleOutput, flood(15, 40, 0.001).judge(lockup()));
}

TEST(Artefact, TracesBeforeASilentLockupAreNoFlood) {
  EXPECT_EQ(Artefact::None, flood(10, 34, 0.01).judge(lockup()));  // the last quarter, 34.5 to 40 s, is silent
  EXPECT_EQ(Artefact::None, flood(24, 40, 0.01).judge(lockup()));  // so is the first, 18 to 23.5 s
}

TEST(Artefact, TracesOfAnotherBootAreNoFlood) {
  auto judge = flood(15, 40, 0.3);
  judge.newBoot();
  EXPECT_EQ(Artefact::None, judge.judge(lockup()));
}

TEST(Artefact, PathsThatTakeTurnsAreStillAFloodOfEach) {
  EXPECT_EQ(Artefact::ConsoleOutput, flood(15, 40, 0.01, {1, 2, 3}).judge(lockup()));
}

TEST(Artefact, ATraceOfAnotherPathEachTimeIsNoFlood) {
  std::vector<std::uint64_t> paths;
  for (std::uint64_t path = 1; path <= 100; ++path) paths.push_back(path);
  EXPECT_EQ(Artefact::None, flood(15, 40, 0.4, paths).judge(lockup()));
}

TEST(Artefact, AFloodExplainsAHungTaskToo) {
  const auto hung = [](double time) {
    return report(EventKind::HungTask, "INFO: task wr:67 blocked for more than 10 seconds.", {"nfs_file_write"}, time);
  };
  EXPECT_EQ(Artefact::ConsoleOutput, flood(15, 40, 0.3).judge(hung(40)));
  EXPECT_EQ(Artefact::None, flood(15, 40, 0.3).judge(hung(60)));
}

TEST(Artefact, WithoutStampsOnlyTheTraceTells) {
  auto event = lockup();
  event.kernelTime.reset();
  auto judge = flood(15, 40, 0.3);
  judge.sawTrace(kPath, std::nullopt);
  EXPECT_EQ(Artefact::None, judge.judge(event));
}

}  // namespace
}  // namespace relapse::console
