// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "console/values.hpp"

namespace relapse::console {

// What a parser has seen, and what it could not place.
struct ParserCounts {
  std::uint64_t lines = 0;
  std::uint64_t events = 0;
  std::uint64_t droppedBytes = 0;    // beyond 4 KiB of a line
  std::uint64_t strayFrames = 0;     // trace lines that no open report waits for
  std::uint64_t ambiguousLines = 0;  // trace lines that two open reports wait for; the newer one got them
};

// What is watched for beside the kernel's own reports.
struct ParserOptions {
  std::string node = {};
  std::vector<std::string> patterns = {};  // RE2's syntax; a kernel line that one matches is an event, kind Pattern
  std::optional<Instant> silence = {};     // that long without a byte is an event, kind Silence, once per silence
};

// Turns the bytes of one guest's console into events. Pure: no I/O, no clock, no logging; the same
// bytes in any split give the same events, in the order in which they begin in the log. Bounded
// memory. Not thread-safe.
//
// Once a line with a printk stamp was seen, lines without one are user space's and never events.
// Reports of two CPUs that are printed at the same time are kept apart by PRINTK_CALLER where the
// kernel has it, else by their CPU lines and their pc; frames that fall between both ("Call trace:"
// twice, then frames) cannot be told apart: they go to the newer trace and are counted.
class ConsoleParser {
 public:
  explicit ConsoleParser(ParserOptions options = {});
  ~ConsoleParser();
  ConsoleParser(ConsoleParser&&) noexcept;
  ConsoleParser& operator=(ConsoleParser&&) noexcept;

  // Events that became complete with this chunk. A report whose trace is still being printed is
  // kept back until its end shows (a line that cannot belong to it) or tick() says it went quiet.
  std::vector<ConsoleEvent> feed(const ConsoleChunk& chunk);

  // Time passes without bytes: closes a report that has been quiet for 300 ms (50 ms once its trace
  // has come to its bottom; 1 s while its trace has not begun: a slow guest prints late).
  std::vector<ConsoleEvent> tick(Instant now);

  // No more bytes will come: closes what is open.
  std::vector<ConsoleEvent> finish();

  ParserCounts counts() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

// Which bug an event is: kind + what all reports of the same spin share, else the innermost
// meaningful frame. `events` are the reports taken for one bug, the first one first; not empty.
std::string signature(const std::vector<ConsoleEvent>& events);

// frames without what every such report shares (dump_stack, watchdog, IRQ entry, lock slow paths).
std::vector<RawFrame> meaningfulFrames(const ConsoleEvent& event);

// "nfs_wb_page.isra.0" -> "nfs_wb_page"
std::string_view withoutCompilerSuffix(std::string_view symbol);

}  // namespace relapse::console
