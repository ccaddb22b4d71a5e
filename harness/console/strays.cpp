// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/strays.hpp"

#include <utility>

#include "console/cursor.hpp"
#include "console/signature.hpp"
#include "console/titles.hpp"

namespace relapse::console {

void Strays::begin(const KernelLine& traceStart) {
  begun_ = false;
  note(traceStart);
}

void Strays::take(const RawFrame& frame, const KernelLine& line) {
  note(line);
  if (event_.frames.size() < Report::kMostFrames) event_.frames.push_back(frame);
}

void Strays::note(const KernelLine& line) {
  if (!begun_) {
    event_ = {};
    event_.kind = EventKind::Unparsed;
    event_.message = trimmed(line.text);
    event_.at = line.arrival;
    event_.kernelTime = line.time;
    event_.span = line.span;
    begun_ = true;
  }
  event_.span.past = line.span.past;
  seen_ = line.seen;
}

std::optional<ConsoleEvent> Strays::end() {
  if (!std::exchange(begun_, false) || event_.frames.size() < kFewest) return std::nullopt;
  const auto own = meaningfulFrames(event_, *tables_);
  event_.title =
      titleIn("call trace without a beginning", own.empty() ? "" : withoutCompilerSuffix(own.front().symbol, *tables_));
  return std::move(event_);
}

}  // namespace relapse::console
