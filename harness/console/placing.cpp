// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <utility>

#include "console/cursor.hpp"
#include "console/parser_state.hpp"

namespace relapse::console {
namespace {

constexpr std::string_view kSelfTestEnd = "====[ end of backtrace testing ]";
constexpr std::size_t kMostBlanks = 2;  // before a trace's frame

}  // namespace

void ConsoleParser::State::place(const KernelLine& line, bool cut) {
  if (const auto headline = tables_.headlines().read(line.text, cut)) {
    endStrays();
    onHeadline(*headline, line);
  } else if (!open_.empty() || !strays_.empty() || mayBeBody(line.text)) {
    placeBody(line);
  } else {
    before_.set(line);
  }
}

void ConsoleParser::State::onHeadline(const Headline& headline, const KernelLine& line) {
  before_.reset();
  if (!headline.release.empty()) {
    endBoot();
    release_ = headline.release;
  }
  if (headline.extent != Extent::Line) return open_.take(headline, line);
  open_.pass(&line);
  flush();
  if (auto event = Report(headline, line, tables_).event(release_)) queue(std::move(*event));
}

void ConsoleParser::State::placeBody(const KernelLine& line) {
  const BodyLine body = tables_.body().read(line.text);
  if (std::holds_alternative<Plain>(body)) {
    endStrays();
    if (beginsBoot(line.text)) endBoot();
    noteTest(line);
    open_.pass(&line);
    before_.set(line);
    return;
  }
  const bool cpuLine = std::holds_alternative<CpuLine>(body);
  if (cpuLine) endStrays();
  const auto message = cpuLine ? messageFor(line) : std::nullopt;
  const auto placed = cpuLine || !open_.empty() ? open_.take(body, line, message) : OpenReports::Placed::NobodyWaits;
  if (placed == OpenReports::Placed::NobodyWaits) {
    onStray(body, line);
  } else {
    endStrays();
    counted_ = placed == OpenReports::Placed::TakenAsLast && std::holds_alternative<FrameLine>(body);
  }
  before_.reset();
}

// A trace's line that no report waits for. A bare symbol without a blank before it is anybody's, and one
// far to the right is part of a list: of who allocated an object (mm/slab_common.c).
void ConsoleParser::State::onStray(const BodyLine& body, const KernelLine& line) {
  const auto* frame = std::get_if<FrameLine>(&body);
  const std::size_t blanks = line.text.find_first_not_of(' ');
  if (frame != nullptr && !selfTest_ && blanks > 0) {
    ++counts_.strayFrames;
    if (!counted_ && blanks <= kMostBlanks) return strays_.take(frame->frame, line);
    return;
  }
  endStrays();
  if (!std::holds_alternative<TraceStart>(body)) return;
  counted_ = dumpsTask();
  if (!counted_) strays_.begin(line);
}

// Does the line before say whose trace comes? Such a trace was asked for (kernel/sched/core.c: sysrq), or is
// of a list: no report, and its beginning is there.
bool ConsoleParser::State::dumpsTask() {
  const auto before = before_.get();
  if (!before) return false;
  const BodyLine body = tables_.body().read(before->text);
  return std::holds_alternative<TaskLine>(body) || std::holds_alternative<TaskDump>(body) ||
         std::holds_alternative<OtherCpu>(body) || std::holds_alternative<SideTrace>(body);
}

void ConsoleParser::State::endStrays() {
  counted_ = false;
  auto event = strays_.end();
  if (!event) return;
  event->release = release_;
  flush();
  queue(std::move(*event));
}

void ConsoleParser::State::noteTest(const KernelLine& line) {
  if (!selfTest_ && line.text.starts_with(kSelfTest)) setSelfTest(true);
  if (!selfTest_ || !line.text.starts_with(kSelfTestEnd)) return;
  open_.endDumpStacks(nullptr);
  setSelfTest(false);
  flush();
}

void ConsoleParser::State::setSelfTest(bool on) {
  selfTest_ = on;
  open_.selfTest(on);
}

// True: the line is one more of a flood, and need not be read.
bool ConsoleParser::State::echoes(const KernelLine& line, bool cut) {
  if (cut || selfTest_) return false;
  if (!echo_.active()) return beginEcho(line);
  const auto step = echo_.follow(line, [&](const KernelLine& other) { return isPlain(other.text); });
  if (step != Echo::Step::TraceBegan) return step == Echo::Step::Taken;
  if (echo_.previous() == nullptr) {
    open_.endDumpStacks(&line);
    flush();
    return true;
  }
  if (!foldPrevious()) {
    replay();
    return true;
  }
  echo_.forgetPrevious();
  return true;
}

bool ConsoleParser::State::beginEcho(const KernelLine& line) {
  if (!echo_.knowsAny() || !line.text.starts_with("CPU: ") || !strays_.empty()) return false;
  if ((!open_.empty() && !open_.followsDumpStack()) || !readCpuLine(line.text)) return false;
  const auto message = messageFor(line);
  if (message && isOomInvocation(message->text)) return false;
  echo_.begin(message, line);
  before_.reset();
  return true;
}

// The report before the one that goes on is one more of its flood. False: that flood is over.
bool ConsoleParser::State::foldPrevious() {
  const Echo::Whole& whole = *echo_.previous();
  if (!floods_.again(whole.path, whole.place, whole.seen)) return false;
  if (whole.cutShort) ++counts_.ambiguousLines;
  judge_.sawTrace(whole.path, whole.place.kernelTime);
  return true;
}

// What the echo held back is read in the usual way.
void ConsoleParser::State::replay() {
  if (!echo_.active()) return;
  before_.reset();
  const auto message = [this](const KernelLine& line) { before_.set(line); };
  echo_.giveBack(message, [this](const KernelLine* line) {
    if (line == nullptr)
      open_.pass(nullptr);
    else
      place(*line, false);
    flush();
  });
}

// Belongs to no report, and begins none.
bool ConsoleParser::State::isPlain(std::string_view text) {
  if (std::find(lastPlain_.begin(), lastPlain_.end(), text) != lastPlain_.end()) return true;
  if (tables_.headlines().read(text, false) || !std::holds_alternative<Plain>(tables_.body().read(text))) return false;
  if (beginsBoot(text) || text.starts_with(kSelfTest) || isOomInvocation(text)) return false;
  lastPlain_[plains_++ % lastPlain_.size()] = text;
  return true;
}

// What the kernel said right before a CPU line.
std::optional<KernelLine> ConsoleParser::State::messageFor(const KernelLine& cpuLine) {
  auto before = before_.get();
  if (!before || before->caller != cpuLine.caller) return std::nullopt;
  if (!std::holds_alternative<Plain>(tables_.body().read(before->text))) return std::nullopt;
  return before;
}

void ConsoleParser::State::endBoot() {
  replay();
  endStrays();
  open_.endAll();
  flush();
  floods_.close(ready_);
  judge_.newBoot();
  setSelfTest(false);
}

// Events leave in the order in which they began.
void ConsoleParser::State::flush() {
  while (auto over = open_.takeOver()) leave(std::move(*over));
}

void ConsoleParser::State::leave(OpenReport over) {
  auto event = over.report->event(release_);
  if (event && event->kind == EventKind::DumpStack)
    onDumpStack(std::move(*event), over, over.report->lastSeen());
  else if (event)
    emit(std::move(*event));
  for (ConsoleEvent& behind : over.behind) emit(std::move(behind));
}

void ConsoleParser::State::onDumpStack(ConsoleEvent event, OpenReport& over, Instant seen) {
  const std::uint64_t path = cut_ ? floods_.pathThatBeginsAs(event) : pathOf(event);
  judge_.sawTrace(path, event.kernelTime);
  if (over.recording.usable()) {
    over.recording.lines().path = path;
    over.recording.lines().cutShort = over.report->cutShort();
    echo_.learn(std::move(over.recording.lines()));
  }
  if (!over.asked) floods_.add(std::move(event), path, seen, over.quiet, ready_);
}

void ConsoleParser::State::queue(ConsoleEvent event) {
  if (!open_.queue(event)) emit(std::move(event));
  flush();
}

void ConsoleParser::State::emit(ConsoleEvent event) {
  floods_.close(ready_);
  event.artefact = judge_.judge(event);
  ready_.push_back(std::move(event));
}

std::vector<ConsoleEvent> ConsoleParser::State::collect() {
  flush();
  for (ConsoleEvent& event : ready_) event.node = options_.node;
  counts_.events += ready_.size();
  return std::exchange(ready_, {});
}

}  // namespace relapse::console
