// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace relapse::guest {

// How a guest came to its end, if it did.
struct Alive {};
struct PoweredOff {};  // it powered itself off
struct Reset {};       // it rebooted itself (a panic with panic=-1, say)
struct QemuDied {
  std::string how;
};  // QEMU went away without being asked to
using GuestEnd = std::variant<Alive, PoweredOff, Reset, QemuDied>;

// How a program that the agent started came to its end.
struct Exited {
  int status = 0;
};
struct Killed {
  int signal = 0;
};
struct NotStarted {
  std::string error;
};                         // "ENOENT"
struct DeadlinePassed {};  // it still ran when the time was up
struct GuestDied {};       // the guest ended before it
using WorkloadEnd = std::variant<Exited, Killed, NotStarted, DeadlinePassed, GuestDied>;

// What a workload said of itself in its last line of JSON.
struct WorkloadReport {
  std::string result;                // "done", "corrupt", "failed"
  std::optional<std::string> error;  // errno's name that its writes got; nothing: none
  std::string text;                  // the line
};

// What the agent says, one line of JSON each. `uptime` is the guest's CLOCK_BOOTTIME.
struct AgentReady {
  std::string release;
  int cpus = 0;
};
struct AgentStarted {
  int id = 0;
  int pid = 0;
};
struct AgentOutput {
  int id = 0;
  bool error = false;
  std::string line;
};
struct AgentEnded {
  int id = 0;
  WorkloadEnd end;
};
struct AgentProblem {
  std::string message;
};  // of the agent, or a line that is none of these
struct AgentMessage {
  double uptime = 0;
  std::variant<AgentReady, AgentStarted, AgentOutput, AgentEnded, AgentProblem> what;
};

// What the guests' threads tell the run's thread.
struct ConsoleBytes {
  std::string bytes;
};
struct AgentBytes {
  std::string bytes;
};
struct GuestStopped {
  GuestEnd end;
};
struct Post {
  std::chrono::steady_clock::time_point at;
  std::string node;
  std::variant<ConsoleBytes, AgentBytes, GuestStopped> what;
};

// The vCPUs' registers at one instant, as QEMU prints them.
struct RegisterSample {
  std::chrono::milliseconds at{0};  // since the run began
  std::string text;
};

}  // namespace relapse::guest
