// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "failure/values.hpp"

namespace relapse::guest {

// A small process that holds a pipe from relapse. When the pipe closes, however relapse ended, it
// kills every QEMU whose command line names the root folder, and removes the folder. libvirt
// daemonizes QEMU: without this it would outlive a kill -9 of relapse.
class Supervisor {
 public:
  // Forks: call it before the first thread is started. `root` is the folder that the guests of this
  // process will live in (see GuestHost); it must be this process's own.
  static Result<Supervisor> start(const std::filesystem::path& root);

  ~Supervisor();  // closes the pipe and waits for the clean-up
  Supervisor(Supervisor&& other) noexcept;
  Supervisor& operator=(Supervisor&&) = delete;

 private:
  Supervisor(int pipe, int pid) : pipe_(pipe), pid_(pid) {}
  int pipe_;
  int pid_;
};

// Reaps the QEMUs that ended and are this process's: as child subreaper it inherits those that libvirt
// daemonizes, to run guests and to probe QEMU. Leaves all other children to those who wait for them.
// Returns how many there were. Cheap enough to be called ten times a second.
int reapGuests();

// Kills the QEMU processes whose command line names `root`, and waits for the end of those that are
// this process's to wait for; how many there were.
int killGuestsOf(const std::filesystem::path& root);

}  // namespace relapse::guest
