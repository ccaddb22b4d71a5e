// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/mailbox.hpp"

#include <gtest/gtest.h>

namespace relapse::guest {
namespace {

using Clock = std::chrono::steady_clock;

Post console(const std::string& bytes, const std::string& node = "client") {
  return {Clock::now(), node, ConsoleBytes{bytes}};
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
  box.whenRoom("client", [&] { ++calls; });
  EXPECT_TRUE(box.put(console("12345")));
  EXPECT_FALSE(box.put(console("67890")));
  box.take(Clock::now(), {});
  EXPECT_EQ(calls, 0) << "half full is not room enough";
  box.take(Clock::now(), {});
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(box.put(console("x")));
}

TEST(Mailbox, AFloodOfOneGuestStopsNoOther) {
  Mailbox box(10);
  int client = 0;
  int server = 0;
  box.whenRoom("client", [&] { ++client; });
  box.whenRoom("server", [&] { ++server; });
  EXPECT_FALSE(box.put(console("1234567890")));
  EXPECT_TRUE(box.put(console("12345", "server")));
  box.take(Clock::now(), {});
  EXPECT_EQ(client, 1);
  EXPECT_EQ(server, 0) << "it was never told to wait";
}

TEST(Mailbox, RoomOfEachGuestIsItsOwn) {
  Mailbox box(10);
  int client = 0;
  int server = 0;
  box.whenRoom("client", [&] { ++client; });
  box.whenRoom("server", [&] { ++server; });
  EXPECT_FALSE(box.put(console("1234567890")));
  EXPECT_FALSE(box.put(console("1234567890", "server")));
  box.take(Clock::now(), {});
  EXPECT_EQ(client, 1);
  EXPECT_EQ(server, 0);
  box.take(Clock::now(), {});
  EXPECT_EQ(client, 1);
  EXPECT_EQ(server, 1);
}

TEST(Mailbox, OrderHoldsAcrossGuests) {
  Mailbox box;
  box.put(console("a", "server"));
  box.put(console("b", "client"));
  box.put(console("c", "server"));
  std::string order;
  while (const auto post = box.take(Clock::now(), {})) order += std::get<ConsoleBytes>(post->what).bytes;
  EXPECT_EQ(order, "abc");
}

TEST(Mailbox, EveryStreamOfAGuestHasItsWeight) {
  Mailbox box(10);
  EXPECT_TRUE(box.put({Clock::now(), "client", GuestStopped{}}));
  EXPECT_TRUE(box.put({Clock::now(), "client", AgentBytes{"1234"}}));
  EXPECT_FALSE(box.put({Clock::now(), "client", TerminalBytes{"567890"}}));
}

TEST(Mailbox, AnEndedGuestIsNotToldOfRoom) {
  Mailbox box(10);
  int calls = 0;
  box.whenRoom("client", [&] { ++calls; });
  EXPECT_FALSE(box.put(console("1234567890")));
  box.whenRoom("client", nullptr);
  EXPECT_TRUE(box.take(Clock::now(), {}));
  EXPECT_EQ(calls, 0);
}

TEST(Mailbox, AStopRequestEndsTheWait) {
  Mailbox box;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(box.take(Clock::now() + std::chrono::hours(1), stop.get_token()));
}

}  // namespace
}  // namespace relapse::guest
