// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include "cli/held_lines.hpp"
#include "cli/scan_summary.hpp"
#include "cli/signatures.hpp"

namespace relapse::cli {
namespace {

console::ConsoleEvent lockup(const std::string& inner, int pid = 67) {
  console::ConsoleEvent event;
  event.kind = console::EventKind::SoftLockup;
  event.title = "soft lockup in " + inner;
  event.cpu = 1;
  event.pid = pid;
  event.kernelTime = 1.0;
  for (const std::string& symbol : {inner, std::string("nfs_updatepage")})
    event.frames.push_back({.symbol = symbol, .offset = 1, .size = 2, .text = symbol + "+0x1/0x2"});
  return event;
}

console::ConsoleEvent panic(const std::string& words) {
  console::ConsoleEvent event;
  event.kind = console::EventKind::Panic;
  event.title = words;
  return event;
}

// What was written to standard output while it lived.
std::string captured(const std::function<void(Output&)>& writing) {
  testing::internal::CaptureStdout();
  Output output;
  writing(output);
  output.flush();
  return testing::internal::GetCapturedStdout();
}

TEST(HeldLines, LeaveAtOnceWhileNoSpinWaits) {
  const Signatures signatures;
  EXPECT_EQ(captured([&](Output& output) {
              HeldLines held(signatures, output, 1000);
              held.add({"a", "b"}, {.text = "x"});
            }),
            "a\"x\"b\n");
}

TEST(HeldLines, WaitInOrderBehindASpinForItsLastReport) {
  Signatures signatures;
  const auto text = captured([&](Output& output) {
    HeldLines held(signatures, output, 10000);
    held.add({"1", ""}, signatures.add(lockup("nfs_wb_page")));
    held.add({"2", ""}, signatures.add(panic("panic: x")));
    held.add({"3", ""}, signatures.add(lockup("__nfs_commit_inode")));
    held.release();
  });
  EXPECT_EQ(text, "1\"soft lockup in nfs_updatepage\"\n2\"panic: x\"\n3\"soft lockup in nfs_updatepage\"\n");
}

TEST(HeldLines, TheOldestLeavesWithWhatIsKnownWhenThereAreTooMany) {
  Signatures signatures;
  const auto text = captured([&](Output& output) {
    HeldLines held(signatures, output, 2500);
    held.add({std::string(2000, 'a'), ""}, signatures.add(lockup("nfs_wb_page")));
    held.add({std::string(2000, 'b'), ""}, signatures.add(panic("panic: x")));
    held.add({"c", ""}, signatures.add(lockup("__nfs_commit_inode")));
  });
  EXPECT_EQ(text, std::string(2000, 'a') + "\"soft lockup in nfs_wb_page\"\n");
}

TEST(Signatures, OfVeryManyBugsAreThoseOfTheirReports) {
  Signatures signatures;
  for (int i = 0; i < 20000; ++i) {
    const std::string title = "panic " + std::to_string(i);
    ASSERT_EQ(signatures.of(signatures.add(panic(title))), title);
  }
  EXPECT_FALSE(signatures.add(panic("another")).number);
}

TEST(ScanSummary, CountsReportsArtefactsAndLogs) {
  ScanSummary summary;
  for (int log = 0; log < 2; ++log) {
    Signatures signatures;
    auto event = lockup("nfs_wb_page");
    summary.add(event, signatures.add(event));
    event.count = 5;
    event.artefact = console::Artefact::ConsoleOutput;
    event.last.kernelTime = 3.0;
    summary.add(event, signatures.add(event));
    summary.endLog(signatures);
  }
  const auto groups = summary.takeGroups();
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].signature, "soft lockup in nfs_wb_page");
  EXPECT_EQ(groups[0].events, 4u);
  EXPECT_EQ(groups[0].reports, 12u);
  EXPECT_EQ(groups[0].artefacts, 2u);
  EXPECT_EQ(groups[0].logs, 2u);
  EXPECT_EQ(groups[0].first, 1.0);
  EXPECT_EQ(groups[0].last, 3.0);
}

TEST(ScanSummary, CountsTheEventsThatItHasNoRoomFor) {
  ScanSummary summary;
  Signatures signatures;
  constexpr int kMany = 20000;
  for (int i = 0; i < kMany; ++i) {
    const auto event = panic("panic " + std::to_string(i));
    summary.add(event, signatures.add(event));
  }
  summary.endLog(signatures);
  const auto groups = summary.takeGroups();
  EXPECT_GT(summary.ungrouped(), 0u);
  EXPECT_EQ(groups.size() + summary.ungrouped(), static_cast<std::size_t>(kMany));
}

}  // namespace
}  // namespace relapse::cli
