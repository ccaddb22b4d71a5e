// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/patience.hpp"

#include <algorithm>
#include <utility>

namespace relapse::guest {

Patience::Patience(Clock::time_point until, std::function<void()> giveUp)
    : Patience(until, std::stop_token(), {}, std::move(giveUp)) {}

Patience::Patience(Clock::time_point until, const std::stop_token& stop, std::chrono::milliseconds afterStop,
                   std::function<void()> giveUp)
    : giveUp_(std::move(giveUp)),
      until_(until),
      hurry_(stop,
             [this] {
               const std::lock_guard lock(mutex_);
               stopped_ = true;
               hurried_.notify_all();
             }),
      keeper_([this, afterStop](const std::stop_token& over) { wait(over, afterStop); }) {}

bool Patience::gaveUp() const {
  const std::lock_guard lock(mutex_);
  return gaveUp_;
}

void Patience::wait(const std::stop_token& over, std::chrono::milliseconds afterStop) {
  {
    std::unique_lock lock(mutex_);
    if (hurried_.wait_until(lock, over, until_, [&] { return stopped_; }))
      hurried_.wait_until(lock, over, std::min(until_, Clock::now() + afterStop), [] { return false; });
    if (over.stop_requested()) return;
    gaveUp_ = true;
  }
  giveUp_();
}

}  // namespace relapse::guest
