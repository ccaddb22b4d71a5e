// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/body.hpp"
#include "console/headlines.hpp"
#include "console/tables.hpp"
#include "console/values.hpp"

namespace relapse::console {

// A kernel's line with its place: what a Report is made of. The texts are somebody else's: a report
// copies what it keeps.
struct KernelLine {
  std::string_view text;         // without printk's prefix
  std::string_view caller = {};  // PRINTK_CALLER's id, or empty
  std::optional<double> time = {};
  LogSpan span = {};
  Instant arrival{0};  // of its first byte
  Instant seen{0};     // of the chunk that ended it
};

// One report that is being printed. Keeps 256 frames and 48 registers at most.
class Report {
 public:
  static constexpr std::size_t kMostFrames = 256;
  static constexpr std::size_t kMostRegisters = 48;  // of a trace

  Report(const Headline& headline, const KernelLine& line, const Tables& tables);
  static Report dumpStack(const KernelLine& message, const CpuLine& cpu, const KernelLine& line, const Tables& tables);

  // Which line it waits for; asked before the take... below.
  bool mayOwn(const KernelLine& line) const;  // false: both have a caller, and not the same
  bool awaitsCpuLine(const CpuLine& cpu) const;
  bool awaitsOtherCpus() const { return otherCpus_; }
  bool awaitsTrace() const;
  bool awaitsFrame() const;
  bool awaitsProgramCounter() const { return !next_.pc && awaitsTrace(); }
  bool awaitsLinkRegister() const { return next_.pc && !next_.lr; }
  bool beginsWith(const RawFrame& frame) const;  // its pc is that frame, and its trace has no frame yet
  bool cutShort() const;                         // its trace does not end where traces end: a syscall, a thread's start
  bool continuedBy(const Headline& headline) const;
  bool atBottom() const;      // its last frame is a syscall's entry or a thread's start
  bool traced() const;        // has a frame of a trace that is its own
  bool endsWithMark() const;  // prints "---[ end trace"
  EventKind kind() const { return event_.kind; }

  void take(const Headline& headline, const KernelLine& line);
  void take(const BodyLine& body, const KernelLine& line);

  // A line went by that the report did not take. True: the report is over.
  bool pass(const KernelLine* line);

  bool isOver() const { return over_; }
  void end() { over_ = true; }
  bool quietSince(Instant now) const;
  Instant lastSeen() const { return lastSeen_; }  // arrival of the last line that it took

  // The event, or nothing: a CPU line that no trace followed. `release`: of the boot, when no line told.
  std::optional<ConsoleEvent> event(std::string_view release) const;

 private:
  struct Trace {
    std::vector<RawFrame> frames = {};
    std::optional<RawFrame> pc = {};
    std::optional<RawFrame> lr = {};
    std::vector<Register> registers = {};
    bool pcInside = false;  // frames hold the pc already
    bool aside = false;     // not of the bug
  };

  void endOfChain();
  void read(const CpuLine& cpu);
  void read(const TraceStart&);
  void read(const FrameLine& frame);
  void read(const ProgramCounter& place);
  void read(const LinkRegister& place) { next_.lr = place.place; }
  void read(const Registers& registers);
  void read(const UserSide&) { userSide_ = true; }
  void read(const MemoryAccess& access);
  void read(const StalledCpu& stalled);
  void read(const TaskDump& dump);
  void read(const TaskLine& task);
  void read(const OtherCpus&) { otherCpus_ = true; }
  void read(const OtherCpu& other);
  void read(const SideTrace&) { next_.aside = true; }
  void read(const InFlight& work);
  void read(const LockPlace& lock);
  void read(const Ruler&) { over_ = true; }
  void read(const TraceEnd&) { over_ = true; }
  void read(const PanicEnd&) { over_ = true; }
  void read(const Detail&) {}
  void read(const Plain&) {}

  const Trace* chosenTrace() const;
  std::string title(const ConsoleEvent& event) const;

  const Tables* tables_;
  Headline headline_;
  ConsoleEvent event_;
  std::string caller_;
  std::vector<Trace> traces_;
  Trace next_;              // what came before the next "Call trace:"
  std::size_t frames_ = 0;  // over all traces
  bool tracing_ = false;    // frames may come
  bool hasCpuLine_ = false;
  bool hasErrorLine_ = false;  // "Internal error" came, or began it
  bool otherCpus_ = false;     // traces of other CPUs follow
  bool interrupted_ = false;   // another line came between the trace's frames
  bool accessKnown_ = false;   // the title says "read" or "write"
  bool userSide_ = false;      // registers that come are not the kernel's
  bool over_ = false;
  int strange_ = 0;  // lines of its own caller passed since it last took one
  int passed_ = 0;   // all lines passed since
  int taken_ = 0;
  Instant lastSeen_{0};
};

}  // namespace relapse::console
