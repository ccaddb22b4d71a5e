// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "console/starts.hpp"
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
struct Registers {
  std::vector<Register> values;
};                   // "x29: ... x28: ...", "RAX: ... RBX: ..."
struct UserSide {};  // "RIP: 0033:...": the registers that follow are user space's
struct MemoryAccess {
  std::string_view way;
};  // "Read of size 8 at addr ...": "read" or "write"
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
};  // "    in-flight: 123:nfs_io_work"
struct LockPlace {
  RawFrame place;
};                   // "#0: ... at: nfs_wb_page+0x70/0x1b4": where a lock was taken
struct Ruler {};     // "=========="
struct TraceEnd {};  // "---[ end trace 0000000000000000 ]---"
struct PanicEnd {};  // "---[ end Kernel panic - not syncing: ... ]---"
struct Detail {};    // belongs to a report's end and is not read: "Code:", ...
struct Plain {};     // anything else

using BodyLine = std::variant<Plain, Detail, CpuLine, TraceStart, FrameLine, ProgramCounter, LinkRegister, Registers,
                              UserSide, MemoryAccess, StalledCpu, TaskDump, TaskLine, OtherCpus, OtherCpu, SideTrace,
                              InFlight, LockPlace, Ruler, TraceEnd, PanicEnd>;

struct BodyRow {
  using Reader = std::optional<BodyLine> (*)(std::string_view rest);

  std::string_view start;
  Reader read = nullptr;  // none: a Detail
};

class BodyTable {
 public:
  BodyTable();  // the kernel's

  BodyLine read(std::string_view text) const;

  std::size_t rows() const { return rows_.rows().size(); }
  std::string rowName(std::size_t row) const;
  void remove(std::size_t row) { rows_.remove(row); }

 private:
  Starts<BodyRow> rows_;
};

std::optional<CpuLine> readCpuLine(std::string_view text);

}  // namespace relapse::console
