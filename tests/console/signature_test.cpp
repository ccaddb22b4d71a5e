// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/signature.hpp"

#include <gtest/gtest.h>

namespace relapse::console {
namespace {

ConsoleEvent reported(EventKind kind, const std::vector<std::string>& symbols, int cpu = 1, int pid = 67) {
  ConsoleEvent event;
  event.kind = kind;
  event.cpu = cpu;
  event.pid = pid;
  for (const std::string& symbol : symbols) event.frames.push_back({.symbol = symbol, .offset = 1, .size = 2});
  event.title = "title of " + (symbols.empty() ? "nothing" : symbols.front());
  return event;
}

ConsoleEvent lockup(const std::vector<std::string>& symbols, int cpu = 1, int pid = 67) {
  return reported(EventKind::SoftLockup, symbols, cpu, pid);
}

TEST(SignatureBook, NamesASpinByTheInnermostFrameThatAllItsReportsShare) {
  SignatureBook book;
  const std::size_t bug = book.add(lockup({"inode_to_bdi", "nfs_commit_inode", "nfs_wb_page", "nfs_updatepage"}));
  EXPECT_EQ("soft lockup in inode_to_bdi", book.signature(bug));
  EXPECT_EQ(bug, book.add(lockup({"nfs_commit_inode", "nfs_wb_page", "nfs_updatepage"})));
  EXPECT_EQ("soft lockup in nfs_commit_inode", book.signature(bug));
  EXPECT_EQ(bug, book.add(lockup({"folio_mapping.isra.0", "nfs_wb_page.cold", "nfs_updatepage"})));
  EXPECT_EQ("soft lockup in nfs_wb_page", book.signature(bug));
  EXPECT_EQ(bug, book.add(lockup({"nfs_commit_inode", "nfs_updatepage"})));
  EXPECT_EQ("soft lockup in nfs_updatepage", book.signature(bug));
}

TEST(SignatureBook, KeepsSpinsOfOtherCpusTasksKindsAndBootsApart) {
  SignatureBook book;
  const std::size_t bug = book.add(lockup({"inode_to_bdi", "nfs_wb_page"}));
  EXPECT_NE(bug, book.add(lockup({"other", "nfs_wb_page"}, 2)));
  EXPECT_NE(bug, book.add(lockup({"other", "nfs_wb_page"}, 1, 68)));
  EXPECT_NE(bug, book.add(reported(EventKind::RcuStall, {"other", "nfs_wb_page"})));
  ConsoleEvent boot;
  boot.kind = EventKind::BootMilestone;
  boot.title = "Linux version 6.1.192";
  book.add(boot);
  EXPECT_NE(bug, book.add(lockup({"other", "nfs_wb_page"})));
  EXPECT_EQ("soft lockup in inode_to_bdi", book.signature(bug));
}

TEST(SignatureBook, BeginsAnotherBugWhereNoFrameIsShared) {
  SignatureBook book;
  const std::size_t first = book.add(lockup({"a", "b"}));
  const std::size_t second = book.add(lockup({"c", "d"}));
  EXPECT_NE(first, second);
  EXPECT_EQ(second, book.add(lockup({"x", "d"})));
  EXPECT_EQ("soft lockup in a", book.signature(first));
  EXPECT_EQ("soft lockup in d", book.signature(second));
}

TEST(SignatureBook, AReportThatLostItsTraceSaysNothing) {
  SignatureBook book;
  const std::size_t bug = book.add(lockup({}));
  EXPECT_EQ("title of nothing", book.signature(bug));
  EXPECT_EQ(bug, book.add(lockup({"a", "b"})));
  EXPECT_EQ(bug, book.add(lockup({})));
  EXPECT_EQ("soft lockup in a", book.signature(bug));
}

TEST(SignatureBook, OtherEventsAreWhatTheirTitleSays) {
  SignatureBook book;
  const std::size_t oops = book.add(reported(EventKind::Oops, {"a", "b"}));
  EXPECT_EQ(oops, book.add(reported(EventKind::Oops, {"a", "c"}, 2, 3)));
  EXPECT_NE(oops, book.add(reported(EventKind::Oops, {"b"})));
  EXPECT_EQ("title of a", book.signature(oops));
}

TEST(MeaningfulFrames, HoldTheSameFunctionsOnAllKernels) {
  const auto hung = [](const std::vector<std::string>& symbols) {
    std::vector<std::string> names;
    for (const RawFrame& frame : meaningfulFrames(reported(EventKind::HungTask, symbols)))
      names.push_back(frame.symbol);
    return names;
  };
  const auto old =
      hung({"__switch_to", "__schedule", "schedule", "rwsem_down_write_failed", "down_write", "nfs_start_io_write",
            "nfs_file_write", "vfs_write", "el0_svc_common.constprop.3", "el0_svc_handler", "el0_svc"});
  const auto later =
      hung({"__switch_to", "__schedule", "schedule", "rwsem_down_write_slowpath", "down_write", "nfs_start_io_write",
            "nfs_file_write", "vfs_write", "invoke_syscall.constprop.0", "el0_svc_common.constprop.0", "do_el0_svc",
            "el0_svc", "el0t_64_sync_handler", "el0t_64_sync"});
  EXPECT_EQ(old, later);
  EXPECT_EQ("nfs_start_io_write", old.at(0));
}

TEST(MeaningfulFrames, LeaveAllocatorsOutOfLeaksAndWaitsOutOfHungTasksOnly) {
  const auto first = [](EventKind kind, const std::vector<std::string>& symbols) {
    return meaningfulFrames(reported(kind, symbols)).at(0).symbol;
  };
  EXPECT_EQ("nfs_create_request", first(EventKind::Kmemleak, {"nfs_page_alloc", "nfs_create_request"}));
  EXPECT_EQ("nfs_page_alloc", first(EventKind::Oops, {"nfs_page_alloc", "nfs_create_request"}));
  EXPECT_EQ("nfs_wb_page", first(EventKind::HungTask, {"wait_on_commit", "nfs_wb_page"}));
  EXPECT_EQ("wait_on_commit", first(EventKind::SoftLockup, {"wait_on_commit", "nfs_wb_page"}));
}

}  // namespace
}  // namespace relapse::console
