// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "logfile/packing.hpp"
#include "logfile/raw_bytes.hpp"

namespace relapse::logfile {

// A console log, read from its begin to its end: a file, or "-" for standard input; plain, or packed
// with gzip, xz or zstd (known by content; several members one after the other are one log). Holds
// two pieces of 128 KiB and what the decoder wants (xz -9: 65 MiB, zstd: 128 MiB at most). Not thread-safe.
class LogFile {
 public:
  // BadInput: missing, a directory, not readable, a packing that is not read here.
  static Result<LogFile> open(const std::string& name);

  // The next piece of the log, unpacked; it is valid until the next call. Empty: the log's end.
  // BadInput: the log cannot be read on, or its packing is damaged or cut off; all that could be
  // unpacked before that has been given out by then.
  Result<std::string_view> read();

 private:
  LogFile(RawBytes raw, PackingFound packing);

  Result<std::string_view> readPacked();
  bool unpackSome(std::size_t& made);
  bool fetch();
  void skipPadding();
  void breakOff(const std::string& why);

  RawBytes raw_;
  PackingFound packing_;
  std::unique_ptr<Decoder> decoder_;  // none: plain
  std::vector<char> out_;
  std::string_view in_;             // of raw_'s buffer, not yet decoded
  bool inputEnded_ = false;         // raw_ has no more
  bool inMember_ = true;            // a member has begun and not ended
  std::size_t unpacked_ = 0;        // bytes of the log so far
  std::optional<Failure> failure_;  // told when everything before it is given out
};

}  // namespace relapse::logfile
