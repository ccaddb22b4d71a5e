// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace relapse::guest {

// A QEMU that is stopped, or that waits for the host's disk, answers nobody, and libvirt waits for it with no end.
inline constexpr std::chrono::seconds kPatience{30};

// How long a call may take that cannot be given a deadline. For as long as it lives it waits on a thread of its own,
// and when the time is up it calls `giveUp` there, once: that has to make the call come back.
class Patience {
 public:
  using Clock = std::chrono::steady_clock;

  Patience(Clock::time_point until, std::function<void()> giveUp);

  // With a stop the time is up after `afterStop`, if it is not before.
  Patience(Clock::time_point until, const std::stop_token& stop, std::chrono::milliseconds afterStop,
           std::function<void()> giveUp);

  // Waits for `giveUp` when that has begun.
  ~Patience() = default;

  bool gaveUp() const;

 private:
  void wait(const std::stop_token& over, std::chrono::milliseconds afterStop);

  std::function<void()> giveUp_;
  mutable std::mutex mutex_;
  std::condition_variable_any hurried_;
  Clock::time_point until_;
  bool stopped_ = false;
  bool gaveUp_ = false;
  std::stop_callback<std::function<void()>> hurry_;
  std::jthread keeper_;
};

}  // namespace relapse::guest
