// SPDX-License-Identifier: GPL-2.0-or-later
#include "process/file_age.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace relapse::process {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FileAge : public testing::Test {
 protected:
  void SetUp() override { std::ofstream(file_) << "x"; }
  void TearDown() override { fs::remove(file_); }
  void writtenAt(std::chrono::seconds fromNow) {
    fs::last_write_time(file_, fs::file_time_type::clock::now() + fromNow);
  }
  fs::path file_ = fs::temp_directory_path() / ("file-age-" + std::to_string(getpid()));
};

TEST_F(FileAge, IsTheTimeSinceItWasWritten) {
  writtenAt(-1h);
  ASSERT_TRUE(ageOf(file_));
  EXPECT_GE(*ageOf(file_), 1h);
  EXPECT_LT(*ageOf(file_), 2h);
}

TEST_F(FileAge, IsNotKnownAfterTheClockWasSetBack) {
  writtenAt(1h);
  EXPECT_FALSE(ageOf(file_));
}

TEST_F(FileAge, IsNotKnownOfAFileThatIsNotThere) {
  EXPECT_FALSE(ageOf(file_.string() + "-not"));
}

}  // namespace
}  // namespace relapse::process
