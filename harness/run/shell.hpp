// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "failure/values.hpp"
#include "guest/guest_host.hpp"
#include "run/values.hpp"

namespace relapse::run {

// The person's end of a shell, or a program's. Used by the run's thread.
class ShellTerminal {
 public:
  struct Size {
    int rows = 0;
    int columns = 0;
  };
  virtual ~ShellTerminal() = default;

  // A terminal is raw from begin() on: what is typed comes byte by byte. Else lines are commands.
  virtual bool isTerminal() const = 0;
  virtual Result<void> begin() = 0;

  // What came since the last call; does not block. Nothing: there will be no more.
  virtual std::optional<std::string> typed() = 0;

  // The guest's bytes, as they are.
  virtual void show(std::string_view bytes) = 0;

  // A line of relapse's own, apart from the guest's output where that is possible.
  virtual void notice(const std::string& line) = 0;

  virtual Size size() const = 0;
  virtual bool resized() = 0;  // since the last call
};

struct ShellRequest {
  RunRequest run;
  std::string node;         // whose shell it is; empty: the first client's
  bool gdb = false;         // with a gdb port
  bool stopAtBoot = false;  // that guest waits for the debugger before its first instruction
};

struct ShellEnd {
  enum class How { Ended, Quit, PoweredOff, GuestDied };
  How how = How::GuestDied;
  int status = 0;                   // of Ended: the guest's shell's
  std::string why = {};             // of GuestDied
  std::filesystem::path directory;  // its consoles and events
};

// Boots the scenario's guests, sets up its export, mounts, detectors and probes, takes none of its steps, and joins
// `terminal` with a shell in one guest until either ends. An expectation of the scenario's does not end it. What the
// consoles said stays in state/shells/ID. Failures: as conduct() has them, and Cancelled.
Result<ShellEnd> shell(const ShellRequest& request, guest::GuestHost& host, ShellTerminal& terminal,
                       const Observer& observer);

}  // namespace relapse::run
