// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "guest/guest_host.hpp"

namespace relapse::guest {
namespace {

struct Port {
  int socket = -1;
  int number = 0;
};

// A port of nobody's: it is bound without SO_REUSEADDR, which no port in use allows. Then that is set, so that
// QEMU, which sets it as well, can bind the same port; of two sockets on a port the later one gets the packets.
Result<Port> takePort() {
  Port port{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), 0};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const int yes = 1;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (port.socket < 0 || bind(port.socket, generic, length) != 0 || getsockname(port.socket, generic, &length) != 0 ||
      setsockopt(port.socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) {
    const std::string why = std::strerror(errno);
    if (port.socket >= 0) close(port.socket);
    return fail(FailureKind::Exhausted, "no UDP port of 127.0.0.1 for a cable between guests: " + why);
  }
  port.number = ntohs(address.sin_port);
  return port;
}

// Of the range that QEMU's users may choose from.
std::string macOf(int cable, int end) {
  return fmt::format("52:54:00:{:02x}:{:02x}:{:02x}", cable >> 8 & 0x7f, cable & 0xff, end);
}

}  // namespace

Result<Cable> Cable::lay(int number) {
  Cable cable;
  std::array<int, 2> ports{};
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto port = takePort();
    if (!port) return passOn(port.error());
    cable.sockets_[i] = port->socket;
    ports[i] = port->number;
  }
  cable.client_ = {ports[0], ports[1], macOf(number, 2)};
  cable.server_ = {ports[1], ports[0], macOf(number, 1)};
  return cable;
}

Cable::Cable(Cable&& other) noexcept : client_(std::move(other.client_)), server_(std::move(other.server_)) {
  for (std::size_t i = 0; i < std::size(sockets_); ++i) sockets_[i] = std::exchange(other.sockets_[i], -1);
}

Cable::~Cable() {
  for (const int socket : sockets_)
    if (socket >= 0) close(socket);
}

}  // namespace relapse::guest
