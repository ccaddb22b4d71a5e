// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/experiment.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "report/json.hpp"
#include "report/timeline.hpp"
#include "verdict/judge.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 50ms;
constexpr std::size_t kMostErrors = 4096;    // of one program's standard error, kept in memory
constexpr std::size_t kMostLines = 1000;     // of one program, kept in memory; all go to the log
constexpr std::size_t kMostKept = 1u << 20;  // bytes of these
constexpr std::size_t kMostPhases = 1000;    // of one program, on the timeline
constexpr std::size_t kMostEvents = 10'000;  // of one run

std::string endInWords(const guest::WorkloadEnd& end) {
  if (const auto* exited = std::get_if<guest::Exited>(&end)) return fmt::format("exited with {}", exited->status);
  if (const auto* killed = std::get_if<guest::Killed>(&end)) return fmt::format("killed by signal {}", killed->signal);
  if (const auto* missing = std::get_if<guest::NotStarted>(&end)) return "not started: " + missing->error;
  return std::holds_alternative<guest::GuestDied>(end) ? "its guest ended" : "did not end";
}

}  // namespace

Experiment::Experiment(const scenario::Scenario& scenario, Evidence& evidence, std::stop_token stop)
    : scenario_(scenario), evidence_(evidence), stop_(std::move(stop)) {}

console::Instant Experiment::since(Clock::time_point instant) const {
  return std::chrono::duration_cast<console::Instant>(instant - began_);
}

console::Instant Experiment::now() const {
  return since(Clock::now());
}

// ---- guests

Result<void> Experiment::boot(guest::GuestHost& host, const std::vector<guest::GuestSpec>& specs) {
  for (const auto& spec : specs) nodes_.try_emplace(spec.node, spec, scenario_.watch);
  for (auto& [name, node] : nodes_)
    if (auto started = node.start(host, mailbox_); !started) return started;
  if (auto ready = awaitAgents(); !ready) return ready;
  for (const auto& [name, node] : nodes_) tell(name, "booted", node.record().release);
  return {};
}

Result<void> Experiment::awaitAgents() {
  const auto allReady = [this] {
    return std::ranges::all_of(nodes_, [](const auto& item) {  // one that a fault has ended is not waited for
      return item.second.ready() || (!item.second.alive() && !item.second.endedByItself());
    });
  };
  const Wait wait = waitFor(allReady, Clock::now() + scenario_.deadlines.boot);
  if (wait != Wait::Came) return passOn(bootFailure(wait));
  return {};
}

Result<void> Experiment::reboot(guest::GuestHost& host, const std::string& name) {
  kill(name);
  if (auto started = node(name).start(host, mailbox_); !started) return started;
  if (auto ready = awaitAgents(); !ready) return ready;
  tell(name, "booted", node(name).record().release);
  return {};
}

void Experiment::kill(const std::string& name) {
  node(name).end();
  abandonPrograms(name);
}

void Experiment::abandonPrograms(const std::string& node) {
  for (auto& [id, program] : programs_) {
    if (program.node != node || program.end) continue;
    program.end = guest::GuestDied{};
    if (program.work) seen_.works[*program.work].end = guest::GuestDied{};
  }
}

Failure Experiment::bootFailure(Wait wait) const {
  if (wait == Wait::Cancelled) return {FailureKind::Cancelled, "interrupted while the guest booted"};
  const auto late = std::ranges::find_if(nodes_, [](const auto& item) {
    return item.second.endedByItself() || (item.second.alive() && !item.second.ready());
  });
  const Node& node = (late == nodes_.end() ? nodes_.begin() : late)->second;
  const std::string who = nodes_.size() == 1 ? "the guest" : fmt::format("the guest {}", node.name());
  const std::string last = node.lastConsoleLine();
  const std::string said = last.empty() ? "it printed nothing" : fmt::format("its last line: \"{}\"", last);
  std::string what;
  if (wait == Wait::Decided) {
    what = who + " failed while it booted";
  } else if (wait == Wait::Deadline && last.empty()) {
    return {FailureKind::GuestFailed,
            fmt::format("{} printed nothing on its console in {} s", who, scenario_.deadlines.boot.count()),
            fmt::format("see whether this kernel knows the CPU {} (nodes.{}.cpu)", node.spec().hardware.cpu,
                        node.name() == "server" ? "server" : "client")};
  } else if (wait == Wait::Deadline) {
    what = fmt::format("{}'s agent did not come up in {} s", who, scenario_.deadlines.boot.count());
  } else if (std::holds_alternative<guest::PoweredOff>(node.howItEnded())) {
    what = who + " powered off while it booted";
  } else if (std::holds_alternative<guest::Reset>(node.howItEnded())) {
    what = who + " reset itself while it booted";
  } else if (const auto* died = std::get_if<guest::QemuDied>(&node.howItEnded())) {
    what = fmt::format("QEMU died while {} booted ({})", who, died->how);
  }
  return {FailureKind::GuestFailed, fmt::format("{}; {}", what, said)};
}

std::string Experiment::toolVersions() {
  for (auto& [name, node] : nodes_)
    if (node.alive()) return node.guest()->versions();
  return {};
}

Node& Experiment::failingNode() {
  for (const auto& event : seen_.events)
    if (console::isFailing(event.kind) && nodes_.contains(event.node)) return nodes_.at(event.node);
  return nodes_.at(scenario::clientsOf(scenario_).front());
}

// ---- waiting

Experiment::Wait Experiment::waitFor(const std::function<bool()>& condition, Clock::time_point deadline,
                                     bool evenIfDecided) {
  while (true) {
    if (condition()) return Wait::Came;
    if (!evenIfDecided && decided()) return Wait::Decided;
    if (!std::holds_alternative<guest::Alive>(seen_.guest)) return Wait::GuestEnded;
    if (stop_.stop_requested()) return Wait::Cancelled;
    if (Clock::now() >= deadline) return Wait::Deadline;
    for (auto& [name, node] : nodes_) node.lookAtHost(now());
    if (const auto post = mailbox_.take(nextTimer(std::min(deadline, Clock::now() + kTick)), stop_)) {
      absorb(*post);
    } else {
      for (auto& [name, node] : nodes_) record(node.parser().tick(now()));
    }
    runTimers();
  }
}

void Experiment::atTime(Clock::time_point when, std::function<void()> act) {
  timers_.push_back({when, std::move(act)});
}

Experiment::Clock::time_point Experiment::nextTimer(Clock::time_point until) const {
  for (const auto& timer : timers_) until = std::min(until, timer.when);
  return until;
}

// What a timer does may wait, and so come here again: it is taken out first.
void Experiment::runTimers() {
  const auto due = [](const Timer& timer) { return timer.when <= Clock::now(); };
  for (auto timer = std::ranges::find_if(timers_, due); timer != timers_.end();
       timer = std::ranges::find_if(timers_, due)) {
    const auto act = std::move(timer->act);
    timers_.erase(timer);
    act();
  }
}

// ---- what the guests say

void Experiment::absorb(const guest::Post& post) {
  const auto found = nodes_.find(post.node);
  if (found == nodes_.end()) return;
  Node& node = found->second;
  const auto at = since(post.at);
  if (const auto* console = std::get_if<guest::ConsoleBytes>(&post.what)) {
    evidence_.console(node.name(), console->bytes);
    record(node.hearConsole(console->bytes, at));
  } else if (const auto* agent = std::get_if<guest::AgentBytes>(&post.what)) {
    for (const auto& message : node.hearAgent(agent->bytes, at)) absorbMessage(node, message, at);
  } else if (const auto* terminal = std::get_if<guest::TerminalBytes>(&post.what)) {
    if (onTerminal_) onTerminal_(node.name(), terminal->bytes);
  } else if (const auto* stopped = std::get_if<guest::GuestStopped>(&post.what)) {
    node.stopped(stopped->end);
    if (std::holds_alternative<guest::Alive>(seen_.guest)) seen_.guest = stopped->end;
  }
}

void Experiment::absorbMessage(Node& node, const guest::AgentMessage& message, console::Instant at) {
  const auto programOf = [&](int id) {
    const auto found = programs_.find(id);
    return found == programs_.end() || found->second.node != node.name() ? nullptr : &found->second;
  };
  if (const auto* problem = std::get_if<guest::AgentProblem>(&message.what)) {
    evidence_.user(node.name(), "agent: " + problem->message);
  } else if (const auto* output = std::get_if<guest::AgentOutput>(&message.what)) {
    if (auto* program = programOf(output->id)) absorbOutput(*program, *output, message, at);
  } else if (const auto* ended = std::get_if<guest::AgentEnded>(&message.what)) {
    if (auto* program = programOf(ended->id)) absorbEnd(*program, ended->end, message);
  }
}

void Experiment::absorbOutput(Program& program, const guest::AgentOutput& output, const guest::AgentMessage& message,
                              console::Instant at) {
  if (program.listener && !output.error) {
    program.listener(output.line, at);
    return;
  }
  evidence_.user(program.node, fmt::format("{:10.3f} {}{}: {}", std::chrono::duration<double>(at).count(), output.id,
                                           output.error ? " stderr" : "", output.line));
  if (output.error) {
    if (program.errors.size() < kMostErrors) program.errors += (program.errors.empty() ? "" : "; ") + output.line;
    return;
  }
  if (program.lines.size() < kMostLines && program.kept + output.line.size() <= kMostKept) {
    program.kept += output.line.size();
    program.lines.push_back(output.line);
  }
  if (!program.work) return;
  const auto& name = works_[*program.work].program;
  if (const auto phase = guest::decodePhase(output.line)) {
    if (*phase == "trigger-due") due_[*program.work] = true;
    if (++program.phases <= kMostPhases)
      tell({at, program.node, "phase", fmt::format("{}: {}", name, *phase), message.uptime});
  }
  if (auto report = guest::decodeWorkloadReport(output.line)) seen_.works[*program.work].report = std::move(report);
}

void Experiment::absorbEnd(Program& program, const guest::WorkloadEnd& end, const guest::AgentMessage& message) {
  if (program.end) return;
  program.end = end;
  if (program.listener)
    complaints_.push_back(fmt::format("{} on {} {}{}{}", program.name, program.node, endInWords(end),
                                      program.errors.empty() ? "" : ": ", program.errors));
  if (!program.work) return;
  auto& work = seen_.works[*program.work];
  work.end = end;
  works_[*program.work].ended = now();
  const std::string said = work.report ? work.report->error.value_or(work.report->result) : endInWords(end);
  tell({now(), program.node, "ended", fmt::format("{}: {}", work.program, said), message.uptime});
  if (work.report && work.report->result == "corrupt")
    note(console::EventKind::WorkFailed, program.node, fmt::format("wrong data in {}", work.program),
         work.report->text);
}

void Experiment::record(std::vector<console::ConsoleEvent> events) {
  for (auto& event : events) {
    if (seen_.events.size() >= kMostEvents) return;
    judgeStall(event);
    evidence_.event(report::eventJson(event));
    tell({event.at, event.node, "event", fmt::format("{}: {}", console::name(event.kind), event.title),
          event.kernelTime});
    seen_.events.push_back(std::move(event));
    decided_ = decided_ || verdict::decided(scenario_.expect, seen_.events);
    if (onEvent_) onEvent_(seen_.events.back());
  }
}

// A lockup is found by the guest's clock, which goes on when the vCPU does not.
void Experiment::judgeStall(console::ConsoleEvent& event) {
  if (event.kind != console::EventKind::SoftLockup && event.kind != console::EventKind::HardLockup) return;
  const auto found = nodes_.find(event.node);
  if (!event.cpu || found == nodes_.end()) return;
  const auto share = found->second.hostShare(*event.cpu, event.at - scenario_.watch.softlockup, event.at);
  if (!share) return;
  double load = 0;
  getloadavg(&load, 1);
  stalls_[seen_.events.size()] = {*share, load};
  if (*share < kStarvedBelow && event.artefact == console::Artefact::None)
    event.artefact = console::Artefact::StarvedHost;
}

void Experiment::note(console::EventKind kind, const std::string& node, const std::string& title,
                      const std::string& message) {
  console::ConsoleEvent event;
  event.kind = kind;
  event.node = node;
  event.title = title;
  event.message = message;
  event.at = now();
  record({event});
}

void Experiment::tell(const std::string& node, const std::string& what, const std::string& text) {
  tell({now(), node, what, text, std::nullopt});
}

void Experiment::tell(report::TimelineEntry entry) {
  evidence_.timeline(report::timelineJson(entry));
  if (timeline_.size() < report::kMostTimeline) timeline_.push_back(std::move(entry));
}

// ---- programs in the guests

Result<int> Experiment::launch(const std::string& name, const std::vector<std::string>& argv, Program program) {
  const int id = nextProgram_++;
  program.node = name;
  program.name = fmt::format("{}", fmt::join(argv, " "));
  programs_[id] = std::move(program);
  if (!node(name).alive())
    return fail(FailureKind::GuestFailed, fmt::format("{}: the guest {} has ended", argv[0], name));
  if (auto told = node(name).guest()->tellAgent(guest::runCommand(id, argv)); !told) return passOn(told.error());
  evidence_.user(name, fmt::format("{:10.3f} {} runs: {}", std::chrono::duration<double>(now()).count(), id,
                                   fmt::join(argv, " ")));
  return id;
}

Result<std::vector<std::string>> Experiment::call(const std::vector<std::string>& argv,
                                                  std::chrono::milliseconds deadline) {
  return call(scenario::clientsOf(scenario_).front(), argv, deadline);
}

Result<std::vector<std::string>> Experiment::call(const std::string& node, const std::vector<std::string>& argv,
                                                  std::chrono::milliseconds deadline, bool evenIfDecided) {
  auto id = launch(node, argv, {});
  if (!id) return passOn(id.error());
  const Program& program = programs_[*id];
  const Wait wait = waitFor([&] { return program.end.has_value(); }, Clock::now() + deadline, evenIfDecided);
  switch (wait) {
    case Wait::Came:
      break;
    case Wait::Cancelled:
      return fail(FailureKind::Cancelled, "interrupted");
    case Wait::Decided:
      return fail(FailureKind::GuestFailed, fmt::format("the kernel failed during {}", argv[0]));
    case Wait::GuestEnded:
      return fail(FailureKind::GuestFailed, fmt::format("the guest ended during {}", argv[0]));
    case Wait::Deadline:
      return fail(FailureKind::GuestFailed, fmt::format("{} was not done in {} s", fmt::join(argv, " "),
                                                        std::chrono::duration<double>(deadline).count()));
  }
  if (const auto* exited = std::get_if<guest::Exited>(&*program.end); exited && exited->status == 0)
    return program.lines;
  const std::string why = !program.errors.empty() ? program.errors : fmt::format("{}", fmt::join(program.lines, "; "));
  return fail(FailureKind::GuestFailed, fmt::format("{} failed in the guest: {}", fmt::join(argv, " "), why));
}

Result<std::size_t> Experiment::start(const std::string& node, const Workload& workload,
                                      const std::vector<std::string>& argv) {
  const std::size_t work = seen_.works.size();
  seen_.works.push_back(
      {workload.program, workload.allowed, guest::DeadlinePassed{}, std::nullopt, node, workload.statuses});
  works_.push_back({workload.program, node, now(), console::Instant{0}});
  due_.push_back(false);
  tell(node, "work", fmt::format("{}", fmt::join(argv, " ")));
  if (auto id = launch(node, argv, {.node = node, .work = work}); !id) return passOn(id.error());
  return work;
}

Result<void> Experiment::follow(const std::string& node, const std::vector<std::string>& argv, Listener listener) {
  auto id = launch(node, argv, {.node = node, .listener = std::move(listener)});
  if (!id) return passOn(id.error());
  return {};
}

bool Experiment::ended(std::size_t work) const {
  return std::any_of(programs_.begin(), programs_.end(),
                     [work](const auto& item) { return item.second.work == work && item.second.end.has_value(); });
}

bool Experiment::allEnded() const {
  return std::all_of(programs_.begin(), programs_.end(),
                     [](const auto& item) { return !item.second.work || item.second.end.has_value(); });
}

bool Experiment::due(std::size_t work) const {
  return due_.at(work);
}

void Experiment::finish() {
  if (std::exchange(finished_, true)) return;
  forgetTimers();
  for (auto& [name, node] : nodes_)
    if (node.guest() != nullptr) node.guest()->end();
  while (const auto post = mailbox_.take(Clock::now(), {}))
    if (!std::holds_alternative<guest::GuestStopped>(post->what)) absorb(*post);
  for (auto& [name, node] : nodes_) {
    record(node.parser().finish());
    if (node.endedByItself()) abandonPrograms(name);
  }
}

}  // namespace relapse::run
