// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "console/lines.hpp"
#include "console/printk.hpp"
#include "console/report.hpp"

namespace relapse::console {

// A line that is kept for a while: of the piece that is read, then a copy.
class KeptLine {
 public:
  void set(const KernelLine& line) {
    line_ = line;
    stamped_ = false;
    plain_ = true;
    set_ = true;
    mine_ = false;
  }
  // `plain` false: without prefix, not cleaned yet. Member by member: it is done for each line of a log.
  void set(const Line& line, std::string_view text, std::string_view caller, const Stamp* stamp, Instant seen,
           bool plain) {
    line_.text = text;
    line_.caller = caller;
    stamped_ = stamp != nullptr;
    if (stamped_) micros_ = stamp->micros;
    line_.time.reset();
    line_.span = line.span;
    line_.arrival = line.arrival;
    line_.seen = seen;
    plain_ = plain;
    set_ = true;
    mine_ = false;
  }
  void reset() { set_ = false; }
  // The bytes of the piece go.
  void keep() {
    if (!set_ || mine_) return;
    text_ = line_.text;
    caller_ = line_.caller;
    line_.text = text_;
    line_.caller = caller_;
    mine_ = true;
  }
  std::optional<KernelLine> get() {
    if (!set_) return std::nullopt;
    KernelLine line = line_;
    if (stamped_) line.time = secondsOf(micros_);
    if (!plain_) line.text = readPrintk(cleaned(line.text, clean_)).text;
    return line;
  }

 private:
  KernelLine line_;
  bool set_ = false;
  bool plain_ = false;
  bool stamped_ = false;
  std::uint64_t micros_ = 0;  // its time, when stamped_
  bool mine_ = false;
  std::string text_;
  std::string caller_;
  std::string clean_;
};

}  // namespace relapse::console
