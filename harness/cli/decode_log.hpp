// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "logfile/log_file.hpp"

namespace relapse::cli {

// A console log that is read twice: which kernel it is of shows at its end. What is no plain file (standard input, a
// pipe) is kept, unpacked, in a temporary file between. Not thread-safe.
class TwiceReadLog {
 public:
  // BadInput: as logfile::LogFile.
  static Result<TwiceReadLog> open(const std::string& name);

  // The next piece, valid until the next call; empty: the end. Failures as LogFile's, and Exhausted: the temporary
  // file cannot be written.
  Result<std::string_view> read();

  // From the begin again.
  Result<void> rewind();

 private:
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };

  TwiceReadLog(std::string name, logfile::LogFile log) : name_(std::move(name)), log_(std::move(log)) {}
  Result<std::string_view> readKept();

  std::string name_;
  logfile::LogFile log_;
  std::unique_ptr<std::FILE, Close> kept_;
  bool again_ = false;
  std::optional<Failure> failure_;  // of the first reading; the second ends with it as well
  std::vector<char> buffer_;
};

// Pieces -> lines, without their ends. What a line has beyond 64 KiB is another line.
class LineCutter {
 public:
  template <class Sink>
  void feed(std::string_view piece, Sink&& sink) {
    for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
      take(piece.substr(0, end), sink);
      emit(sink);
      piece.remove_prefix(end + 1);
    }
    take(piece, sink);
  }
  template <class Sink>
  void finish(Sink&& sink) {
    if (!pending_.empty()) emit(sink);
  }

 private:
  static constexpr std::size_t kLongest = 64u << 10;

  template <class Sink>
  void take(std::string_view part, Sink&& sink) {
    while (pending_.size() + part.size() > kLongest) {
      const std::size_t room = kLongest - pending_.size();
      pending_.append(part.substr(0, room));
      part.remove_prefix(room);
      emit(sink);
    }
    pending_.append(part);
  }
  template <class Sink>
  void emit(Sink&& sink) {
    std::string_view line = pending_;
    while (line.ends_with('\r')) line.remove_suffix(1);
    sink(line);
    pending_.clear();
  }

  std::string pending_;
};

}  // namespace relapse::cli
