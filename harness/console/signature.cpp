// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "console/parser.hpp"
#include "console/skip.hpp"
#include "console/titles.hpp"

namespace relapse::console {
namespace {

constexpr std::array<std::string_view, 6> kSuffixes{".isra.", ".constprop.", ".part.", ".cold", ".lto_priv.", ".llvm."};

FrameRole roleOf(const RawFrame& frame) {
  return frameRole(withoutCompilerSuffix(frame.symbol));
}

bool isSpin(EventKind kind) {
  return kind == EventKind::SoftLockup || kind == EventKind::HardLockup || kind == EventKind::RcuStall;
}

// A detector that runs in the timer interrupt and dumps its own stack shows the interrupt's frames
// first; what spins lies beneath the interrupt's entry.
std::size_t firstBeneathInterrupt(const ConsoleEvent& event) {
  const auto& frames = event.frames;
  if (!isSpin(event.kind) || frames.empty() || roleOf(frames.front()) != FrameRole::Reporter) return 0;
  const auto entry = std::find_if(frames.begin(), frames.end(),
                                  [](const RawFrame& frame) { return roleOf(frame) == FrameRole::InterruptEntry; });
  return entry == frames.end() ? 0 : static_cast<std::size_t>(entry - frames.begin());
}

bool holds(const std::vector<RawFrame>& frames, std::string_view symbol) {
  return std::any_of(frames.begin(), frames.end(),
                     [&](const RawFrame& frame) { return withoutCompilerSuffix(frame.symbol) == symbol; });
}

// The innermost frame of the first trace that all others have, too.
std::string_view commonFrame(const std::vector<std::vector<RawFrame>>& traces) {
  for (const RawFrame& frame : traces.front()) {
    const std::string_view symbol = withoutCompilerSuffix(frame.symbol);
    if (std::all_of(traces.begin() + 1, traces.end(), [&](const auto& trace) { return holds(trace, symbol); })) {
      return symbol;
    }
  }
  return {};
}

}  // namespace

std::string_view withoutCompilerSuffix(std::string_view symbol) {
  std::size_t end = symbol.size();
  for (const std::string_view suffix : kSuffixes) end = std::min(end, symbol.find(suffix));
  return symbol.substr(0, end);
}

std::vector<RawFrame> meaningfulFrames(const ConsoleEvent& event) {
  std::vector<RawFrame> own;
  std::copy_if(event.frames.begin() + static_cast<std::ptrdiff_t>(firstBeneathInterrupt(event)), event.frames.end(),
               std::back_inserter(own),
               [](const RawFrame& frame) { return frame.reliable && frame.offset && roleOf(frame) == FrameRole::Own; });
  return own;
}

std::string signature(const std::vector<ConsoleEvent>& events) {
  if (events.empty()) return {};
  const ConsoleEvent& first = events.front();
  if (!isSpin(first.kind)) return first.title;
  std::vector<std::vector<RawFrame>> traces;
  for (const ConsoleEvent& event : events) {
    if (!isSpin(event.kind)) continue;
    auto frames = meaningfulFrames(event);
    if (!frames.empty()) traces.push_back(std::move(frames));  // a report that lost its trace says nothing
  }
  if (traces.empty()) return first.title;
  return titleIn(spinWords(first.kind), commonFrame(traces));
}

}  // namespace relapse::console
