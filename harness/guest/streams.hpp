// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "failure/values.hpp"
#include "guest/mailbox.hpp"

namespace relapse::guest {

// One socket that QEMU connects to, read by libvirt's event loop: bytes arrive in a mailbox with
// the instant they came. Made, paused, resumed and destroyed by any thread.
class Stream {
 public:
  enum class Purpose { Console, Agent, Terminal };

  // Listens at `socket`. As root the socket belongs to `owner` (QEMU's account); -1: the caller's.
  static Result<std::shared_ptr<Stream>> listen(const std::filesystem::path& socket, Purpose purpose, std::string node,
                                                Mailbox& mailbox, long owner);
  virtual ~Stream() = default;

  // Never blocks: what the guest does not take in time is a GuestFailed.
  virtual Result<void> write(const std::string& bytes) = 0;
  virtual void resume() = 0;  // there is room in the mailbox again
  virtual void close() = 0;   // no callback runs after it has returned, but for one under way
};

}  // namespace relapse::guest
