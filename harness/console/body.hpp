// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "console/values.hpp"

namespace relapse::console {

// The lines of a report below its headline.

// "CPU: 1 PID: 67 Comm: wr Tainted: G        W         4.19.222 #1"
struct CpuLine {
  int cpu = 0;
  int pid = 0;
  std::string comm;
  std::string taint;  // letters without the blanks between: "GW"; empty: not tainted
  std::string release;
};

struct TraceStart {};  // "Call trace:"
struct FrameLine {
  RawFrame frame;
};
struct ProgramCounter {
  RawFrame place;
};  // "pc : ...", "RIP: 0010:..."
struct LinkRegister {
  RawFrame place;
};  // "lr : ..."
struct StalledCpu {
  int cpu = 0;
};  // "1-....: (5249 ticks this GP) ..."
struct TaskDump {
  int cpu = 0;
};  // "Task dump for CPU 1:"
struct TaskLine {
  std::string comm;
  int pid = 0;
};                    // "task:wr   state:R ... pid:67", "wr   R  running task  0  67 ..."
struct OtherCpus {};  // "Sending NMI from CPU 0 to CPUs 1:"
struct OtherCpu {
  int cpu = 0;
};                    // "NMI backtrace for cpu 1"
struct SideTrace {};  // the next trace is not of the bug: the RCU kthread's
struct InFlight {
  std::string function;
};                   // "    in-flight: 123:nfs_io_work"
struct Ruler {};     // "=========="
struct TraceEnd {};  // "---[ end trace 0000000000000000 ]---"
struct PanicEnd {};  // "---[ end Kernel panic - not syncing: ... ]---"
struct Detail {};    // belongs to a report and is not read: registers, "Code:", ...
struct Plain {};     // anything else

using BodyLine = std::variant<Plain, Detail, CpuLine, TraceStart, FrameLine, ProgramCounter, LinkRegister, StalledCpu,
                              TaskDump, TaskLine, OtherCpus, OtherCpu, SideTrace, InFlight, Ruler, TraceEnd, PanicEnd>;

BodyLine readBody(std::string_view text);

std::optional<CpuLine> readCpuLine(std::string_view text);

}  // namespace relapse::console
