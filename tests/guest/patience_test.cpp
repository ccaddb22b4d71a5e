// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/patience.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace relapse::guest {
namespace {

using namespace std::chrono_literals;
using Clock = Patience::Clock;

TEST(Patience, GivesUpWhenTheTimeIsUp) {
  std::promise<void> given;
  const Patience patience(Clock::now() + 20ms, [&] { given.set_value(); });
  given.get_future().wait();
  EXPECT_TRUE(patience.gaveUp());
}

TEST(Patience, DoesNothingForACallThatComesBack) {
  std::atomic<bool> given = false;
  {
    const Patience patience(Clock::now() + 1h, [&] { given = true; });
  }
  EXPECT_FALSE(given);
}

TEST(Patience, IsShortAfterAStop) {
  std::stop_source stop;
  std::promise<void> given;
  const Patience patience(Clock::time_point::max(), stop.get_token(), 20ms, [&] { given.set_value(); });
  EXPECT_FALSE(patience.gaveUp());
  stop.request_stop();
  given.get_future().wait();
  EXPECT_TRUE(patience.gaveUp());
}

TEST(Patience, IsNotLongerForAStop) {
  std::stop_source stop;
  stop.request_stop();
  std::promise<void> given;
  const Patience patience(Clock::now() + 20ms, stop.get_token(), 1h, [&] { given.set_value(); });
  given.get_future().wait();
}

TEST(Patience, DoesNothingForACallThatComesBackAfterAStop) {
  std::atomic<bool> given = false;
  std::stop_source stop;
  {
    const Patience patience(Clock::time_point::max(), stop.get_token(), 1h, [&] { given = true; });
    stop.request_stop();
  }
  EXPECT_FALSE(given);
}

}  // namespace
}  // namespace relapse::guest
