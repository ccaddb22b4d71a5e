// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "console/signature.hpp"
#include "console/tables.hpp"
#include "console/values.hpp"
#include "failure/values.hpp"

namespace relapse::console {

// What a parser has seen, and what it could not place.
struct ParserCounts {
  std::uint64_t lines = 0;
  std::uint64_t events = 0;
  std::uint64_t droppedBytes = 0;    // beyond 4 KiB of a line
  std::uint64_t strayFrames = 0;     // trace lines that no open report waits for, in an event of kind Unparsed or not
  std::uint64_t ambiguousLines = 0;  // trace lines that two open reports wait for; the newer one got them
};

// What is watched for beside the kernel's own reports.
struct ParserOptions {
  std::string node = {};
  std::vector<std::string> patterns = {};  // RE2's syntax; a kernel line that one matches is an event, kind Pattern
  const Tables* tables = nullptr;          // nothing: the kernel's; else they outlive the parser
  std::optional<Instant> silence = {};     // that long without a byte is an event, kind Silence, once per silence
};

// Turns the bytes of one guest's console into events. Pure: no I/O, no clock, no logging; the same
// bytes in any split give the same events, in the order in which they begin in the log. Bounded
// memory. Not thread-safe.
//
// Once a line with a mark of the kernel's was seen (printk.hpp: a stamp, a log daemon's "kernel:", ...),
// lines without one are user space's and never events.
// Reports of two CPUs that are printed at the same time are kept apart by PRINTK_CALLER where the
// kernel has it, else by their CPU lines and their pc; frames that fall between both ("Call trace:"
// twice, then frames) cannot be told apart: they go to the newer trace and are counted. Three frames or
// more in a row that no report waits for are an event of kind Unparsed.
// Reports of dump_stack() on one path that follow each other are one event with a count, until anything
// else begins; 16 paths side by side.
class ConsoleParser {
 public:
  // The patterns must be valid: others end the program. make() is for those that nobody has checked.
  explicit ConsoleParser(ParserOptions options = {});
  // BadInput: a pattern that RE2 refuses.
  static Result<ConsoleParser> make(ParserOptions options);
  ~ConsoleParser();
  ConsoleParser(ConsoleParser&&) noexcept;
  ConsoleParser& operator=(ConsoleParser&&) noexcept;

  // Events that became complete with this chunk. A report whose trace is still being printed is
  // kept back until its end shows (a line that cannot belong to it) or tick() says it went quiet; a
  // dump_stack() report until something else begins, 2 s of arrival time at most.
  std::vector<ConsoleEvent> feed(const ConsoleChunk& chunk);

  // Time passes without bytes: closes a report that has been quiet for 300 ms (50 ms once its trace
  // has come to its bottom; 1 s while its trace has not begun: a slow guest prints late). Gives out a
  // flood of dump_stack() reports that has been quiet for 300 ms, and says that the console is silent:
  // an event with an empty span at the end of what was read.
  std::vector<ConsoleEvent> tick(Instant now);

  // No more bytes will come: closes what is open.
  std::vector<ConsoleEvent> finish();

  ParserCounts counts() const;

 private:
  class State;
  explicit ConsoleParser(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace relapse::console
