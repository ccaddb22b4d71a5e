// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/host_watch.hpp"

#include <gtest/gtest.h>

namespace relapse::run {
namespace {

using namespace std::chrono_literals;

// vCPU 0 runs all the time, vCPU 1 none of it.
HostWatch watched(console::Instant until) {
  HostWatch watch;
  for (console::Instant at = 0ms; at <= until; at += 250ms) watch.add(at, {at, 5ms});
  return watch;
}

TEST(HostWatch, TellsWhatPartOfTheTimeAVcpuRan) {
  const auto watch = watched(4s);
  EXPECT_NEAR(watch.share(0, 1s, 3s).value(), 1.0, 0.01);
  EXPECT_NEAR(watch.share(1, 1s, 3s).value(), 0.0, 0.01);
  EXPECT_NEAR(watch.share(0, 1100ms, 4200ms).value(), 1.0, 0.01) << "between two looks, and a little behind the last";
}

TEST(HostWatch, AStopOfTheWholeMachineIsSeen) {
  HostWatch watch = watched(2s);
  watch.add(2250ms, {2100ms, 5ms});  // from here on it was stopped
  watch.add(6s, {2110ms, 5ms});
  EXPECT_LT(watch.share(0, 4s, 6s).value_or(1), kStarvedBelow) << "the last look before is as good as one then";
}

TEST(HostWatch, SaysNothingOfATimeItDidNotSee) {
  const auto watch = watched(4s);
  EXPECT_FALSE(watch.share(0, 10s, 12s));
  EXPECT_FALSE(watch.share(0, -5s, 3s));
  EXPECT_FALSE(watch.share(7, 1s, 3s));
  EXPECT_FALSE(watch.share(-1, 1s, 3s));
  EXPECT_FALSE(HostWatch().share(0, 1s, 3s));
}

TEST(HostWatch, ForgetsWhatIsLongAgo) {
  HostWatch watch;
  watch.add(0s, {0ms});
  watch.add(10min, {1s});
  EXPECT_FALSE(watch.share(0, 0s, 10min));
}

}  // namespace
}  // namespace relapse::run
