// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/probes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace relapse::run {
namespace {

using scenario::Probe;
using Command = std::vector<std::string>;

constexpr const char* kProgram = "/relapse/probe";
constexpr int kMostCpus = 4096;
constexpr std::size_t kLongestTask = 64;  // 15 bytes, each of which may have become a few on its way

std::string_view wordOf(Probe::Kind kind) {
  switch (kind) {
    case Probe::Kind::Function:
      return "kprobe";
    case Probe::Kind::Return:
      return "kretprobe";
    case Probe::Kind::Tracepoint:
      break;
  }
  return "tracepoint";
}

// What the kernel calls the event.
std::string eventOf(const Probe& probe) {
  return probe.kind == Probe::Kind::Tracepoint ? probe.target.substr(probe.target.find(':') + 1) : probe.name;
}

Command setCommand(const Probe& probe) {
  Command argv{kProgram,
               "set",
               std::string(wordOf(probe.kind)),
               probe.name,
               probe.target,
               probe.stack ? "1" : "0",
               probe.filter.empty() ? "-" : probe.filter};
  argv.insert(argv.end(), probe.fetch.begin(), probe.fetch.end());
  return argv;
}

Command sysctlsCommand(const scenario::Probes& probes, std::chrono::milliseconds every) {
  Command argv{kProgram, "sysctls", std::to_string(every.count())};
  argv.insert(argv.end(), probes.sysctls.begin(), probes.sysctls.end());
  return argv;
}

// Takes from the front of a text; each is left where it was when the answer is false or nothing.
bool take(std::string_view& text, std::string_view front) {
  if (!text.starts_with(front)) return false;
  text.remove_prefix(front.size());
  return true;
}

bool takeBlanks(std::string_view& text) {
  const auto blanks = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(blanks);
  return blanks > 0;
}

template <class Number>
std::optional<Number> takeNumber(std::string_view& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// "63      [001] d..1.    12.345678: flush: (…) page=0x1", what follows on the task's name and '-'.
std::optional<ProbeLine> afterTask(std::string_view text) {
  ProbeLine line;
  const auto pid = takeNumber<int>(text);
  if (!pid || *pid < 0 || !takeBlanks(text) || !take(text, "[")) return std::nullopt;
  const auto cpu = takeNumber<int>(text);
  if (!cpu || *cpu < 0 || *cpu >= kMostCpus || !take(text, "] ")) return std::nullopt;
  text.remove_prefix(std::min(text.find(' '), text.size()));  // of interrupts and preemption
  takeBlanks(text);
  const auto time = takeNumber<double>(text);
  if (!time || !(*time >= 0 && *time < 1e9) || !take(text, ": ")) return std::nullopt;
  line.pid = *pid;
  line.cpu = *cpu;
  line.guestTime = *time;
  line.text = text;
  return line;
}

// kernel/trace/trace_output.c: trace_print_context(): "%16s-%-7d [%03d] %s %12lu.%06lu: ". The task's name may have a
// '-' of its own.
std::optional<ProbeLine> traceLine(std::string_view text) {
  for (auto dash = text.find('-'); dash < kLongestTask; dash = text.find('-', dash + 1))
    if (auto line = afterTask(text.substr(dash + 1))) {
      std::string_view task = text.substr(0, dash);
      takeBlanks(task);
      line->task = task;
      return line;
    }
  return std::nullopt;
}

// kernel/trace/trace.c: print_trace_line(): "CPU:1 [LOST 123 EVENTS]", or without the number
std::optional<ProbeLine> lostLine(std::string_view text, double time) {
  ProbeLine line{.kind = ProbeLine::Kind::Lost, .guestTime = time, .probe = "lost"};
  if (!take(text, "CPU:")) return std::nullopt;
  const auto cpu = takeNumber<int>(text);
  if (!cpu || !take(text, " [LOST ")) return std::nullopt;
  line.cpu = *cpu;
  const auto count = takeNumber<std::uint64_t>(text);
  line.text = count ? fmt::format("{} hits", *count) : "hits, nobody knows how many";
  return line;
}

// What stands above the probed place in a call trace: kprobes, their breakpoint, and trace events, up to 6.1.
constexpr std::array<std::string_view, 12> kOfProbing{"kprobe_",
                                                      "kretprobe_",
                                                      "__kretprobe_",
                                                      "trampoline_probe_handler",
                                                      "aggr_",
                                                      "call_break_hook",
                                                      "brk_handler",
                                                      "do_debug_",
                                                      "trace_event_raw_event_",
                                                      "__traceiter_",
                                                      "el1_",
                                                      "el1h_64_sync"};

bool isOfProbing(std::string_view symbol) {
  return std::any_of(kOfProbing.begin(), kOfProbing.end(),
                     [&](std::string_view known) { return symbol.starts_with(known); });
}

std::string textIn(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<ProbeLine> sysctlLine(std::string_view text) {
  const auto value = nlohmann::json::parse(text, nullptr, false);
  if (!value.is_object() || textIn(value, "sysctl").empty()) return std::nullopt;
  ProbeLine line{.kind = ProbeLine::Kind::Sysctl, .probe = textIn(value, "sysctl"), .text = textIn(value, "value")};
  const auto at = value.find("at");
  if (at != value.end() && at->is_number()) line.guestTime = at->get<double>();
  return line;
}

}  // namespace

std::vector<Command> probeCommands(const scenario::Probes& probes) {
  std::vector<Command> commands;
  for (const auto& probe : probes.events) commands.push_back(setCommand(probe));
  for (const auto& flags : probes.rpcdebug) commands.push_back({kProgram, "rpcdebug", flags});
  for (const auto& query : probes.dynamicDebug) commands.push_back({kProgram, "dyndbg", query});
  // Once, so that one which is not there is known before anything runs.
  if (!probes.sysctls.empty()) commands.push_back(sysctlsCommand(probes, std::chrono::milliseconds(0)));
  return commands;
}

std::vector<Command> followCommands(const scenario::Probes& probes) {
  std::vector<Command> commands;
  if (!probes.events.empty()) commands.push_back({kProgram, "follow"});
  if (!probes.sysctls.empty()) commands.push_back(sysctlsCommand(probes, probes.every));
  return commands;
}

Command countCommand(const scenario::Probes& probes) {
  const bool any = std::any_of(probes.events.begin(), probes.events.end(),
                               [](const Probe& probe) { return probe.kind != Probe::Kind::Tracepoint; });
  return any ? Command{kProgram, "count"} : Command{};
}

std::vector<std::string> countNotes(const scenario::Probes& probes, const std::vector<std::string>& lines) {
  std::vector<std::string> notes;
  for (const auto& line : lines) {
    const auto count = nlohmann::json::parse(line, nullptr, false);
    if (!count.is_object() || !count.contains("hits") || !count["hits"].is_number_unsigned()) continue;
    const std::string name = textIn(count, "probe");
    const auto probe = std::find_if(probes.events.begin(), probes.events.end(),
                                    [&](const Probe& known) { return known.name == name; });
    if (probe == probes.events.end()) continue;
    if (count["hits"] == 0) notes.push_back(fmt::format("probe {}: {} was never hit", name, probe->target));
    const auto missed = count.find("missed");
    if (missed != count.end() && missed->is_number_unsigned() && *missed > 0)
      notes.push_back(fmt::format("probe {}: the kernel missed {} more hits of {}", name, missed->get<std::uint64_t>(),
                                  probe->target));
  }
  return notes;
}

ProbeReader::ProbeReader(const scenario::Probes& probes) {
  for (const auto& probe : probes.events) {
    names_.emplace(eventOf(probe), probe.name);
  }
}

std::optional<ProbeLine> ProbeReader::read(std::string_view line) {
  if (line.starts_with(" => ")) return readFrame(line.substr(4));
  if (line.starts_with('{')) return sysctlLine(line);
  stack_.reset();
  if (auto lost = lostLine(line, time_)) return lost;
  return readHit(line);
}

std::optional<ProbeLine> ProbeReader::readHit(std::string_view text) {
  auto line = traceLine(text);
  if (!line) return std::nullopt;
  time_ = line->guestTime;
  if (line->text.starts_with("<stack trace>")) {
    const auto hit = last_.find(line->cpu);
    if (hit == last_.end() || hit->second.pid != line->pid) return std::nullopt;
    stack_ = {hit->second};
    return std::nullopt;
  }
  const auto colon = line->text.find(": ");
  const auto name = names_.find(std::string_view(line->text).substr(0, colon));
  if (colon == std::string::npos || name == names_.end()) {
    last_.erase(line->cpu);  // a call trace that follows is not of the hit before
    return std::nullopt;
  }
  line->probe = name->second;
  line->text.erase(0, colon + 2);
  last_[line->cpu] = *line;
  return line;
}

std::optional<ProbeLine> ProbeReader::readFrame(std::string_view symbol) {
  if (!stack_) return std::nullopt;
  symbol = symbol.substr(0, symbol.find(' '));
  if (!stack_->begun && isOfProbing(symbol)) return std::nullopt;
  stack_->begun = true;
  ProbeLine line = stack_->hit;
  line.kind = ProbeLine::Kind::Frame;
  line.text = symbol;
  return line;
}

}  // namespace relapse::run
