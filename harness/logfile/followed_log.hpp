// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

#include "failure/values.hpp"
#include "logfile/raw_bytes.hpp"
#include "process/descriptor.hpp"

namespace relapse::logfile {

struct Grown {
  std::string_view bytes;  // valid until the next call
};
struct Quiet {};  // nothing came in the time given
struct Restarted {
  std::string why;  // "it was truncated": what comes next is its begin
};
struct Ended {};  // a pipe's end, or a stop was requested
using FollowStep = std::variant<Grown, Quiet, Restarted, Ended>;

// A plain log that is read while it grows. A file has no end; it may be truncated, or another one may
// take its name (what the old one still held is read first). A pipe or a terminal ends with its writer.
// Changes wake it through inotify; where there is none, each call of next() looks. A file that is
// truncated and has grown beyond its old size before anybody looked is taken for one that grew.
// Not thread-safe.
class FollowedLog {
 public:
  // BadInput as LogFile::open().
  static Result<FollowedLog> open(const std::string& name);

  // Waits for bytes, `patience` at most. BadInput: it cannot be read on, or is packed.
  Result<FollowStep> next(std::chrono::milliseconds patience, const std::stop_token& stop);

 private:
  FollowedLog(std::string name, RawBytes raw, bool isFile);

  Result<FollowStep> look();
  Result<FollowStep> more(FollowStep nothing);
  Result<FollowStep> reopen();
  bool shrank();
  bool replaced() const;
  void watch();
  void wait(std::chrono::milliseconds patience, const std::stop_token& stop) const;

  std::string name_;  // as given
  RawBytes raw_;
  bool isFile_;
  off_t read_ = 0;               // bytes so far
  process::Descriptor changes_;  // inotify
};

}  // namespace relapse::logfile
