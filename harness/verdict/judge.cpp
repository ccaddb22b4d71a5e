// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/judge.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>

#include "console/parser.hpp"

namespace relapse::verdict {
namespace {

using console::ConsoleEvent;
using console::EventKind;

// Is `wanted` a subsequence of the trace? Compiler suffixes do not count.
bool holdsFrames(const ConsoleEvent& event, const std::vector<std::string>& wanted) {
  auto next = wanted.begin();
  for (const auto& frame : event.frames)
    if (next != wanted.end() && console::withoutCompilerSuffix(frame.symbol) == *next) ++next;
  return next == wanted.end();
}

bool holdsMessage(const ConsoleEvent& event, const std::string& pattern) {
  return pattern.empty() || RE2::PartialMatch(event.message, RE2(pattern, RE2::Quiet));
}

// After one of these the kernel is not the one that the scenario is about.
bool endsTheExperiment(EventKind kind) {
  return kind == EventKind::Oops || kind == EventKind::KernelBug || kind == EventKind::Panic;
}

bool isStall(EventKind kind) {
  switch (kind) {
    case EventKind::SoftLockup:
    case EventKind::HardLockup:
    case EventKind::HungTask:
    case EventKind::RcuStall:
    case EventKind::WorkqueueLockup:
    case EventKind::StuckWorkload:
      return true;
    default:
      return false;
  }
}

bool isArtefact(const ConsoleEvent& event) {
  return event.artefact != console::Artefact::None;
}

std::optional<std::size_t> firstArtefact(const std::vector<ConsoleEvent>& events) {
  const auto found = std::find_if(events.begin(), events.end(), isArtefact);
  if (found == events.end()) return std::nullopt;
  return static_cast<std::size_t>(found - events.begin());
}

// A stall that is reported behind an artefact, and whose report was cut off before its trace, may be one as
// well: pc and lr alone do not tell.
bool provesNothing(const ConsoleEvent& event) {
  constexpr std::size_t kTraced = 3;
  return isStall(event.kind) && event.frames.size() < kTraced;
}

std::optional<std::size_t> firstMatch(const scenario::ExpectedEvent& expected,
                                      const std::vector<ConsoleEvent>& events) {
  const auto artefact = firstArtefact(events).value_or(events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    if (matches(expected, events[i]) && (i <= artefact || !provesNothing(events[i]))) return i;
  return std::nullopt;
}

// The expected events' places, if all came and no other crash came before the last of them.
std::optional<std::vector<std::size_t>> reproduction(const scenario::ExpectReproduced& expect,
                                                     const std::vector<ConsoleEvent>& events) {
  std::vector<std::size_t> places;
  for (const auto& expected : expect.events) {
    const auto place = firstMatch(expected, events);
    if (!place) return std::nullopt;
    places.push_back(*place);
  }
  if (places.empty()) return std::nullopt;
  const auto last = *std::max_element(places.begin(), places.end());
  for (std::size_t i = 0; i < last; ++i)
    if (endsTheExperiment(events[i].kind) && std::find(places.begin(), places.end(), i) == places.end())
      return std::nullopt;
  return places;
}

// An artefact is none, and what stalls after it may be its consequence.
std::optional<std::size_t> firstFailure(const std::vector<ConsoleEvent>& events) {
  const auto artefact = firstArtefact(events).value_or(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!console::isFailing(events[i].kind) || isArtefact(events[i])) continue;
    if (i < artefact || !isStall(events[i].kind)) return i;
  }
  return std::nullopt;
}

std::string artefactInWords(const ConsoleEvent& event) {
  if (event.artefact == console::Artefact::StarvedHost)
    return fmt::format("{}, but its vCPU did not run on the host (suspect: {}): run fewer things beside it",
                       event.title, console::name(event.artefact));
  return fmt::format("{}, but its CPU was kept by printing ({}): instrument less, or with a faster console",
                     event.title, console::name(event.artefact));
}

// All reports of the same thing: same kind, same CPU and task. What a spin's samples share is as good as a report.
std::vector<ConsoleEvent> reportsLike(const Observations& seen, std::size_t first) {
  const auto& events = seen.events;
  std::vector<ConsoleEvent> same;
  for (std::size_t i = first; i < events.size(); ++i)
    if (events[i].kind == events[first].kind && events[i].cpu == events[first].cpu &&
        events[i].pid == events[first].pid)
      same.push_back(events[i]);
  const auto sampled = seen.sampled.find(events[first].cpu.value_or(-1));
  if (!console::isSpin(events[first].kind) || sampled == seen.sampled.end()) return same;
  same.push_back(events[first]);
  same.back().frames.clear();
  for (const auto& function : sampled->second) same.back().frames.push_back({.symbol = function, .text = function});
  return same;
}

std::string signatureOf(const Observations& seen, std::size_t first) {
  return console::signature(reportsLike(seen, first));
}

// One report of a spin shows one instant of it: what the scenario says that all of them share is
// the better name.
std::string signatureOf(const scenario::ExpectReproduced& expect, const std::vector<std::size_t>& places,
                        const Observations& seen) {
  const auto& events = seen.events;
  std::size_t named = 0;
  while (named < places.size() && !console::isFailing(events[places[named]].kind)) ++named;
  if (named == places.size()) named = 0;
  const auto& frames = expect.events[named].frames;
  ConsoleEvent report = events[places[named]];
  if (!console::isSpin(report.kind) || frames.empty()) return signatureOf(seen, places[named]);
  const auto shared = std::find_if(report.frames.begin(), report.frames.end(), [&](const auto& frame) {
    return console::withoutCompilerSuffix(frame.symbol) == frames.front();
  });
  report.frames.erase(report.frames.begin(), shared);
  return console::signature({report});
}

std::string missingProof(const Observations& seen) {
  for (const auto& work : seen.works) {
    if (std::holds_alternative<guest::DeadlinePassed>(work.end) || std::holds_alternative<guest::GuestDied>(work.end))
      return fmt::format("the end of {} was not reported", work.program);
    if (const auto problem = disallowed(work)) return *problem;
  }
  if (!seen.proofs.stepsTaken) return "not every step was taken in time";
  if (!seen.proofs.watchReadBack) return "the watchdogs' thresholds were not read back";
  if (!seen.proofs.markerSeen) return "the marker written to /dev/kmsg was not seen on the console";
  if (!seen.proofs.writeAndRead) return "the export did not take and return data afterwards";
  if (!seen.proofs.windowPassed) return "the run ended before a soft lockup could have been reported";
  return {};
}

std::string endInWords(const guest::GuestEnd& end) {
  if (std::holds_alternative<guest::PoweredOff>(end)) return "the guest powered off early";
  if (std::holds_alternative<guest::Reset>(end)) return "the guest reset itself";
  if (const auto* died = std::get_if<guest::QemuDied>(&end)) return "QEMU died: " + died->how;
  return {};
}

}  // namespace

bool matches(const scenario::ExpectedEvent& expected, const ConsoleEvent& event) {
  return console::name(event.kind) == expected.event && console::name(event.artefact) == expected.artefact &&
         holdsFrames(event, expected.frames) && holdsMessage(event, expected.message);
}

Verdict judge(const scenario::Expectation& expect, const Observations& seen) {
  if (const auto* wanted = std::get_if<scenario::ExpectReproduced>(&expect))
    if (auto places = reproduction(*wanted, seen.events)) {
      return Reproduced{*places, signatureOf(*wanted, *places, seen)};
    }
  if (const auto failure = firstFailure(seen.events)) return OtherFailure{*failure, signatureOf(seen, *failure)};
  if (!seen.infrastructure.empty()) return Inconclusive{seen.infrastructure};
  if (const auto artefact = firstArtefact(seen.events)) return Inconclusive{artefactInWords(seen.events[*artefact])};
  if (const auto ended = endInWords(seen.guest); !ended.empty()) return Inconclusive{ended};
  if (const auto missing = missingProof(seen); !missing.empty()) return Inconclusive{missing};
  return Survived{};
}

bool decided(const scenario::Expectation& expect, const std::vector<ConsoleEvent>& events) {
  if (const auto* wanted = std::get_if<scenario::ExpectReproduced>(&expect); wanted && reproduction(*wanted, events))
    return true;
  if (std::holds_alternative<scenario::ExpectSurvived>(expect) && firstFailure(events)) return true;
  return std::any_of(events.begin(), events.end(), [](const auto& event) { return endsTheExperiment(event.kind); });
}

std::optional<std::string> disallowed(const WorkOutcome& work) {
  const auto allows = [&](const std::string& outcome) {
    return std::find(work.allowed.begin(), work.allowed.end(), outcome) != work.allowed.end();
  };
  const auto* ended = std::get_if<guest::Exited>(&work.end);
  if (ended != nullptr && std::find(work.statuses.begin(), work.statuses.end(), ended->status) != work.statuses.end())
    return std::nullopt;
  const std::string expected =
      work.statuses.empty()
          ? fmt::format("{}: expected to end with {}", work.program, fmt::join(work.allowed, " or "))
          : fmt::format("{}: expected to exit with {}", work.program, fmt::join(work.statuses, " or "));
  if (ended != nullptr && ended->status == 0 && work.statuses.empty()) {
    if (!work.report) return expected + ", it reported nothing";
    const std::string got = work.report->error.value_or("ok");
    if (work.report->result == "done" && allows(got)) return std::nullopt;
    return fmt::format("{}, it reported {}", expected, work.report->text);
  }
  if (ended != nullptr)
    return fmt::format("{}, it exited with status {}{}", expected, ended->status,
                       work.report ? ": " + work.report->text : std::string());
  if (const auto* killed = std::get_if<guest::Killed>(&work.end))
    return fmt::format("{}, signal {} killed it", expected, killed->signal);
  if (const auto* missing = std::get_if<guest::NotStarted>(&work.end))
    return fmt::format("{}, it could not be started: {}", expected, missing->error);
  return fmt::format("{}, it did not end", expected);
}

std::string_view word(const Verdict& verdict) {
  constexpr std::string_view words[] = {"inconclusive", "reproduced", "survived", "other-failure"};
  return words[verdict.index()];
}

bool held(const scenario::Expectation& expect, const Verdict& verdict) {
  return std::holds_alternative<scenario::ExpectReproduced>(expect) ? std::holds_alternative<Reproduced>(verdict)
                                                                    : std::holds_alternative<Survived>(verdict);
}

int exitStatus(const scenario::Expectation& expect, const Verdict& verdict) {
  if (held(expect, verdict)) return 0;
  if (std::holds_alternative<OtherFailure>(verdict)) return 2;
  if (std::holds_alternative<Inconclusive>(verdict)) return 125;
  return 1;
}

int bisectStatus(const Verdict& verdict) {
  if (std::holds_alternative<Survived>(verdict)) return 0;
  if (std::holds_alternative<Reproduced>(verdict)) return 1;
  return 125;
}

}  // namespace relapse::verdict
