// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <deque>

#include "cli/output.hpp"
#include "cli/signatures.hpp"
#include "report/scan.hpp"

namespace relapse::cli {

// Lines of events that wait, in order, for the signature of the first of them: until the log's end,
// or until there are too many bytes of them (then the oldest leave with what is known by then).
class HeldLines {
 public:
  HeldLines(const Signatures& signatures, Output& output, std::size_t mostBytes)
      : signatures_(signatures), output_(output), most_(mostBytes) {}

  void add(report::UnsignedLine line, Signatures::Bug bug);
  void release() { releaseDownTo(0); }

 private:
  struct Held {
    report::UnsignedLine line;
    Signatures::Bug bug;
    std::size_t bytes() const { return sizeof(Held) + line.before.size() + line.after.size() + bug.text.size(); }
  };

  void releaseDownTo(std::size_t bytes);

  const Signatures& signatures_;
  Output& output_;
  const std::size_t most_;
  std::deque<Held> held_;
  std::size_t bytes_ = 0;
};

}  // namespace relapse::cli
