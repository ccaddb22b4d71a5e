// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "console/values.hpp"

namespace relapse::run {

// How much of the time a guest's vCPUs really ran on the host. Pure; bounded.
class HostWatch {
 public:
  // What each vCPU's thread has run so far, seen at `at`. Times only go forward.
  void add(console::Instant at, std::vector<std::chrono::nanoseconds> ran);

  // The part of the time from `from` to `to` that a vCPU ran, 0 to 1; nothing when it was not looked at then.
  std::optional<double> share(int vcpu, console::Instant from, console::Instant to) const;

 private:
  struct Look {
    console::Instant at;
    std::vector<std::chrono::nanoseconds> ran;
  };
  std::deque<Look> looks_;
};

// Below this part of its stall's time a vCPU did not really run: a spinning one takes all that the host has, and
// two on one core still half.
inline constexpr double kStarvedBelow = 0.1;

}  // namespace relapse::run
