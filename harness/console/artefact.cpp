// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/artefact.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "console/cursor.hpp"
#include "console/signature.hpp"

namespace relapse::console {
namespace {

constexpr double kMoment = 0.5;  // seconds

// The seconds for which the stall had lasted when it was reported: "stuck for 22s", "for more than 10 seconds".
std::optional<int> stalledFor(const ConsoleEvent& event) {
  for (const std::string_view before : {" stuck for ", " blocked for more than "}) {
    const std::size_t at = event.message.find(before);
    if (at == std::string::npos) continue;
    Cursor cursor(std::string_view(event.message).substr(at + before.size()));
    return cursor.decimal();
  }
  return std::nullopt;
}

}  // namespace

void ArtefactJudge::sawTrace(std::uint64_t path, std::optional<double> kernelTime) {
  if (!kernelTime) return;
  const auto number = static_cast<std::int64_t>(std::floor(*kernelTime / kMoment));
  Moment& moment = moments_[static_cast<std::size_t>(number) % kMoments];
  if (moment.number != number) moment = {.number = number};
  const auto past = moment.paths.begin() + static_cast<std::ptrdiff_t>(moment.count);
  if (moment.count == Moment::kPaths || std::find(moment.paths.begin(), past, path) != past) return;
  moment.paths[moment.count++] = path;
}

// The CPU was seen inside a function that brings characters to the console, or waits for its turn to.
bool ArtefactJudge::isPrinting(const ConsoleEvent& event) const {
  // On a console that several CPUs write to, a trace may have lost its first frames to another one's.
  for (const auto* place : {&event.pc, &event.lr})
    if (event.kind != EventKind::RcuStall && *place && tables_->skip().printsToConsole((*place)->symbol)) return true;
  const auto& frames = event.frames;
  const auto from = frames.begin() + static_cast<std::ptrdiff_t>(firstBeneathInterrupt(event, *tables_));
  return std::any_of(from, frames.end(), [this](const RawFrame& frame) {
    return frame.reliable && tables_->skip().printsToConsole(frame.symbol);
  });
}

bool ArtefactJudge::printedIn(std::uint64_t path, double from, double until) const {
  return std::any_of(moments_.begin(), moments_.end(), [&](const Moment& moment) {
    const double begin = static_cast<double>(moment.number) * kMoment;
    if (moment.number < 0 || begin + kMoment <= from || begin >= until) return false;
    const auto past = moment.paths.begin() + static_cast<std::ptrdiff_t>(moment.count);
    return std::find(moment.paths.begin(), past, path) != past;
  });
}

// In each quarter of the time: a few traces before a silent lockup are no flood.
bool ArtefactJudge::printedThroughout(std::uint64_t path, double from, double until) const {
  const double quarter = (until - from) / 4;
  for (int i = 0; i < 4; ++i)
    if (!printedIn(path, from + i * quarter, from + (i + 1) * quarter)) return false;
  return true;
}

bool ArtefactJudge::flooded(double from, double until) const {
  const double lastQuarter = until - (until - from) / 4;
  return std::any_of(moments_.begin(), moments_.end(), [&](const Moment& moment) {
    const double begin = static_cast<double>(moment.number) * kMoment;
    if (moment.number < 0 || begin + kMoment <= lastQuarter || begin >= until) return false;
    return std::any_of(moment.paths.begin(), moment.paths.begin() + static_cast<std::ptrdiff_t>(moment.count),
                       [&](std::uint64_t path) { return printedThroughout(path, from, until); });
  });
}

Artefact ArtefactJudge::judge(const ConsoleEvent& event) const {
  if (!isSpin(event.kind) && event.kind != EventKind::HungTask) return Artefact::None;
  if (isSpin(event.kind) && isPrinting(event)) return Artefact::ConsoleOutput;
  const auto stalled = stalledFor(event);
  if (!stalled || *stalled <= 0 || !event.kernelTime) return Artefact::None;
  return flooded(*event.kernelTime - *stalled, *event.kernelTime) ? Artefact::ConsoleOutput : Artefact::None;
}

}  // namespace relapse::console
