// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/mailbox.hpp"

#include <utility>

namespace relapse::guest {
namespace {

std::size_t weight(const Post& post) {
  return std::visit(
      [](const auto& what) -> std::size_t {
        if constexpr (requires { what.bytes; }) {
          return what.bytes.size();
        } else {
          return 0;
        }
      },
      post.what);
}

}  // namespace

bool Mailbox::put(Post post) {
  const std::lock_guard lock(mutex_);
  Share& share = shares_[post.node];
  share.bytes += weight(post);
  share.full = share.bytes >= capacity_;
  const bool room = !share.full;
  posts_.push_back(std::move(post));
  arrived_.notify_one();
  return room;
}

std::optional<Post> Mailbox::take(std::chrono::steady_clock::time_point until, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  arrived_.wait_until(lock, stop, until, [this] { return !posts_.empty(); });
  if (posts_.empty()) return std::nullopt;
  Post post = std::move(posts_.front());
  posts_.pop_front();
  const auto onRoom = release(post);
  lock.unlock();
  if (onRoom) onRoom();
  return post;
}

std::function<void()> Mailbox::release(const Post& post) {
  Share& share = shares_[post.node];
  share.bytes -= weight(post);
  if (!share.full || share.bytes >= capacity_ / 2) return nullptr;
  share.full = false;
  return share.onRoom;
}

void Mailbox::whenRoom(const std::string& node, std::function<void()> onRoom) {
  const std::lock_guard lock(mutex_);
  shares_[node].onRoom = std::move(onRoom);
}

}  // namespace relapse::guest
