// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "guest/embedded_driver.hpp"
#include "guest/guest_host.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

class Disk : public testing::Test {
 protected:
  void SetUp() override {
    if (!qemuOwner()) GTEST_SKIP() << "skipped: " << qemuOwner().error().message;
    std::string pattern = testing::TempDir() + "disk-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }
  fs::path folder_;
};

TEST_F(Disk, IsAllHolesAndQemusAlone) {
  ASSERT_TRUE(makeDisk(folder_ / "disk", 64u << 20));
  struct stat disk {};
  ASSERT_EQ(stat((folder_ / "disk").c_str(), &disk), 0);
  EXPECT_EQ(disk.st_size, 64 << 20);
  EXPECT_EQ(disk.st_blocks, 0);
  EXPECT_EQ(disk.st_mode & 0777u, 0600u);
  if (const long owner = *qemuOwner(); owner >= 0) {
    EXPECT_EQ(static_cast<long>(disk.st_uid), owner);
  }
}

TEST_F(Disk, IsNeverMadeOverAnother) {
  ASSERT_TRUE(makeDisk(folder_ / "disk", 4096));
  const auto again = makeDisk(folder_ / "disk", 8192);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, (folder_ / "disk").string() + ": File exists");
  EXPECT_EQ(fs::file_size(folder_ / "disk"), 4096u);
}

TEST_F(Disk, LeavesNothingWhenTheHostCannotHoldIt) {
  EXPECT_FALSE(makeDisk(folder_ / "disk", ~0ull));
  EXPECT_FALSE(fs::exists(folder_ / "disk"));
}

}  // namespace
}  // namespace relapse::guest
