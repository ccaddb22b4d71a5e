// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/experiment.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "report/json.hpp"
#include "verdict/judge.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 50ms;
constexpr auto kLookAtHost = 250ms;
constexpr std::size_t kConsoleTail = 4096;
constexpr std::size_t kMostLines = 1000;     // of one program, kept in memory; all go to the log
constexpr std::size_t kMostEvents = 10'000;  // of one run

}  // namespace

Experiment::Experiment(const scenario::Scenario& scenario, Evidence& evidence, std::stop_token stop)
    : scenario_(scenario), evidence_(evidence), stop_(std::move(stop)) {}

console::Instant Experiment::since(Clock::time_point instant) const {
  return std::chrono::duration_cast<console::Instant>(instant - began_);
}

console::Instant Experiment::now() const {
  return since(Clock::now());
}

Result<void> Experiment::boot(guest::GuestHost& host, const guest::GuestSpec& spec) {
  node_ = spec.node;
  parser_ = console::ConsoleParser(
      {.node = spec.node, .patterns = scenario_.watch.patterns, .silence = scenario_.watch.silence});
  const auto deadline = Clock::now() + scenario_.deadlines.boot;
  auto guest = host.start(spec, mailbox_);
  if (!guest) return passOn(guest.error());
  guest_ = std::move(*guest);
  domainXml_ = guest_->domainXml();
  const Wait wait = waitFor([this] { return ready_.has_value(); }, deadline);
  if (wait != Wait::Came) return passOn(bootFailure(wait));
  return {};
}

Failure Experiment::bootFailure(Wait wait) const {
  if (wait == Wait::Cancelled) return {FailureKind::Cancelled, "interrupted while the guest booted"};
  const std::string last = lastConsoleLine();
  const std::string said = last.empty() ? "it printed nothing" : fmt::format("its last line: \"{}\"", last);
  std::string what;
  if (wait == Wait::Decided) {
    what = "the guest failed while it booted";
  } else if (wait == Wait::Deadline && last.empty()) {
    return {
        FailureKind::GuestFailed,
        fmt::format("the guest printed nothing on its console in {} s", scenario_.deadlines.boot.count()),
        fmt::format("see whether this kernel knows the CPU {} (nodes.{}.cpu)", scenario_.nodes.at(node_).cpu, node_)};
  } else if (wait == Wait::Deadline) {
    what = fmt::format("the guest's agent did not come up in {} s", scenario_.deadlines.boot.count());
  } else if (std::holds_alternative<guest::PoweredOff>(seen_.guest)) {
    what = "the guest powered off while it booted";
  } else if (std::holds_alternative<guest::Reset>(seen_.guest)) {
    what = "the guest reset itself while it booted";
  } else if (const auto* died = std::get_if<guest::QemuDied>(&seen_.guest)) {
    what = fmt::format("QEMU died while the guest booted ({})", died->how);
  }
  return {FailureKind::GuestFailed, fmt::format("{}; {}", what, said)};
}

std::string Experiment::lastConsoleLine() const {
  const auto end = consoleTail_.find_last_not_of("\r\n\0 ");
  if (end == std::string::npos) return {};
  const auto start = consoleTail_.find_last_of('\n', end);
  const std::size_t first = start == std::string::npos ? 0 : start + 1;
  std::string line = consoleTail_.substr(first, end - first + 1);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return line.substr(0, 200);
}

Experiment::Wait Experiment::waitFor(const std::function<bool()>& condition, Clock::time_point deadline,
                                     bool evenIfDecided) {
  while (true) {
    if (condition()) return Wait::Came;
    if (!evenIfDecided && decided()) return Wait::Decided;
    if (!std::holds_alternative<guest::Alive>(seen_.guest)) return Wait::GuestEnded;
    if (stop_.stop_requested()) return Wait::Cancelled;
    if (Clock::now() >= deadline) return Wait::Deadline;
    lookAtHost();
    if (const auto post = mailbox_.take(std::min(deadline, Clock::now() + kTick), stop_)) {
      absorb(*post);
    } else {
      record(parser_.tick(now()));
    }
  }
}

void Experiment::absorb(const guest::Post& post) {
  if (const auto* console = std::get_if<guest::ConsoleBytes>(&post.what)) {
    absorbConsole(console->bytes, since(post.at));
  } else if (const auto* agent = std::get_if<guest::AgentBytes>(&post.what)) {
    for (const auto& line : agentLines_.feed(agent->bytes)) absorbAgent(line);
  } else if (const auto* stopped = std::get_if<guest::GuestStopped>(&post.what)) {
    seen_.guest = stopped->end;
  }
}

void Experiment::absorbConsole(const std::string& bytes, console::Instant at) {
  evidence_.console(node_, bytes);
  consoleTail_ += bytes;
  if (!marker_.empty() && consoleTail_.find(marker_) != std::string::npos) markerSeen_ = true;
  if (consoleTail_.size() > kConsoleTail) consoleTail_.erase(0, consoleTail_.size() - kConsoleTail);
  record(parser_.feed({bytes, at}));
}

void Experiment::absorbAgent(const std::string& line) {
  const guest::AgentMessage message = guest::decodeAgentLine(line);
  if (const auto* ready = std::get_if<guest::AgentReady>(&message.what)) {
    ready_ = *ready;
  } else if (const auto* problem = std::get_if<guest::AgentProblem>(&message.what)) {
    evidence_.user(node_, "agent: " + problem->message);
  } else if (const auto* output = std::get_if<guest::AgentOutput>(&message.what)) {
    const auto found = programs_.find(output->id);
    if (found != programs_.end()) absorbOutput(found->second, *output);
  } else if (const auto* ended = std::get_if<guest::AgentEnded>(&message.what)) {
    const auto found = programs_.find(ended->id);
    if (found != programs_.end()) absorbEnd(found->second, ended->end);
  }
}

void Experiment::absorbOutput(Program& program, const guest::AgentOutput& output) {
  evidence_.user(node_, fmt::format("{:10.3f} {}{}: {}", std::chrono::duration<double>(now()).count(), output.id,
                                    output.error ? " stderr" : "", output.line));
  if (output.error) {
    if (program.errors.size() < kConsoleTail) program.errors += (program.errors.empty() ? "" : "; ") + output.line;
    return;
  }
  if (program.lines.size() < kMostLines) program.lines.push_back(output.line);
  if (!program.work) return;
  if (guest::decodePhase(output.line) == "trigger-due") due_[*program.work] = true;
  if (auto report = guest::decodeWorkloadReport(output.line)) seen_.works[*program.work].report = std::move(report);
}

void Experiment::absorbEnd(Program& program, const guest::WorkloadEnd& end) {
  program.end = end;
  if (!program.work) return;
  auto& work = seen_.works[*program.work];
  work.end = end;
  works_[*program.work].ended = now();
  if (work.report && work.report->result == "corrupt")
    note(console::EventKind::WorkFailed, fmt::format("wrong data in {}", work.program), work.report->text);
}

void Experiment::record(std::vector<console::ConsoleEvent> events) {
  for (auto& event : events) {
    if (seen_.events.size() >= kMostEvents) return;
    judgeStall(event);
    evidence_.event(report::eventJson(event));
    seen_.events.push_back(std::move(event));
    decided_ = decided_ || verdict::decided(scenario_.expect, seen_.events);
  }
}

void Experiment::lookAtHost() {
  if (!guest_ || Clock::now() < nextLook_) return;
  nextLook_ = Clock::now() + kLookAtHost;
  hostWatch_.add(now(), guest_->vcpuTimes());
}

// A lockup is found by the guest's clock, which goes on when the vCPU does not.
void Experiment::judgeStall(console::ConsoleEvent& event) {
  if (event.kind != console::EventKind::SoftLockup && event.kind != console::EventKind::HardLockup) return;
  if (!event.cpu) return;
  const auto share = hostWatch_.share(*event.cpu, event.at - scenario_.watch.softlockup, event.at);
  if (!share) return;
  double load = 0;
  getloadavg(&load, 1);
  stalls_[seen_.events.size()] = {*share, load};
  if (*share < kStarvedBelow && event.artefact == console::Artefact::None)
    event.artefact = console::Artefact::StarvedHost;
}

void Experiment::note(console::EventKind kind, const std::string& title, const std::string& message) {
  console::ConsoleEvent event;
  event.kind = kind;
  event.node = node_;
  event.title = title;
  event.message = message;
  event.at = now();
  record({event});
}

Result<int> Experiment::launch(const std::vector<std::string>& argv, std::optional<std::size_t> work) {
  const int id = nextProgram_++;
  programs_[id].work = work;
  if (auto told = guest_->tellAgent(guest::runCommand(id, argv)); !told) return passOn(told.error());
  evidence_.user(node_, fmt::format("{:10.3f} {} runs: {}", std::chrono::duration<double>(now()).count(), id,
                                    fmt::join(argv, " ")));
  return id;
}

Result<std::vector<std::string>> Experiment::call(const std::vector<std::string>& argv,
                                                  std::chrono::milliseconds deadline) {
  auto id = launch(argv, std::nullopt);
  if (!id) return passOn(id.error());
  const Program& program = programs_[*id];
  const Wait wait = waitFor([&] { return program.end.has_value(); }, Clock::now() + deadline);
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

Result<std::size_t> Experiment::start(const scenario::WorkStep& step, const std::vector<std::string>& argv) {
  const std::size_t work = seen_.works.size();
  seen_.works.push_back({step.program, step.outcome, guest::DeadlinePassed{}, std::nullopt});
  works_.push_back({step.program, now(), console::Instant{0}});
  due_.push_back(false);
  if (auto id = launch(argv, work); !id) return passOn(id.error());
  return work;
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
  if (guest_) guest_->end();
  while (const auto post = mailbox_.take(Clock::now(), {}))
    if (!std::holds_alternative<guest::GuestStopped>(post->what)) absorb(*post);
  record(parser_.finish());
  if (!std::holds_alternative<guest::Alive>(seen_.guest))
    for (std::size_t work = 0; work < seen_.works.size(); ++work)
      if (!ended(work)) seen_.works[work].end = guest::GuestDied{};
}

}  // namespace relapse::run
