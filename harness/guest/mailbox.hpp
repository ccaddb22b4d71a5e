// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "guest/values.hpp"

namespace relapse::guest {

// The one queue between the threads that read guests and the run's thread, for all guests of a run. Thread-safe.
// A guest that floods does not fill the host's memory, nor does it stop the others: the writer is told to stop
// reading a node of which more than `capacity` bytes lie here, and the node's `onRoom` is called (on the taker's
// thread) when there is room again. Posts keep their order across nodes.
class Mailbox {
 public:
  explicit Mailbox(std::size_t capacity = 8u << 20) : capacity_(capacity) {}

  // True: there is room for more of this node. False: taken, but read no more of it until onRoom.
  bool put(Post post);

  // The next post, or nothing when `until` has come or stop was requested.
  std::optional<Post> take(std::chrono::steady_clock::time_point until, std::stop_token stop);

  // One for each node; it takes the place of an earlier one. Null: none.
  void whenRoom(const std::string& node, std::function<void()> onRoom);

 private:
  struct Share {  // of one node
    std::size_t bytes = 0;
    bool full = false;
    std::function<void()> onRoom = {};
  };
  // What is to be called now that this post is gone; null: nothing.
  std::function<void()> release(const Post& post);

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Post> posts_;
  std::map<std::string, Share> shares_;
};

}  // namespace relapse::guest
