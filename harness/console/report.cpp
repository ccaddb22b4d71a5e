// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/report.hpp"

#include <algorithm>
#include <array>

#include "console/cursor.hpp"
#include "console/frames.hpp"
#include "console/signature.hpp"
#include "console/titles.hpp"

namespace relapse::console {
namespace {

// How the reports of a kind are printed.
struct Habit {
  EventKind kind;
  int patience;         // lines of other content between the headline and the trace
  int patienceTraced;   // and after a frame: lines of other CPUs fall between frames on 4.19
  bool cpuLine = true;  // has a "CPU: ..." line
  bool manyTraces = false;
  bool bareFrames = false;  // frames without "Call trace:" before them
};

using enum EventKind;

constexpr std::array kHabits{
    Habit{HungTask, 64, 4, false},
    Habit{WorkqueueLockup, 4, 4, false, true},
    Habit{RcuStall, 128, 16, true, true},
    Habit{Panic, 64, 16},
    Habit{Lockdep, 600, 4, true, true, true},
    Habit{Sanitizer, 64, 64, true, true, true},
    Habit{Oom, 256, 4000},
    Habit{DumpStack, 16, 4},
    Habit{Unparsed, 64, 4},  // all others
};

const Habit& habit(EventKind kind) {
  const auto found = std::find_if(kHabits.begin(), kHabits.end(), [&](const Habit& row) { return row.kind == kind; });
  return found == kHabits.end() ? kHabits.back() : *found;
}

constexpr int kMostPassed = 128;  // lines of other callers
constexpr int kMostTaken = 8192;
constexpr std::size_t kMostTraces = 64;

// A trace that has come to its bottom is whole after a moment of silence, another in 300 ms; a headline
// whose trace has not come may belong to a slow guest.
constexpr Instant kQuietWhole{50};
constexpr Instant kQuietTraced{300};
constexpr Instant kQuietWaiting{1000};

bool isFaultFamily(EventKind kind) {
  return kind == Oops || kind == KernelBug;
}

// arm64 unwinds by frame pointers. A function that has not made its frame yet, or makes none, hides
// its caller from the trace; lr still names it. (Once the function has called another, lr points into
// the function itself.)
void insertUnframedCaller(ConsoleEvent& event) {
  const auto& frames = event.frames;
  if (!event.pc || !event.lr || !event.lr->offset || frames.empty() || !samePlace(*event.pc, frames.front())) return;
  if (event.lr->symbol == event.pc->symbol || (frames.size() > 1 && frames[1].symbol == event.lr->symbol)) return;
  event.frames.insert(event.frames.begin() + 1, *event.lr);
}

}  // namespace

Report::Report(const Headline& headline, const KernelLine& line, const Tables& tables)
    : tables_(&tables), headline_(headline), caller_(line.caller), lastSeen_(line.seen) {
  tracing_ = headline.extent != Extent::Text && habit(headline.kind).bareFrames;
  hasErrorLine_ = headline.extent == Extent::Continues && headline.kind != Panic;
  over_ = headline.extent == Extent::Ends || headline.extent == Extent::Line;
  event_.kind = headline.kind;
  event_.message = trimmed(line.text);
  event_.at = line.arrival;
  event_.kernelTime = line.time;
  event_.cpu = headline.cpu;
  event_.task = headline.task;
  event_.pid = headline.pid;
  event_.release = headline.release;
  event_.span = line.span;
}

Report Report::dumpStack(const KernelLine& message, const CpuLine& cpu, const KernelLine& line, const Tables& tables) {
  Headline headline;
  headline.kind = isOomInvocation(message.text) ? Oom : DumpStack;
  headline.words = headline.kind == Oom ? "out of memory" : "dump_stack";
  headline.namesFunction = headline.kind == DumpStack;
  Report report(headline, message, tables);
  report.take(BodyLine{cpu}, line);
  return report;
}

bool Report::mayOwn(const KernelLine& line) const {
  if (caller_.empty() || line.caller.empty() || caller_ == line.caller) return true;
  // the CPU that the report is about answers itself
  return otherCpus_ && event_.cpu && line.caller == "C" + std::to_string(*event_.cpu);
}

bool Report::awaitsCpuLine(const CpuLine& cpu) const {
  if (headline_.extent == Extent::Text) return false;
  const bool panicForm = kind() == HungTask && !headline_.namesFunction;
  if (hasCpuLine_ || (!habit(kind()).cpuLine && !panicForm)) return false;
  if (traced() && !habit(kind()).bareFrames) return false;
  if (kind() == RcuStall) return true;                          // one CPU may report another
  if (headline_.pid && *headline_.pid == cpu.pid) return true;  // it may have moved to another CPU since
  return !headline_.cpu || *headline_.cpu == cpu.cpu;
}

bool Report::awaitsTrace() const {
  if (headline_.extent == Extent::Text || (kind() == Lockdep && traced())) return false;
  return traces_.empty() || otherCpus_ || habit(kind()).manyTraces;
}

bool Report::awaitsFrame() const {
  return tracing_;
}

bool Report::beginsWith(const RawFrame& frame) const {
  if (!tracing_ && hasCpuLine_ && traces_.empty()) return frame.text.find(" from ") != std::string::npos;  // arm
  if (!tracing_ || traces_.empty()) return false;
  const Trace& trace = traces_.back();
  return trace.frames.empty() && trace.pc && samePlace(*trace.pc, frame);
}

bool Report::cutShort() const {
  if (!tracing_ || traces_.empty()) return false;
  const auto& frames = traces_.back().frames;
  return frames.empty() || tables_->skip().role(frames.back().symbol) != FrameRole::Shared;
}

bool Report::atBottom() const {
  static constexpr std::array<std::string_view, 7> kBottoms{"el0_svc",
                                                            "el0t_64_sync",
                                                            "el0_sync",
                                                            "ret_from_fork",
                                                            "entry_SYSCALL_64_after_hwframe",
                                                            "secondary_start_kernel",
                                                            "__secondary_switched"};
  if (traces_.empty() || traces_.back().frames.empty()) return false;
  return std::find(kBottoms.begin(), kBottoms.end(), traces_.back().frames.back().symbol) != kBottoms.end();
}

bool Report::traced() const {
  if (kind() == Lockdep && !hasCpuLine_) return false;  // only the stacks of the dependency chain so far
  return std::any_of(traces_.begin(), traces_.end(),
                     [](const Trace& trace) { return !trace.aside && !trace.frames.empty(); });
}

bool Report::endsWithMark() const {
  return kind() == Warning || kind() == Lockdep || kind() == Sanitizer || isFaultFamily(kind());
}

bool Report::continuedBy(const Headline& headline) const {
  if (headline.extent != Extent::Continues && headline.extent != Extent::Ends) return false;
  if (headline.kind == Oom) return kind() == Oom;
  if (headline.kind == Panic) return endsWithMark() && !traced();
  return isFaultFamily(headline.kind) && isFaultFamily(kind()) && !hasErrorLine_ && !traced();
}

void Report::take(const Headline& headline, const KernelLine& line) {
  if (headline.kind == Panic) hasCpuLine_ = false;  // panic() prints one more, and the trace
  if (headline.kind != Panic) hasErrorLine_ = true;
  if (headline.kind == Oom) {
    if (!event_.pid) headline_.words = headline.words;
    event_.task = headline.task;
    event_.pid = headline.pid;
    over_ = headline.extent == Extent::Ends;
  }
  take(BodyLine{Detail{}}, line);
}

void Report::take(const BodyLine& body, const KernelLine& line) {
  std::visit([this](const auto& part) { read(part); }, body);
  event_.span.past = line.span.past;
  lastSeen_ = line.seen;
  strange_ = 0;
  passed_ = 0;
  if (++taken_ >= kMostTaken) over_ = true;
}

void Report::read(const CpuLine& cpu) {
  tracing_ = habit(kind()).bareFrames;
  if (hasCpuLine_) return;  // of another CPU; its trace is kept beside the first
  hasCpuLine_ = true;
  if (kind() == Lockdep) endOfChain();
  if (!event_.cpu) event_.cpu = cpu.cpu;
  event_.taint = cpu.taint;
  event_.release = cpu.release;
  if (kind() == Oom) return;  // the line names who asked for memory, the event who was killed
  if (event_.task.empty()) event_.task = cpu.comm;
  if (!event_.pid) event_.pid = cpu.pid;
}

// The stacks before were of the dependency chain.
void Report::endOfChain() {
  if (headline_.usage && !traces_.empty()) {
    const auto& frames = traces_.front().frames;
    const auto place = std::find_if(frames.begin(), frames.end(),
                                    [&](const RawFrame& frame) { return isMeaningful(frame, kind(), *tables_); });
    if (place != frames.end()) headline_.function = *place;
  }
  traces_.clear();
  frames_ = 0;
}

void Report::read(const TraceStart&) {
  tracing_ = true;
  interrupted_ = false;
  userSide_ = false;
  if (traces_.size() < kMostTraces) traces_.push_back(std::move(next_));
  next_ = {};
}

void Report::read(const FrameLine& frame) {
  const bool section = interrupted_ && habit(kind()).bareFrames && !traces_.empty() && !traces_.back().frames.empty();
  interrupted_ = false;
  if (!tracing_) read(TraceStart{});
  if (headline_.holder && !hasCpuLine_) read(LockPlace{frame.frame});
  if (frames_ >= kMostFrames) return;
  if (traces_.empty() || section) traces_.push_back({});
  traces_.back().frames.push_back(frame.frame);
  ++frames_;
  const std::string& symbol = frame.frame.symbol;
  const bool last = symbol == "el0t_64_sync" || symbol == "__secondary_switched" || symbol == "secondary_start_kernel";
  if (kind() == Lockdep && hasCpuLine_ && last) over_ = true;  // its own stack is the last thing it prints
}

void Report::read(const ProgramCounter& place) {
  if (!tracing_ || traces_.empty()) {
    if (!next_.pc) next_.pc = place.place;
    return;
  }
  // x86 prints the interrupted registers inside the trace
  Trace& trace = traces_.back();
  trace.pcInside = trace.pcInside || !trace.pc;
  if (!trace.pc) trace.pc = place.place;
  read(FrameLine{place.place});
}

// Before a trace its CPU's; inside one, on x86, those of what was interrupted.
void Report::read(const Registers& registers) {
  if (userSide_) return;
  const bool inside = tracing_ && !traces_.empty();
  if (inside && !traces_.back().pcInside) return;
  auto& kept = inside ? traces_.back().registers : next_.registers;
  for (const Register& one : registers.values) {
    const bool known = std::any_of(kept.begin(), kept.end(), [&](const Register& old) { return old.name == one.name; });
    if (kept.size() < kMostRegisters && !known) kept.push_back(one);
  }
}

void Report::read(const MemoryAccess& access) {
  if (kind() != Sanitizer || accessKnown_ || !headline_.namesFunction) return;
  accessKnown_ = true;
  headline_.words.append(" ").append(access.way);
}

void Report::read(const StalledCpu& stalled) {
  if (kind() == RcuStall && !event_.cpu) event_.cpu = stalled.cpu;
}

void Report::read(const TaskDump& dump) {
  tracing_ = false;
  if (!event_.cpu) event_.cpu = dump.cpu;
}

void Report::read(const TaskLine& task) {
  if (next_.aside || !event_.task.empty()) return;
  event_.task = task.comm;
  event_.pid = task.pid;
}

void Report::read(const OtherCpu& other) {
  tracing_ = false;
  otherCpus_ = true;
  if (!event_.cpu) event_.cpu = other.cpu;
}

void Report::read(const InFlight& work) {
  if (headline_.function || (kind() != WorkqueueLockup && kind() != KernelBug)) return;
  headline_.function = readLocation(work.function);
}

// Who holds a lock that must not be held is the bug; for others the trace tells.
void Report::read(const LockPlace& lock) {
  if (kind() != Lockdep || headline_.function) return;
  if (headline_.holder || (headline_.locks && isMeaningful(lock.place, kind(), *tables_))) {
    headline_.function = lock.place;
  }
}

bool Report::pass(const KernelLine* line) {
  if (line != nullptr) interrupted_ = true;
  const Habit& limits = habit(kind());
  if (line != nullptr && mayOwn(*line)) ++strange_;
  ++passed_;
  const bool inWait = !traced() && headline_.extent != Extent::Text;
  const int patience = inWait ? limits.patience : limits.patienceTraced;
  if (strange_ > patience || passed_ > std::max(kMostPassed, patience)) over_ = true;
  return over_;
}

bool Report::quietSince(Instant now) const {
  if (!traced()) return now - lastSeen_ >= kQuietWaiting;
  return now - lastSeen_ >= (atBottom() ? kQuietWhole : kQuietTraced);
}

// The first trace with a frame of the bug's own, else the first that is not aside.
const Report::Trace* Report::chosenTrace() const {
  const Trace* first = nullptr;
  for (const Trace& trace : traces_) {
    if (trace.aside || trace.frames.empty()) continue;
    if (first == nullptr) first = &trace;
    ConsoleEvent probe;
    probe.kind = kind();
    probe.frames = trace.frames;
    if (!meaningfulFrames(probe, *tables_).empty()) return &trace;
  }
  return first;
}

std::optional<ConsoleEvent> Report::event(std::string_view release) const {
  if (kind() == DumpStack && !traced()) return std::nullopt;
  ConsoleEvent event = event_;
  Trace trace = next_;
  if (const Trace* chosen = chosenTrace()) trace = *chosen;
  if (kind() == Warning && trace.frames.empty() && !trace.pc) trace.pc = headline_.function;
  event.frames = std::move(trace.frames);
  event.registers = std::move(trace.registers);
  event.pc = std::move(trace.pc);
  event.lr = std::move(trace.lr);
  const bool there =
      trace.pcInside || (!event.frames.empty() && event.pc && samePlace(*event.pc, event.frames.front()));
  if (event.pc && !there) event.frames.insert(event.frames.begin(), *event.pc);
  insertUnframedCaller(event);
  if (event.release.empty()) event.release = release;
  event.title = title(event);
  return event;
}

// The place that the headline names, unless it is one of those that any report shares; else the
// innermost meaningful frame.
std::string Report::title(const ConsoleEvent& event) const {
  if (!headline_.namesFunction) return headline_.words;
  const auto& place = headline_.function;
  const auto own = meaningfulFrames(event, *tables_);
  const bool placed = place && isMeaningful(*place, kind(), *tables_);
  if (!placed && !own.empty()) return titleIn(headline_.words, withoutCompilerSuffix(own.front().symbol, *tables_));
  return titleIn(headline_.words, place ? withoutCompilerSuffix(place->symbol, *tables_) : "");
}

}  // namespace relapse::console
