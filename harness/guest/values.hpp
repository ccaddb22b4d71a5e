// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
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

// When a memory dump is given up.
struct DumpLimits {
  std::stop_token stop = {};
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
};

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
  std::string file = {};             // of "corrupt": where, and what
  std::uint64_t offset = 0;
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
struct TerminalBytes {
  std::string bytes;
};
struct GuestStopped {
  GuestEnd end;
};
struct Post {
  std::chrono::steady_clock::time_point at;
  std::string node;
  std::variant<ConsoleBytes, AgentBytes, TerminalBytes, GuestStopped> what;
};

// A vCPU's registers.
struct VcpuState {
  int vcpu = 0;
  std::uint64_t pc = 0;
  std::uint64_t sp = 0;
  std::uint64_t pstate = 0;
  std::array<std::uint64_t, 31> x = {};
  bool inKernel() const { return (pstate & 0xc) == 4; }  // EL1
};

// A piece of the guest's memory, at the address that its kernel has for it.
struct MemoryBlock {
  std::uint64_t address = 0;
  std::string bytes = {};
};

// The (little-endian) 8-byte word at `address`, if one of the blocks holds it.
inline std::optional<std::uint64_t> wordAt(const std::vector<MemoryBlock>& blocks, std::uint64_t address) {
  for (const auto& [start, bytes] : blocks) {
    if (address < start || bytes.size() < 8 || address - start > bytes.size() - 8) continue;
    std::uint64_t word = 0;
    for (std::size_t i = 8; i-- > 0;) word = word << 8 | static_cast<unsigned char>(bytes[address - start + i]);
    return word;
  }
  return std::nullopt;
}

// All vCPUs at one instant, the guest stopped: registers, and as much of the stacks of those in the kernel as
// their chains of frame pointers pass through.
struct Sample {
  std::chrono::milliseconds at{0};  // since the run began
  std::vector<VcpuState> vcpus = {};
  std::vector<MemoryBlock> stacks = {};
};

}  // namespace relapse::guest
