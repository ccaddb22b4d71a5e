// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relapse::console {

// Time since the run began, as the host saw it.
using Instant = std::chrono::milliseconds;

// Bytes as they came off a guest's console.
struct ConsoleChunk {
  std::string_view bytes;
  Instant arrival{0};
};

enum class EventKind {
  // failing kinds
  SoftLockup,
  HardLockup,
  HungTask,
  RcuStall,
  WorkqueueLockup,
  Oops,
  KernelBug,
  Panic,
  Warning,
  Lockdep,
  Sanitizer,
  Kmemleak,
  Oom,
  StuckWorkload,
  WorkFailed,
  // others
  DumpStack,
  BootMilestone,
  NfsServer,
  Pattern,
  Silence,
  Unparsed,
};

std::string_view name(EventKind kind);  // "soft-lockup"
std::optional<EventKind> eventKindNamed(std::string_view name);
bool isFailing(EventKind kind);
bool isSpin(EventKind kind);  // a CPU that goes round: its reports show it at another place each time

// One line of a call trace: "nfs_wb_page+0x70/0x1b4 [nfs]".
struct RawFrame {
  std::string symbol = {};  // as printed, compiler suffixes kept
  std::optional<std::uint64_t> offset = {};
  std::optional<std::uint64_t> size = {};
  std::string module = {};  // empty: built in
  std::string marks = {};   // how the unwinder came to it: arm64's "P" of "(P)"
  bool reliable = true;     // false for x86's "? symbol"
  std::string text = {};    // the frame as printed
};

// "x29", "ffff800012345678": as printed, whatever it is.
struct Register {
  std::string name;
  std::string value;
};

// Why an event says nothing of the kernel's own health.
enum class Artefact {
  None,
  ConsoleOutput,  // the CPU was kept by printing: printk, a slow console, a flood of dump_stack()
  StarvedHost,    // the vCPU did not run: the host was too busy, or QEMU was stopped (told by the run)
};

std::string_view name(Artefact artefact);  // "console-output", "host"; empty for None
std::optional<Artefact> artefactNamed(std::string_view name);

// Bytes of the whole log: [first, past).
struct LogSpan {
  std::uint64_t first = 0;
  std::uint64_t past = 0;
};

// The last one of several equal reports that were folded into one event.
struct LastReport {
  Instant at{0};
  std::optional<double> kernelTime = {};
  LogSpan span = {};
};

// One fact read off the console (or, for stuck-workload and work-failed, told by the run).
struct ConsoleEvent {
  EventKind kind = EventKind::Unparsed;
  std::string node = {};                  // which guest's console
  std::string title = {};                 // "soft lockup in __nfs_commit_inode"
  std::string message = {};               // the line that began it; for dump-stack the line before it
  Instant at{0};                          // arrival of its first byte
  std::optional<double> kernelTime = {};  // seconds, from "[    2.31]"
  std::optional<int> cpu = {};
  std::string task = {};  // comm as printed; not an identifier
  std::optional<int> pid = {};
  std::string taint = {};
  std::string release = {};
  std::optional<RawFrame> pc = {};
  std::optional<RawFrame> lr = {};
  std::vector<RawFrame> frames = {};     // innermost first, pc included when the report has one
  std::vector<Register> registers = {};  // of the report's own CPU, in the order printed
  Artefact artefact = Artefact::None;
  LogSpan span = {};        // of the first report, when there are several
  std::uint64_t count = 1;  // reports in this event: a flood of dump_stack() on one path is one event
  LastReport last = {};     // set when count > 1
};

}  // namespace relapse::console
