// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/mailbox.hpp"

#include <utility>

namespace relapse::guest {
namespace {

std::size_t weight(const Post& post) {
  if (const auto* console = std::get_if<ConsoleBytes>(&post.what)) return console->bytes.size();
  if (const auto* agent = std::get_if<AgentBytes>(&post.what)) return agent->bytes.size();
  return 0;
}

}  // namespace

bool Mailbox::put(Post post) {
  const std::lock_guard lock(mutex_);
  bytes_ += weight(post);
  posts_.push_back(std::move(post));
  arrived_.notify_one();
  full_ = bytes_ >= capacity_;
  return !full_;
}

std::optional<Post> Mailbox::take(std::chrono::steady_clock::time_point until, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  arrived_.wait_until(lock, stop, until, [this] { return !posts_.empty(); });
  if (posts_.empty()) return std::nullopt;
  Post post = std::move(posts_.front());
  posts_.pop_front();
  bytes_ -= weight(post);
  if (full_ && bytes_ < capacity_ / 2) {
    full_ = false;
    const auto onRoom = onRoom_;
    lock.unlock();
    if (onRoom) onRoom();
  }
  return post;
}

void Mailbox::whenRoom(std::function<void()> onRoom) {
  const std::lock_guard lock(mutex_);
  onRoom_ = std::move(onRoom);
}

}  // namespace relapse::guest
