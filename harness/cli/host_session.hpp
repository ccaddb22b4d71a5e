// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/interrupts.hpp"
#include "failure/values.hpp"
#include "guest/guest_host.hpp"
#include "guest/supervisor.hpp"

namespace relapse::cli {

// What a command that starts guests needs around them: a folder of its own for them, the supervisor that removes what
// is left, Ctrl-C as a request to stop, and libvirt. One object in a process.
class HostSession {
 public:
  // Ends what a killed relapse left running. Forks the supervisor: call it before the first thread is started.
  // `connect` as in guest::HostOptions.
  static Result<std::unique_ptr<HostSession>> open(const std::string& connect, const std::filesystem::path& cache);

  guest::GuestHost& host() { return *host_; }
  const std::filesystem::path& root() const { return root_.path; }  // the guests' folder, gone when this is
  std::stop_token stop() const { return interrupts_.token(); }

 private:
  HostSession(process::OwnFolder root, guest::Supervisor supervisor)
      : root_(std::move(root)), supervisor_(std::move(supervisor)) {}
  process::OwnFolder root_;       // the supervisor has its share
  guest::Supervisor supervisor_;  // the last to go
  Interrupts interrupts_;
  std::unique_ptr<guest::GuestHost> host_;
};

}  // namespace relapse::cli
