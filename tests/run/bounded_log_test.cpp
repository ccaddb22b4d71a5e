// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/bounded_log.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <iterator>

namespace relapse::run {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class BoundedLogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "bounded-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path file() const { return folder_ / "console.client.log"; }
  std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::uintmax_t bytesInFolder() const {
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(folder_)) bytes += entry.file_size();
    return bytes;
  }

  fs::path folder_;
};

TEST_F(BoundedLogTest, ASmallLogIsWhole) {
  BoundedLog log(file(), {.head = 10, .tail = 10});
  log.append("hello\n");
  log.append("you\n");
  ASSERT_TRUE(log.finish());
  EXPECT_EQ(content(), "hello\nyou\n");
}

TEST_F(BoundedLogTest, WhatFitsIntoHeadAndTailIsWholeAndHasNoMark) {
  BoundedLog log(file(), {.head = 4, .tail = 6});
  for (const char* piece : {"abc", "defg", "hi", "jklmnop"}) log.append(piece);
  ASSERT_TRUE(log.finish());
  EXPECT_EQ(content(), "abcdefghijklmnop");
}

TEST_F(BoundedLogTest, AFloodLeavesHeadAndTailAndSaysHowMuchIsMissing) {
  BoundedLog log(file(), {.head = 5, .tail = 10});
  std::string whole;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece = std::to_string(i) + "\n";
    log.append(piece);
    whole += piece;
    ASSERT_LE(bytesInFolder(), 5u + 3 * (10 + piece.size())) << i;
  }
  ASSERT_TRUE(log.finish());
  const std::string kept = content();
  EXPECT_EQ(kept.substr(0, 5), whole.substr(0, 5));
  const auto mark = kept.find("\n[relapse: ");
  ASSERT_NE(mark, std::string::npos);
  const std::string tail = kept.substr(kept.find("here]\n") + 6);
  EXPECT_GE(tail.size(), 10u);
  EXPECT_TRUE(whole.ends_with(tail)) << tail;
  EXPECT_THAT(kept, HasSubstr("[relapse: " + std::to_string(whole.size() - 5 - tail.size()) + " bytes were left out"));
}

TEST_F(BoundedLogTest, OnePieceLargerThanAllIsKeptAtItsEndsOrWhole) {
  BoundedLog log(file(), {.head = 3, .tail = 4});
  log.append(std::string(100, 'x'));
  log.append("end");
  ASSERT_TRUE(log.finish());
  EXPECT_TRUE(content().ends_with("end"));
  EXPECT_TRUE(content().starts_with("xxx"));
}

TEST_F(BoundedLogTest, IsOnTheDiskAtOnce) {
  BoundedLog log(file(), {.head = 3, .tail = 100});
  log.append("abc");
  EXPECT_EQ(content(), "abc");
  log.append("def");
  EXPECT_EQ(bytesInFolder(), 6u);
}

TEST_F(BoundedLogTest, LeavesNoOtherFile) {
  BoundedLog log(file(), {.head = 1, .tail = 1});
  for (int i = 0; i < 10; ++i) log.append("line\n");
  ASSERT_TRUE(log.finish());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(BoundedLogTest, AFullDiskIsTold) {
  fs::create_symlink("/dev/full", file());
  BoundedLog log(file());
  log.append("hello");
  const auto done = log.finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, FailureKind::Exhausted);
  EXPECT_THAT(done.error().message, HasSubstr(file().string()));
}

TEST_F(BoundedLogTest, ATailThatCannotBeJoinedStays) {
  fs::create_symlink("/dev/full", file());
  BoundedLog log(file(), {.head = 1, .tail = 100});
  log.append("hello");
  EXPECT_FALSE(log.finish());
  EXPECT_TRUE(fs::exists(file().string() + ".tail")) << "the only copy of it";
}

TEST_F(BoundedLogTest, OpenedAgainGoesOnBehindWhatThereIs) {
  for (const char* piece : {"abc", "def"}) {
    BoundedLog log(file(), {.head = 4, .tail = 10});
    log.append(piece);
    ASSERT_TRUE(log.finish());
  }
  EXPECT_EQ(content(), "abcdef");
}

TEST_F(BoundedLogTest, AFullDiskUnderTheTailIsToldAsWell) {
  fs::create_symlink("/dev/full", file().string() + ".tail");
  BoundedLog log(file(), {.head = 1, .tail = 100});
  log.append("hello");
  EXPECT_FALSE(log.finish());
  EXPECT_LE(fs::file_size(file()), 5u) << "/dev/full can be read for ever";
}

}  // namespace
}  // namespace relapse::run
