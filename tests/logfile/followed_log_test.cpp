// SPDX-License-Identifier: GPL-2.0-or-later
#include "logfile/followed_log.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "packed.hpp"

namespace relapse::logfile {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto kPatience = 60s;  // longer than any machine takes: a test that waits this long has failed

class Followed : public testing::Test {
 protected:
  void open() {
    auto opened = FollowedLog::open(folder_.file("log"));
    ASSERT_TRUE(opened) << opened.error().message;
    log_.emplace(std::move(*opened));
  }

  FollowStep next(std::chrono::milliseconds patience = kPatience) {
    auto step = log_->next(patience, stop_.get_token());
    EXPECT_TRUE(step) << step.error().message;
    return step ? *step : FollowStep(Ended{});
  }

  // The bytes that came, up to `length` of them.
  std::string grown(std::size_t length) {
    std::string all;
    while (all.size() < length) {
      const auto step = next();
      const auto* more = std::get_if<Grown>(&step);
      if (more == nullptr) return all + "<no more>";
      all += more->bytes;
    }
    return all;
  }

  Folder folder_;
  std::optional<FollowedLog> log_;
  std::stop_source stop_;
};

TEST_F(Followed, WhatIsThereComesFirstAndThenWhatIsAppended) {
  folder_.write("log", "one\n");
  open();
  EXPECT_EQ(grown(4), "one\n");
  EXPECT_TRUE(std::holds_alternative<Quiet>(next(0ms)));
  const std::jthread writer([this] { folder_.append("log", "two\n"); });
  EXPECT_EQ(grown(4), "two\n");
}

TEST_F(Followed, ATruncatedOneBeginsAgain) {
  folder_.write("log", "a long line\n");
  open();
  EXPECT_EQ(grown(12), "a long line\n");
  folder_.write("log", "new\n");
  const auto step = next();
  ASSERT_TRUE(std::holds_alternative<Restarted>(step));
  EXPECT_THAT(std::get<Restarted>(step).why, HasSubstr("truncated"));
  EXPECT_EQ(grown(4), "new\n");
}

TEST_F(Followed, OneThatIsReplacedIsReadToItsEndFirst) {
  folder_.write("log", "one\n");
  open();
  EXPECT_EQ(grown(4), "one\n");
  folder_.append("log", "its last\n");
  std::filesystem::rename(folder_.file("log"), folder_.file("log.1"));
  folder_.write("log", "another\n");
  EXPECT_EQ(grown(9), "its last\n");
  const auto step = next();
  ASSERT_TRUE(std::holds_alternative<Restarted>(step));
  EXPECT_THAT(std::get<Restarted>(step).why, HasSubstr("another file"));
  EXPECT_EQ(grown(8), "another\n");
}

TEST_F(Followed, OneThatLosesItsNameIsStillRead) {
  folder_.write("log", "one\n");
  open();
  EXPECT_EQ(grown(4), "one\n");
  std::filesystem::rename(folder_.file("log"), folder_.file("log.1"));
  folder_.append("log.1", "two\n");
  EXPECT_EQ(grown(4), "two\n");
}

TEST_F(Followed, AStopWakesIt) {
  folder_.write("log", "");
  open();
  const std::jthread stopper([this] { stop_.request_stop(); });
  EXPECT_TRUE(std::holds_alternative<Ended>(next()));
}

TEST_F(Followed, APipeEndsWithItsWriter) {
  ASSERT_EQ(mkfifo(folder_.file("log").c_str(), 0600), 0);
  std::jthread writer([this] { std::ofstream(folder_.file("log")) << "through a pipe\n"; });
  open();
  EXPECT_EQ(grown(15), "through a pipe\n");
  EXPECT_TRUE(std::holds_alternative<Ended>(next()));
}

TEST_F(Followed, APackedOneIsRefused) {
  folder_.write("log", gzipped("one\n"));
  open();
  const auto step = log_->next(kPatience, stop_.get_token());
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().kind, FailureKind::BadInput);
  EXPECT_THAT(step.error().message, HasSubstr("found gzip"));
}

TEST_F(Followed, WhatIsMissingIsBadInput) {
  const auto opened = FollowedLog::open(folder_.file("nothing"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, FailureKind::BadInput);
}

}  // namespace
}  // namespace relapse::logfile
