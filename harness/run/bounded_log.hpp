// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "failure/values.hpp"

namespace relapse::run {

// How many bytes of a log are kept: its first, and at least its last, at most twice as many.
struct LogLimits {
  std::uint64_t head = 64u << 20;
  std::uint64_t tail = 16u << 20;
};

// A log that a guest writes, of which head and tail are kept, whatever it writes. Until finish() the tail lies beside
// it, in FILE.tail and FILE.tail.before, so that a killed relapse loses nothing of it. For one thread.
class BoundedLog {
 public:
  // Goes on behind what is in the file.
  explicit BoundedLog(std::filesystem::path file, const LogLimits& limits = {});

  // On the disk when it returns; what cannot be written is told by finish().
  void append(std::string_view bytes);

  // Puts the tail behind the head, with a line between them that says how many bytes were left out, and closes the
  // file. Exhausted: something of the log could not be written; the tail then stays where it is.
  Result<void> finish();

 private:
  void appendToTail(std::string_view bytes);
  std::filesystem::path tail() const { return file_.string() + ".tail"; }
  std::filesystem::path tailBefore() const { return file_.string() + ".tail.before"; }

  std::filesystem::path file_;
  LogLimits limits_;
  std::ofstream out_;  // the head, later the tail
  std::uint64_t inHead_ = 0;
  std::uint64_t inTail_ = 0;
  std::uint64_t leftOut_ = 0;
  std::uint64_t inTailBefore_ = 0;
  bool failed_ = false;
};

}  // namespace relapse::run
