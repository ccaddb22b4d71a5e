// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "console/parser.hpp"

namespace relapse::console {

// "# expect: kind | title | cpu | task | pid | frames: a, b", and the lines below it that say more
// about the same event. '-' stands for nothing; frames are a subsequence of the trace.
struct Expected {
  std::string kind;
  std::string title;
  std::string cpu;
  std::string task;
  std::string pid;
  std::vector<std::string> frames;
  std::optional<std::string> message;  // "# message: ..."
  std::optional<std::string> taint;
  std::optional<std::string> release;
  std::optional<std::string> module;  // of the first frame
  std::optional<std::string> lr;      // its symbol
};

struct CorpusFile {
  std::filesystem::path path;
  std::vector<Expected> expected;
  std::optional<std::string> signature;  // "# signature: ...": of all events of the first one's kind
  std::optional<std::string> stray;      // "# stray: N": trace lines without a report
  std::string log;
};

std::vector<CorpusFile> corpus();

inline void PrintTo(const CorpusFile& file, std::ostream* out) {
  *out << file.path.filename();
}  // GoogleTest's name

// All that an event holds, as lines of text: for comparing.
std::string described(const ConsoleEvent& event);
std::string described(const std::vector<ConsoleEvent>& events);

// The events of `log`, fed in pieces that end at `cuts`.
std::vector<ConsoleEvent> parsed(std::string_view log, const std::vector<std::size_t>& cuts = {});

}  // namespace relapse::console
