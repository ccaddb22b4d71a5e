// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/mailbox.hpp"

#include <gtest/gtest.h>

namespace relapse::guest {
namespace {

using Clock = std::chrono::steady_clock;

Post console(const std::string& bytes) {
  return {Clock::now(), "client", ConsoleBytes{bytes}};
}

TEST(Mailbox, GivesPostsInTheirOrder) {
  Mailbox box;
  box.put(console("a"));
  box.put(console("b"));
  EXPECT_EQ(std::get<ConsoleBytes>(box.take(Clock::now(), {})->what).bytes, "a");
  EXPECT_EQ(std::get<ConsoleBytes>(box.take(Clock::now(), {})->what).bytes, "b");
  EXPECT_FALSE(box.take(Clock::now(), {}));
}

TEST(Mailbox, TellsAFloodingGuestToWaitAndWhenThereIsRoom) {
  Mailbox box(10);
  int calls = 0;
  box.whenRoom([&] { ++calls; });
  EXPECT_TRUE(box.put(console("12345")));
  EXPECT_FALSE(box.put(console("67890")));
  box.take(Clock::now(), {});
  EXPECT_EQ(calls, 0) << "half full is not room enough";
  box.take(Clock::now(), {});
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(box.put(console("x")));
}

TEST(Mailbox, AStopRequestEndsTheWait) {
  Mailbox box;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(box.take(Clock::now() + std::chrono::hours(1), stop.get_token()));
}

}  // namespace
}  // namespace relapse::guest
