// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/artefact.hpp"
#include "console/echo.hpp"
#include "console/flood.hpp"
#include "console/kept_line.hpp"
#include "console/lines.hpp"
#include "console/open_reports.hpp"
#include "console/parser.hpp"
#include "console/patterns.hpp"
#include "console/source.hpp"
#include "console/strays.hpp"

namespace relapse::console {

// lib/backtracetest.c: its traces are no events.
inline constexpr std::string_view kSelfTest = "====[ backtrace testing ]";

// What a ConsoleParser does: parser.cpp takes the bytes to the kernel's lines, by the short ways where it
// can; placing.cpp takes the lines to events.
class ConsoleParser::State {
 public:
  State(ParserOptions options, PatternSet patterns)
      : options_(std::move(options)),
        tables_(options_.tables != nullptr ? *options_.tables : Tables::kernel()),
        patterns_(std::move(patterns)),
        open_(tables_),
        echo_(tables_),
        strays_(tables_),
        judge_(tables_) {}

  std::vector<ConsoleEvent> feed(const ConsoleChunk& chunk);
  std::vector<ConsoleEvent> tick(Instant now);
  std::vector<ConsoleEvent> finish();
  ParserCounts counts() const;

 private:
  void onLine(const Line& line);
  std::size_t repeats(std::string_view rest, std::uint64_t first);
  bool follows(const Line& line);
  bool skim(const Line& line);
  bool skimOdd(const Line& line);
  bool matters(std::string_view text) const;
  bool mayBeBody(std::string_view text) const;

  void onKernelLine(const KernelLine& line, bool cut);
  void onUserLine();
  void place(const KernelLine& line, bool cut);
  void placeBody(const KernelLine& line);
  void onHeadline(const Headline& headline, const KernelLine& line);
  void onStray(const BodyLine& body, const KernelLine& line);
  void endStrays();
  bool dumpsTask();
  void noteTest(const KernelLine& line);
  void setSelfTest(bool on);

  bool echoes(const KernelLine& line, bool cut);
  bool beginEcho(const KernelLine& line);
  bool foldPrevious();
  void replay();
  bool isPlain(std::string_view text);
  std::optional<KernelLine> messageFor(const KernelLine& cpuLine);

  void matchPatterns(const KernelLine& line);
  void endBoot();
  void flush();
  void leave(OpenReport over);
  void onDumpStack(ConsoleEvent event, OpenReport& over, Instant seen);
  void queue(ConsoleEvent event);
  void emit(ConsoleEvent event);
  std::vector<ConsoleEvent> collect();

  ParserOptions options_;
  const Tables& tables_;
  PatternSet patterns_;
  LineSplitter splitter_;
  KernelSource source_;
  OpenReports open_;
  Echo echo_;
  Floods floods_;
  Strays strays_;
  ArtefactJudge judge_;
  KeptLine before_;                       // the line before, when it belongs to no report
  std::array<std::string, 4> lastPlain_;  // lines that are isPlain()
  std::size_t plains_ = 0;
  std::string scratch_;
  std::vector<ConsoleEvent> ready_;
  std::string release_;
  bool selfTest_ = false;  // the kernel tests its traces
  bool counted_ = false;   // frames go on that are no event: too many for their report, of a dump on request
  bool cut_ = false;       // the log is over, what is open is cut off
  bool silent_ = false;    // and it was said
  Instant now_{0};
  Instant lastBytes_{0};
  ParserCounts counts_;
};

}  // namespace relapse::console
