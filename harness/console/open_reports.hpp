// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "console/echo.hpp"
#include "console/report.hpp"
#include "console/tables.hpp"
#include "console/values.hpp"

namespace relapse::console {

// A report on its way, and what has to wait for it: events leave in the order in which they begin.
struct OpenReport {
  std::unique_ptr<Report> report;
  EchoRecording recording = {};           // of a dump_stack() report
  std::vector<ConsoleEvent> behind = {};  // began after it, before the next one, and are whole
  bool quiet = false;                     // ended because nothing came
  bool asked = false;                     // the kernel tests its traces: no event
};

// The reports that are being printed, and which of them a line belongs to.
class OpenReports {
 public:
  static constexpr std::size_t kMostOpen = 16;      // one more ends the oldest
  static constexpr std::size_t kMostBehind = 1024;  // events that wait, over all reports; one more ends the oldest

  explicit OpenReports(const Tables& tables) : tables_(&tables) {}

  bool empty() const { return open_.empty(); }

  // A headline: goes on with an open report, or begins one.
  void take(const Headline& headline, const KernelLine& line);

  enum class Placed { NobodyWaits, Taken, TakenAsLast };
  // A line below a headline. `message`: the line before, when a CPU line may begin a report with it.
  Placed take(const BodyLine& body, const KernelLine& line, const std::optional<KernelLine>& message);

  // A line that belongs to no report; nothing: a line of user space.
  void pass(const KernelLine* line);

  // A whole event: waits for the reports that began before it. False: there is none.
  bool queue(ConsoleEvent& event);

  // Whether the traces that come are the kernel's test of itself.
  void selfTest(bool on) { selfTest_ = on; }

  // All that is open is one report of dump_stack() that can be told from the lines that follow it.
  bool followsDumpStack() const;
  // The trace of another dump_stack() begins; nothing: there will be no more of them.
  void endDumpStacks(const KernelLine* traceStart);

  void endQuiet(Instant now);
  void endAll();

  // The oldest one, when it is over.
  std::optional<OpenReport> takeOver();

  std::uint64_t ambiguousLines() const { return ambiguous_; }

 private:
  Report* ownerOf(const BodyLine& body, const KernelLine& line);
  Report* ownerOfFrame(const RawFrame& frame, const KernelLine& line);
  Report* startTrace(const KernelLine& line);
  template <class Fits>
  Report* newest(const KernelLine& line, Fits fits);
  void record(const Report* owner, const BodyLine& body, const KernelLine& line);
  void add(std::unique_ptr<Report> report);
  void endOldest();
  void endLeaks(const KernelLine& line);
  void passBy(const Report* owner, const KernelLine* line);

  const Tables* tables_;
  std::deque<OpenReport> open_;  // in the order in which they began; over ones wait for those before
  Report* current_ = nullptr;    // took a line last
  std::size_t behind_ = 0;
  bool selfTest_ = false;
  std::uint64_t ambiguous_ = 0;
};

}  // namespace relapse::console
