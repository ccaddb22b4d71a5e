// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "guest/guest_host.hpp"

namespace relapse::guest {
namespace {

// A UDP socket on 127.0.0.1; without a number: on any port.
class Socket {
 public:
  enum class Shared { No, Yes };  // SO_REUSEADDR, which QEMU sets

  explicit Socket(int port = 0, Shared shared = Shared::No) {
    const int yes = 1;
    if (shared == Shared::Yes) setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in address = at(port);
    bound_ = bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Socket() { close(socket_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool bound() const { return bound_; }

  void send(int port, const std::string& text) const {
    const sockaddr_in address = at(port);
    sendto(socket_, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  // What lies here already; empty: nothing.
  std::string receive() const {
    char text[16];
    const ssize_t length = recv(socket_, text, sizeof text, MSG_DONTWAIT);
    return length < 0 ? std::string() : std::string(text, static_cast<std::size_t>(length));
  }

 private:
  static sockaddr_in at(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  int socket_ = ::socket(AF_INET, SOCK_DGRAM, 0);
  bool bound_ = false;
};

TEST(Cable, EachEndSendsToTheOther) {
  const auto cable = Cable::lay(1);
  ASSERT_TRUE(cable);
  EXPECT_EQ(cable->client().there, cable->server().here);
  EXPECT_EQ(cable->server().there, cable->client().here);
  EXPECT_NE(cable->client().here, cable->server().here);
}

TEST(Cable, NoTwoCardsOfARunHaveOneAddress) {
  std::set<std::string> addresses;
  for (int number = 0; number < 300; ++number) {
    const auto cable = Cable::lay(number);
    ASSERT_TRUE(cable);
    EXPECT_TRUE(addresses.insert(cable->client().mac).second) << cable->client().mac;
    EXPECT_TRUE(addresses.insert(cable->server().mac).second) << cable->server().mac;
    EXPECT_TRUE(cable->client().mac.starts_with("52:54:00:")) << "QEMU's own range";
  }
}

TEST(Cable, OfHundredsNoTwoShareAPort) {
  std::vector<Cable> cables;
  std::set<int> ports;
  for (int number = 0; number < 200; ++number) {
    auto cable = Cable::lay(number);
    ASSERT_TRUE(cable);
    ports.insert({cable->client().here, cable->server().here});
    cables.push_back(std::move(*cable));
  }
  EXPECT_EQ(ports.size(), 400u);
}

TEST(Cable, NobodyElseGetsItsPorts) {
  const auto cable = Cable::lay(1);
  ASSERT_TRUE(cable);
  EXPECT_FALSE(Socket(cable->client().here).bound());
  EXPECT_FALSE(Socket(cable->server().here).bound());
  const Socket qemu(cable->client().here, Socket::Shared::Yes);
  EXPECT_FALSE(Socket(cable->client().here).bound()) << "with QEMU on it";
}

TEST(Cable, PacketsGoToQemuAndNotToTheOneThatKeepsThePort) {
  const auto cable = Cable::lay(1);
  ASSERT_TRUE(cable);
  const int port = cable->server().here;
  const Socket peer;
  peer.send(port, "early");  // the other guest may speak before this one is there
  for (const char* boot : {"first", "second"}) {
    const Socket qemu(port, Socket::Shared::Yes);
    ASSERT_TRUE(qemu.bound()) << boot;
    peer.send(port, boot);
    EXPECT_EQ(qemu.receive(), boot);
    EXPECT_EQ(qemu.receive(), "");
  }
}

TEST(Cable, AnEndedGuestsPortStaysTaken) {
  const auto cable = Cable::lay(1);
  ASSERT_TRUE(cable);
  { const Socket qemu(cable->server().here, Socket::Shared::Yes); }
  EXPECT_FALSE(Socket(cable->server().here).bound());
}

TEST(Cable, IsGoneWithItsLastOwner) {
  int port = 0;
  {
    auto laid = Cable::lay(1);
    ASSERT_TRUE(laid);
    port = laid->client().here;
    const Cable moved = std::move(*laid);
    EXPECT_EQ(moved.client().here, port);
    EXPECT_FALSE(Socket(port).bound());
  }
  EXPECT_TRUE(Socket(port).bound());
}

}  // namespace
}  // namespace relapse::guest
