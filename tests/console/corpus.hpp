// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "console/parser.hpp"

namespace relapse::console {

// "# expect: kind | title | cpu | task | pid | frames: a, b", and the lines below it that say more
// about the same event. The words are explained in tests/corpus/console/README.md.
struct Expected {
  std::string kind;
  std::string title;
  std::string cpu;
  std::string task;
  std::string pid;
  std::vector<std::string> frames;     // a subsequence of the trace
  std::optional<std::string> message;  // "# message: ..."
  std::optional<std::string> taint;
  std::optional<std::string> release;
  std::optional<std::string> module;    // of the first frame
  std::optional<std::string> pc;        // as printed
  std::optional<std::string> lr;        // its symbol
  std::vector<std::string> registers;   // "x29=ffff800012345678": some of them
  std::vector<std::string> unreliable;  // symbols: some of them
  std::optional<std::string> lines;     // from the headline to the last line of the report
  std::string artefact = "-";           // of every event, whether the head tells or not
  std::string count = "1";              // likewise
};

struct CorpusFile {
  std::filesystem::path path;
  std::vector<Expected> expected;
  std::optional<std::string> signature;  // "# signature: ...": of all events of the first one's kind
  std::optional<std::string> stray;      // "# stray: N": trace lines without a report
  bool alone = false;                    // "# alone: why": cannot be a part of a longer log
  std::string log;
};

std::vector<CorpusFile> corpus();

inline void PrintTo(const CorpusFile& file, std::ostream* out) {
  *out << file.path.filename();
}  // GoogleTest's name

// Where the events of a file are not what its head says, one line each; empty: all is as expected.
// `tables` are those that the events were made with.
std::string difference(const CorpusFile& file, const std::vector<ConsoleEvent>& events,
                       const Tables& tables = Tables::kernel());

// All that an event holds, as lines of text: for comparing.
std::string described(const ConsoleEvent& event);
std::string described(const std::vector<ConsoleEvent>& events);

// The events of `log`, fed in pieces that end at `cuts`.
std::vector<ConsoleEvent> parsed(std::string_view log, const std::vector<std::size_t>& cuts = {},
                                 const Tables& tables = Tables::kernel());

}  // namespace relapse::console
