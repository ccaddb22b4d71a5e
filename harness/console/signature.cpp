// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/signature.hpp"

#include <algorithm>

#include "console/titles.hpp"

namespace relapse::console {
namespace {

// Not an address, not an odd value such as "(null)", and not the data that a wrong address fell into.
bool isFunction(const RawFrame& frame) {
  constexpr std::uint64_t kLongest = 1u << 24;
  if (frame.size && *frame.size > kLongest) return false;
  const char first = frame.symbol.empty() ? ' ' : frame.symbol.front();
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_';
  return letter && frame.symbol.find(' ') == std::string::npos;
}

// What of `common` the functions of another report hold, too.
std::vector<std::string> shared(const std::vector<std::string>& common, const std::vector<std::string>& functions) {
  std::vector<std::string> both;
  std::copy_if(common.begin(), common.end(), std::back_inserter(both), [&](const std::string& name) {
    return std::find(functions.begin(), functions.end(), name) != functions.end();
  });
  return both;
}

std::vector<std::string> functionsOf(const ConsoleEvent& event, const Tables& tables) {
  std::vector<std::string> names;
  for (const RawFrame& frame : meaningfulFrames(event, tables)) {
    names.emplace_back(withoutCompilerSuffix(frame.symbol, tables));
  }
  return names;
}

}  // namespace

std::size_t firstBeneathInterrupt(const ConsoleEvent& event, const Tables& tables) {
  const auto& frames = event.frames;
  const auto role = [&](const RawFrame& frame) { return tables.skip().role(frame.symbol); };
  if (!isSpin(event.kind) || frames.empty() || role(frames.front()) != FrameRole::Reporter) return 0;
  const auto entry = std::find_if(frames.begin(), frames.end(),
                                  [&](const RawFrame& frame) { return role(frame) == FrameRole::InterruptEntry; });
  return entry == frames.end() ? 0 : static_cast<std::size_t>(entry - frames.begin());
}

bool isMeaningful(const RawFrame& frame, EventKind kind, const Tables& tables) {
  if (!frame.reliable || !isFunction(frame)) return false;
  if (isSpin(kind) && tables.skip().printsToConsole(frame.symbol)) return false;
  switch (tables.skip().role(frame.symbol)) {
    case FrameRole::Own:
      return true;
    case FrameRole::Allocator:
      return kind != EventKind::Kmemleak;
    case FrameRole::Waiting:
      return kind != EventKind::HungTask;
    default:
      return false;
  }
}

std::vector<RawFrame> meaningfulFrames(const ConsoleEvent& event, const Tables& tables) {
  std::vector<RawFrame> own;
  std::copy_if(event.frames.begin() + static_cast<std::ptrdiff_t>(firstBeneathInterrupt(event, tables)),
               event.frames.end(), std::back_inserter(own),
               [&](const RawFrame& frame) { return isMeaningful(frame, event.kind, tables); });
  return own;
}

std::string signature(const std::vector<ConsoleEvent>& events, const Tables& tables) {
  if (events.empty()) return {};
  const ConsoleEvent& first = events.front();
  if (!isSpin(first.kind)) return first.title;
  std::optional<std::vector<std::string>> common;
  for (const ConsoleEvent& event : events) {
    if (!isSpin(event.kind)) continue;
    const auto functions = functionsOf(event, tables);
    if (functions.empty()) continue;  // a report that lost its trace says nothing
    common = common ? shared(*common, functions) : functions;
  }
  if (!common) return first.title;
  return titleIn(spinWords(first.kind), common->empty() ? "" : common->front());
}

std::size_t SignatureBook::add(const ConsoleEvent& event) {
  if (event.kind == EventKind::BootMilestone && event.title.starts_with("Linux version ")) newBoot();
  if (isSpin(event.kind)) return addSpin(event);
  const auto known = titles_.find(event.title);
  if (known != titles_.end()) return known->second;
  const std::size_t bug = begin({.title = event.title});
  titles_.emplace(event.title, bug);
  return bug;
}

std::size_t SignatureBook::addSpin(const ConsoleEvent& event) {
  const Spin spin{event.kind, event.cpu, event.pid};
  auto functions = functionsOf(event, *tables_);
  if (const auto known = spins_.find(spin); known != spins_.end()) {
    Bug& bug = bugs_[known->second];
    if (functions.empty()) return known->second;
    auto common = bug.common.empty() ? std::move(functions) : shared(bug.common, functions);
    if (!common.empty()) {
      bug.common = std::move(common);
      return known->second;
    }
  }
  const std::size_t bug = begin({.title = event.title, .spin = event.kind, .common = std::move(functions)});
  spins_[spin] = bug;
  return bug;
}

std::size_t SignatureBook::begin(Bug bug) {
  bugs_.push_back(std::move(bug));
  return bugs_.size() - 1;
}

std::string SignatureBook::signature(std::size_t bug) const {
  const Bug& known = bugs_.at(bug);
  return known.common.empty() ? known.title : titleIn(spinWords(*known.spin), known.common.front());
}

}  // namespace relapse::console
