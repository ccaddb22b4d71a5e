// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "console/values.hpp"

namespace relapse::console {

// One line of the console, without its end.
struct Line {
  std::string_view text;  // valid UTF-8 without NUL, escape sequences and control bytes; tabs are kept
  LogSpan span;           // of the raw bytes, without the line's end
  Instant arrival{0};     // of its first byte
  bool cut = false;       // the log ended before the line did
};

using LineSink = std::function<void(const Line&)>;

// Bytes -> lines. A line ends with LF or CR; empty ones are left out. What a line has beyond
// kLongestLine bytes is dropped and counted. A Line is valid during the call of the sink only.
class LineSplitter {
 public:
  static constexpr std::size_t kLongestLine = 4096;

  void feed(const ConsoleChunk& chunk, const LineSink& sink);
  void finish(const LineSink& sink);

  std::uint64_t droppedBytes() const { return dropped_; }

 private:
  void take(std::string_view piece, Instant arrival);
  void end(std::string_view piece, Instant arrival, const LineSink& sink);
  void emit(std::string_view kept, bool cut, const LineSink& sink);

  std::string pending_;       // the kept bytes of a line whose end has not come
  std::uint64_t start_ = 0;   // offset of that line
  std::uint64_t length_ = 0;  // its raw bytes so far
  Instant arrival_{0};
  std::uint64_t dropped_ = 0;
  std::string scratch_;
};

// Removes NUL, ANSI escape sequences and control bytes, and puts U+FFFD for bytes that are not UTF-8.
// The answer is `raw` itself when nothing is to be done, else it lies in `scratch`.
std::string_view cleaned(std::string_view raw, std::string& scratch);

}  // namespace relapse::console
