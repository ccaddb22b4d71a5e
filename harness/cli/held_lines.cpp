// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/held_lines.hpp"

#include <utility>

namespace relapse::cli {

void HeldLines::add(report::UnsignedLine line, Signatures::Bug bug) {
  const bool waits = bug.mayChange || !held_.empty();
  held_.push_back({std::move(line), std::move(bug)});
  bytes_ += held_.back().bytes();
  releaseDownTo(waits ? most_ : 0);
}

void HeldLines::releaseDownTo(std::size_t bytes) {
  while (!held_.empty() && bytes_ > bytes) {
    const Held& oldest = held_.front();
    output_.write(report::signedLine(oldest.line, signatures_.of(oldest.bug)) + "\n");
    bytes_ -= oldest.bytes();
    held_.pop_front();
  }
}

}  // namespace relapse::cli
