// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/streams.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

#include <fmt/format.h>
#include <libvirt/libvirt.h>

namespace relapse::guest {
namespace {

const char* name(Stream::Purpose purpose) {
  switch (purpose) {
    case Stream::Purpose::Console:
      return "console";
    case Stream::Purpose::Terminal:
      return "terminal";
    case Stream::Purpose::Agent:
      break;
  }
  return "agent's channel";
}

class EventLoopStream : public Stream, public std::enable_shared_from_this<EventLoopStream> {
 public:
  EventLoopStream(int listener, Purpose purpose, std::string node, Mailbox& mailbox)
      : listener_(listener), purpose_(purpose), node_(std::move(node)), mailbox_(&mailbox) {}

  ~EventLoopStream() override {
    ::close(listener_);
    if (peer_ >= 0) ::close(peer_);
  }

  void watchListener() {
    const std::lock_guard lock(mutex_);
    listenerWatch_ = watch(listener_);
  }

  Result<void> write(const std::string& bytes) override {
    const std::lock_guard lock(mutex_);
    if (peer_ < 0)
      return fail(FailureKind::GuestFailed, fmt::format("QEMU has not opened the guest's {}", name(purpose_)));
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = ::send(peer_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0)
        return fail(FailureKind::GuestFailed,
                    fmt::format("the guest's {} takes nothing: {}", name(purpose_), std::strerror(errno)));
      sent += static_cast<std::size_t>(n);
    }
    return {};
  }

  void resume() override {
    const std::lock_guard lock(mutex_);
    if (peerWatch_ >= 0) virEventUpdateHandle(peerWatch_, VIR_EVENT_HANDLE_READABLE | VIR_EVENT_HANDLE_HANGUP);
  }

  void close() override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (int* watchId : {&listenerWatch_, &peerWatch_})
      if (*watchId >= 0) {
        virEventRemoveHandle(*watchId);
        *watchId = -1;
      }
  }

 private:
  // libvirt keeps a reference to this stream for as long as it watches the descriptor.
  int watch(int descriptor) {
    auto* self = new std::shared_ptr<EventLoopStream>(shared_from_this());
    const auto onEvent = [](int, int fd, int, void* opaque) {
      const auto stream = *static_cast<std::shared_ptr<EventLoopStream>*>(opaque);
      stream->ready(fd);
    };
    const auto release = [](void* opaque) { delete static_cast<std::shared_ptr<EventLoopStream>*>(opaque); };
    const int id =
        virEventAddHandle(descriptor, VIR_EVENT_HANDLE_READABLE | VIR_EVENT_HANDLE_HANGUP, onEvent, self, release);
    if (id < 0) release(self);
    return id;
  }

  void ready(int fd) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (fd == listener_) {
      acceptPeer();
    } else {
      readPeer();
    }
  }

  void acceptPeer() {
    const int peer = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer < 0) return;
    if (peer_ >= 0) {  // one QEMU, one connection
      ::close(peer);
      return;
    }
    peer_ = peer;
    peerWatch_ = watch(peer_);
  }

  void readPeer() {
    std::array<char, 64u << 10> buffer;
    const ssize_t n = ::read(peer_, buffer.data(), buffer.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      virEventRemoveHandle(peerWatch_);
      peerWatch_ = -1;
      return;
    }
    std::string bytes(buffer.data(), static_cast<std::size_t>(n));
    if (!mailbox_->put(post(std::move(bytes)))) virEventUpdateHandle(peerWatch_, 0);
  }

  Post post(std::string bytes) const {
    const auto now = std::chrono::steady_clock::now();
    switch (purpose_) {
      case Purpose::Console:
        return {now, node_, ConsoleBytes{std::move(bytes)}};
      case Purpose::Terminal:
        return {now, node_, TerminalBytes{std::move(bytes)}};
      case Purpose::Agent:
        break;
    }
    return {now, node_, AgentBytes{std::move(bytes)}};
  }

  std::mutex mutex_;
  int listener_;
  int peer_ = -1;
  int listenerWatch_ = -1;
  int peerWatch_ = -1;
  bool closed_ = false;
  Purpose purpose_;
  std::string node_;
  Mailbox* mailbox_;
};

}  // namespace

Result<std::shared_ptr<Stream>> Stream::listen(const std::filesystem::path& socket, Purpose purpose, std::string node,
                                               Mailbox& mailbox, long owner) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.string().size() >= sizeof address.sun_path)
    return fail(
        FailureKind::HostLacks,
        fmt::format("{}: a socket's path has at most {} characters", socket.string(), sizeof address.sun_path - 1),
        "set TMPDIR to a shorter folder");
  std::memcpy(address.sun_path, socket.c_str(), socket.string().size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(FailureKind::Exhausted, fmt::format("{}: {}", socket.string(), std::strerror(errno)));
  auto stream = std::make_shared<EventLoopStream>(fd, purpose, std::move(node), mailbox);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 1) != 0)
    return fail(FailureKind::Exhausted, fmt::format("{}: {}", socket.string(), std::strerror(errno)));
  if (chmod(socket.c_str(), 0600) != 0)  // whatever the user's umask is
    return fail(FailureKind::Exhausted, fmt::format("{}: {}", socket.string(), std::strerror(errno)));
  if (owner >= 0 && chown(socket.c_str(), static_cast<uid_t>(owner), static_cast<gid_t>(-1)) != 0)
    return fail(FailureKind::Exhausted, fmt::format("{}: {}", socket.string(), std::strerror(errno)));
  stream->watchListener();
  return std::shared_ptr<Stream>(std::move(stream));
}

}  // namespace relapse::guest
