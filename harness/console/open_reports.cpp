// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/open_reports.hpp"

#include <algorithm>
#include <utility>

namespace relapse::console {

void OpenReports::take(const Headline& headline, const KernelLine& line) {
  const auto goesOn = std::find_if(open_.begin(), open_.end(), [&](const OpenReport& open) {
    return !open.report->isOver() && open.report->mayOwn(line) && open.report->continuedBy(headline);
  });
  if (goesOn != open_.end()) {
    current_ = goesOn->report.get();
    current_->take(headline, line);
  } else {
    if (headline.kind == EventKind::Kmemleak) endLeaks(line);
    add(std::make_unique<Report>(headline, line, *tables_));
  }
  passBy(current_, &line);
}

OpenReports::Placed OpenReports::take(const BodyLine& body, const KernelLine& line,
                                      const std::optional<KernelLine>& message) {
  Report* owner = ownerOf(body, line);
  const auto* cpu = std::get_if<CpuLine>(&body);
  if (owner != nullptr) {
    owner->take(body, line);
    record(owner, body, line);
    current_ = owner;
  } else if (cpu != nullptr) {
    KernelLine told = message.value_or(line);
    if (!message) told.text = {};
    add(std::make_unique<Report>(Report::dumpStack(told, *cpu, line, *tables_)));
    owner = current_;
  }
  passBy(owner, &line);
  if (owner == nullptr) return Placed::NobodyWaits;
  return owner->isOver() ? Placed::TakenAsLast : Placed::Taken;
}

void OpenReports::pass(const KernelLine* line) {
  passBy(nullptr, line);
}

bool OpenReports::queue(ConsoleEvent& event) {
  if (open_.empty()) return false;
  open_.back().behind.push_back(std::move(event));
  if (++behind_ > kMostBehind) endOldest();
  return true;
}

Report* OpenReports::ownerOf(const BodyLine& body, const KernelLine& line) {
  if (const auto* cpu = std::get_if<CpuLine>(&body)) {
    Report* own = newest(line, [&](const Report& report) { return report.awaitsCpuLine(*cpu); });
    return own != nullptr ? own : newest(line, [](const Report& report) { return report.awaitsOtherCpus(); });
  }
  if (const auto* frame = std::get_if<FrameLine>(&body)) return ownerOfFrame(frame->frame, line);
  if (std::holds_alternative<TraceStart>(body)) return startTrace(line);
  if (std::holds_alternative<ProgramCounter>(body)) {
    Report* waiting = newest(line, [](const Report& report) { return report.awaitsProgramCounter(); });
    return waiting != nullptr ? waiting : newest(line, [](const Report& report) { return report.awaitsFrame(); });
  }
  if (std::holds_alternative<LinkRegister>(body)) {
    return newest(line, [](const Report& report) { return report.awaitsLinkRegister(); });
  }
  if (std::holds_alternative<TaskLine>(body)) {
    return newest(line, [](const Report& report) { return report.awaitsTrace(); });
  }
  if (std::holds_alternative<TraceEnd>(body)) {
    return newest(line, [](const Report& report) { return report.endsWithMark(); });
  }
  if (std::holds_alternative<Ruler>(body)) {
    return newest(line, [](const Report& report) { return report.kind() == EventKind::Sanitizer; });
  }
  if (std::holds_alternative<PanicEnd>(body)) {
    return newest(line, [](const Report& report) { return report.kind() == EventKind::Panic; });
  }
  return newest(line, [](const Report&) { return true; });
}

// The report that took a line last, else the newest one, of those that fit.
template <class Fits>
Report* OpenReports::newest(const KernelLine& line, Fits fits) {
  const auto suits = [&](const Report& report) { return !report.isOver() && report.mayOwn(line) && fits(report); };
  if (current_ != nullptr && suits(*current_)) return current_;
  const auto found =
      std::find_if(open_.rbegin(), open_.rend(), [&](const OpenReport& open) { return suits(*open.report); });
  return found == open_.rend() ? nullptr : found->report.get();
}

// A frame that is the pc of a report whose trace has just begun is certainly its.
Report* OpenReports::ownerOfFrame(const RawFrame& frame, const KernelLine& line) {
  Report* begins = newest(line, [&](const Report& report) { return report.beginsWith(frame); });
  return begins != nullptr ? begins : newest(line, [](const Report& report) { return report.awaitsFrame(); });
}

// A new trace ends those of the same caller. One that is cut short goes on, perhaps, in the new one.
Report* OpenReports::startTrace(const KernelLine& line) {
  Report* owner = newest(line, [](const Report& report) { return report.awaitsTrace(); });
  if (owner != nullptr && owner->kind() == EventKind::DumpStack) endDumpStacks(&line);
  for (auto& open : open_) {
    Report& report = *open.report;
    if (&report == owner || report.isOver() || !report.mayOwn(line)) continue;
    if (report.awaitsFrame() && report.cutShort()) ++ambiguous_;
    if (report.traced()) report.end();
  }
  return owner;
}

// lib/dump_stack.c: one CPU at a time prints, whoever called.
void OpenReports::endDumpStacks(const KernelLine* traceStart) {
  for (auto& open : open_) {
    Report& report = *open.report;
    if (report.kind() != EventKind::DumpStack || report.isOver() || !report.traced()) continue;
    if (traceStart != nullptr && report.mayOwn(*traceStart) && report.cutShort()) ++ambiguous_;
    report.end();
  }
}

// mm/kmemleak.c: a list; the next object ends the one before.
void OpenReports::endLeaks(const KernelLine& line) {
  for (auto& open : open_) {
    if (open.report->kind() == EventKind::Kmemleak && open.report->mayOwn(line)) open.report->end();
  }
}

bool OpenReports::followsDumpStack() const {
  return open_.size() == 1 && open_.front().report->kind() == EventKind::DumpStack && open_.front().report->traced() &&
         open_.front().recording.usable() && open_.front().behind.empty();
}

void OpenReports::record(const Report* owner, const BodyLine& body, const KernelLine& line) {
  if (owner->kind() != EventKind::DumpStack) return;
  const auto open =
      std::find_if(open_.rbegin(), open_.rend(), [&](const OpenReport& row) { return row.report.get() == owner; });
  open->recording.take(body, line.text);
}

void OpenReports::add(std::unique_ptr<Report> report) {
  if (open_.size() >= kMostOpen) endOldest();
  open_.push_back({std::move(report)});
  open_.back().asked = selfTest_;
  current_ = open_.back().report.get();
}

void OpenReports::endOldest() {
  const auto oldest =
      std::find_if(open_.begin(), open_.end(), [](const OpenReport& open) { return !open.report->isOver(); });
  if (oldest != open_.end()) oldest->report->end();
}

void OpenReports::passBy(const Report* owner, const KernelLine* line) {
  for (auto& open : open_) {
    if (open.report.get() != owner && !open.report->isOver()) open.report->pass(line);
  }
}

void OpenReports::endQuiet(Instant now) {
  for (auto& open : open_) {
    if (open.report->isOver() || !open.report->quietSince(now)) continue;
    open.quiet = true;
    open.report->end();
  }
}

void OpenReports::endAll() {
  for (auto& open : open_) open.report->end();
}

std::optional<OpenReport> OpenReports::takeOver() {
  if (open_.empty() || !open_.front().report->isOver()) return std::nullopt;
  OpenReport over = std::move(open_.front());
  open_.pop_front();
  behind_ -= over.behind.size();
  if (current_ == over.report.get()) current_ = nullptr;
  return over;
}

}  // namespace relapse::console
