// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "document/errors.hpp"
#include "run/probes.hpp"
#include "stacktrace/functions.hpp"

namespace relapse::run {
namespace {

using scenario::Probe;
using stacktrace::CompiledFunction;
using stacktrace::CompiledFunctions;

constexpr std::size_t kMostPlaces = 8;
constexpr std::uint64_t kInstruction = 4;
constexpr std::string_view kTracepoint = "__tracepoint_";  // include/linux/tracepoint.h
constexpr std::string_view kRefused = "_kbl_addr_";        // include/asm-generic/kprobes.h: NOKPROBE_SYMBOL()
// Their events are made otherwise; the guest will tell.
constexpr std::array<std::string_view, 2> kOtherSystems{"syscalls", "ftrace"};

std::string functionOf(const Probe& probe) {
  return probe.target.substr(0, probe.target.find('+'));
}

std::string placesOf(const CompiledFunction& function) {
  std::vector<std::string> places;
  for (const auto& call : function.inlined) {
    if (places.size() == kMostPlaces) break;
    places.push_back(fmt::format("{}:{} in {}", call.place.file, call.place.line, call.into));
  }
  const std::size_t rest = function.inlined.size() - places.size();
  return fmt::format("{}{}", fmt::join(places, ", "), rest == 0 ? "" : fmt::format(" and {} more places", rest));
}

std::set<std::string, std::less<>> namesIn(const scenario::Probes& probes) {
  std::set<std::string, std::less<>> names;
  for (const auto& probe : probes.events)
    names.insert(probe.kind == Probe::Kind::Tracepoint
                     ? std::string(kTracepoint) + probe.target.substr(probe.target.find(':') + 1)
                     : functionOf(probe));
  return names;
}

// One kernel's answers.
class Check {
 public:
  explicit Check(const CompiledFunctions& kernel) : kernel_(kernel) {}

  void look(const Probe& probe) {
    const auto before = problems_.size();
    const bool stands = probe.kind == Probe::Kind::Tracepoint ? lookAtTracepoint(probe) : lookAtFunction(probe);
    if (stands && problems_.size() == before) settable_.push_back(probe);
  }

  Result<CheckedProbes> result(const scenario::Probes& probes) && {
    if (!problems_.empty()) return fail(FailureKind::BadInput, fmt::format("{}", fmt::join(problems_, "\n")));
    CheckedProbes checked{std::move(notes_), probes};
    checked.settable.events = std::move(settable_);
    return checked;
  }

 private:
  bool lookAtTracepoint(const Probe& probe);
  bool lookAtFunction(const Probe& probe);
  bool lookAtOthers(const Probe& probe, const std::string& name);
  void checkOffset(const Probe& probe);
  std::string nearest(std::string_view name) const;

  template <class... Arguments>
  void problem(const Probe& probe, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    problems_.push_back(
        fmt::format("probe {}: {}", probe.name, fmt::format(text, std::forward<Arguments>(arguments)...)));
  }
  template <class... Arguments>
  void note(const Probe& probe, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    notes_.push_back(fmt::format("probe {}: {}", probe.name, fmt::format(text, std::forward<Arguments>(arguments)...)));
  }

  const CompiledFunctions& kernel_;
  std::vector<std::string> problems_ = {};
  std::vector<std::string> notes_ = {};
  std::vector<Probe> settable_ = {};
};

std::string Check::nearest(std::string_view name) const {
  std::vector<std::string_view> names(kernel_.functions.begin(), kernel_.functions.end());
  return document::didYouMean(name, names);
}

bool Check::lookAtTracepoint(const Probe& probe) {
  const std::string system = probe.target.substr(0, probe.target.find(':'));
  const std::string event = probe.target.substr(system.size() + 1);
  if (std::find(kOtherSystems.begin(), kOtherSystems.end(), system) != kOtherSystems.end()) return true;
  if (kernel_.symbols.contains(std::string(kTracepoint) + event)) return true;
  std::vector<std::string_view> known;
  for (auto at = kernel_.symbols.lower_bound(kTracepoint); at != kernel_.symbols.end() && at->starts_with(kTracepoint);
       ++at)
    known.push_back(std::string_view(*at).substr(kTracepoint.size()));
  problem(probe, "this kernel has no tracepoint {}{}", event, document::didYouMean(event, known));
  return false;
}

void Check::checkOffset(const Probe& probe) {
  const auto plus = probe.target.find('+');
  if (plus == std::string::npos) return;
  std::string_view text = std::string_view(probe.target).substr(plus + 1);
  const int base = text.starts_with("0x") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  std::uint64_t offset = 0;
  std::from_chars(text.data(), text.data() + text.size(), offset, base);
  if (offset % kInstruction != 0)
    problem(probe, "expected an offset that is a multiple of {}, as instructions are, found {}", kInstruction,
            probe.target);
}

// A name that no symbol has. True: there is nothing to set, and that is a note.
bool Check::lookAtOthers(const Probe& probe, const std::string& name) {
  const auto found = kernel_.found.find(name);
  if (found == kernel_.found.end()) {
    problem(probe, "this kernel has no function {}{}", name, nearest(name));
    return false;
  }
  const auto& [copies, clones, inlined] = found->second;
  if (!clones.empty())
    problem(probe, "{} exists as {} alone: the compiler has changed it, and its arguments may be others", name,
            fmt::join(clones, ", "));
  else
    note(probe, "{} has no code of its own, it is inlined at {}: never hit", name, placesOf(found->second));
  return false;
}

bool Check::lookAtFunction(const Probe& probe) {
  const std::string name = functionOf(probe);
  checkOffset(probe);
  if (kernel_.symbols.contains(std::string(kRefused) + name))
    problem(probe, "the kernel lets nobody probe {} (NOKPROBE_SYMBOL)", name);
  if (!kernel_.functions.contains(name)) return lookAtOthers(probe, name);
  if (!kernel_.knowsInlined) note(probe, "vmlinux has no debug information: where {} was inlined is not known", name);
  const auto found = kernel_.found.find(name);
  if (found == kernel_.found.end()) return true;  // a clone's own name
  const CompiledFunction& function = found->second;
  if (!function.inlined.empty())
    note(probe, "{} is listed, but inlined at {}: never hit there", name, placesOf(function));
  if (!function.clones.empty())
    note(probe, "{} has changed copies as well, {}: never hit there", name, fmt::join(function.clones, ", "));
  if (function.copies > 1)
    note(probe, "{} functions are called {}: the kernel takes the first of them", function.copies, name);
  return true;
}

}  // namespace

Result<CheckedProbes> checkProbes(const scenario::Probes& probes, const std::filesystem::path& vmlinux,
                                  const std::filesystem::path& modules) {
  if (probes.events.empty()) return CheckedProbes{{}, probes};
  const auto kernel = stacktrace::findFunctions({vmlinux, modules}, namesIn(probes));
  if (!kernel) return passOn(kernel.error());
  Check check(*kernel);
  for (const auto& probe : probes.events) check.look(probe);
  return std::move(check).result(probes);
}

}  // namespace relapse::run
