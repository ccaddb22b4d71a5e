// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "guest/values.hpp"

namespace relapse::guest {

// The one queue between the threads that read guests and the run's thread. Thread-safe.
// A guest that floods does not fill the host's memory: over `capacity` bytes the writer is told to
// stop reading, and `onRoom` is called (on the taker's thread) when there is room again.
class Mailbox {
 public:
  explicit Mailbox(std::size_t capacity = 8u << 20) : capacity_(capacity) {}

  // True: there is room for more. False: taken, but read no more until onRoom.
  bool put(Post post);

  // The next post, or nothing when `until` has come or stop was requested.
  std::optional<Post> take(std::chrono::steady_clock::time_point until, std::stop_token stop);

  void whenRoom(std::function<void()> onRoom);

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Post> posts_;
  std::size_t bytes_ = 0;
  bool full_ = false;
  std::function<void()> onRoom_;
};

}  // namespace relapse::guest
