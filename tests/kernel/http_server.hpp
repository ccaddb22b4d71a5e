// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace relapse::kernel {

// Serves one content on loopback, as badly as asked.
class HttpServer {
 public:
  struct Manner {
    int status = 200;
    std::size_t cutAfter = std::string::npos;  // closes the connection after that many bytes of a body
    bool knowsRanges = true;
  };

  explicit HttpServer(std::string content)
      : content_(std::move(content)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    // NOLINTBEGIN: the sockets' own interface
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 8);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    // NOLINTEND
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~HttpServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/file.tar.xz"; }

  // From now on; the manner of each request in turn, the last one for all that follow.
  void behave(std::vector<Manner> manners) {
    const std::lock_guard lock(mutex_);
    manners_ = std::move(manners);
  }
  std::vector<std::size_t> starts() const {  // where each request began to read
    const std::lock_guard lock(mutex_);
    return starts_;
  }

 private:
  void serve() {
    for (int peer; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) answer(peer);
  }

  Manner next(std::size_t start) {
    const std::lock_guard lock(mutex_);
    starts_.push_back(start);
    if (manners_.empty()) return {};
    const Manner manner = manners_.front();
    if (manners_.size() > 1) manners_.erase(manners_.begin());
    return manner;
  }

  void answer(int peer) {
    std::string request;
    for (char byte; !request.ends_with("\r\n\r\n") && ::recv(peer, &byte, 1, 0) == 1;) request += byte;
    const std::size_t range = request.find("bytes=");
    std::size_t start = range == std::string::npos ? 0 : std::stoul(request.substr(range + 6));
    const Manner manner = next(start);
    if (manner.status != 200)
      return send(
          peer, "HTTP/1.1 " + std::to_string(manner.status) + " No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    if (!manner.knowsRanges) start = 0;
    if (start >= content_.size() && start > 0)
      return send(peer, "HTTP/1.1 416 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    const std::string body = content_.substr(start);
    std::string head = start > 0
                           ? "HTTP/1.1 206 Partial\r\nContent-Range: bytes " + std::to_string(start) + "-" +
                                 std::to_string(content_.size() - 1) + "/" + std::to_string(content_.size()) + "\r\n"
                           : "HTTP/1.1 200 OK\r\n";
    head += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n";
    send(peer, head + body.substr(0, manner.cutAfter));
  }

  static void send(int peer, const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t count = ::send(peer, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
    }
  }

  std::string content_;
  int listener_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Manner> manners_;
  std::vector<std::size_t> starts_;
  std::jthread thread_;
};

}  // namespace relapse::kernel
