// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/shell.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/terminal.hpp"
#include "run/evidence.hpp"
#include "run/experiment.hpp"
#include "run/faults.hpp"
#include "run/guests.hpp"
#include "run/kernels.hpp"
#include "run/nfs_setup.hpp"
#include "run/probing.hpp"
#include "run/protocol.hpp"
#include "run/shell_commands.hpp"
#include "run/shell_keys.hpp"
#include "run/stages.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto kBetweenKeys = 10ms;
constexpr std::size_t kMostHeldBack = 256u << 10;
constexpr std::size_t kLongestCommand = 4000;  // a terminal's line has 4095 bytes
constexpr char kHostLine = 0x1d;               // Ctrl-], also at the start of a piped line
constexpr auto kDebugging = std::chrono::hours(24);

// No expectation ends a shell: it is over when the user says so.
scenario::Scenario withoutExpectation(scenario::Scenario scenario) {
  scenario.expect = scenario::ExpectReproduced{};
  return scenario;
}

std::string howItDied(const guest::GuestEnd& end) {
  if (std::holds_alternative<guest::Reset>(end)) return "the guest reset itself";
  const auto* died = std::get_if<guest::QemuDied>(&end);
  return died != nullptr ? "QEMU died: " + died->how : "the guest ended";
}

std::vector<std::string> gdbLines(const ShellRequest& request, const kernel::KernelImage& kernel, Node& node) {
  if (!request.gdb) return {"the guest was started without a gdb port: relapse shell --gdb"};
  const int port = node.guest() == nullptr ? 0 : node.guest()->gdbPort();
  if (port == 0) return {"the gdb port is not open"};
  return {fmt::format("gdb-multiarch {} -ex 'target remote 127.0.0.1:{}'", kernel.vmlinux.string(), port)};
}

// Joins the user's terminal and a shell in a guest.
class Session {
 public:
  Session(Experiment& experiment, ShellTerminal& terminal, std::string node)
      : experiment_(experiment), terminal_(terminal), node_(std::move(node)) {
    experiment_.onTerminal([this](const std::string& from, const std::string& bytes) {
      if (from == node_) hear(bytes);
    });
    experiment_.onEvent([this](const console::ConsoleEvent& event) {
      if (console::isFailing(event.kind)) say(fmt::format("[{}] {}", event.node, eventLine(event)));
    });
  }
  ~Session() {
    experiment_.onTerminal(nullptr);
    experiment_.onEvent(nullptr);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // A line of relapse's own; what stood on the guest's line is drawn again below it.
  void say(const std::string& line) {
    terminal_.notice(line);
    if (terminal_.isTerminal()) terminal_.show(line_.text());
  }

  Result<ShellEnd> run(ShellCommands& commands) {
    if (auto begun = begin(); !begun) return passOn(begun.error());
    while (true) {
      const auto wait = experiment_.waitFor([this] { return experiment_.ended(shell_) || lineMayBeSent(); },
                                            Experiment::Clock::now() + kBetweenKeys, true);
      if (experiment_.ended(shell_)) return endOfShell();
      if (wait == Experiment::Wait::Cancelled) return fail(FailureKind::Cancelled, "interrupted");
      if (wait == Experiment::Wait::GuestEnded) return endOfGuest();
      if (auto passed = passOnTyped(); !passed) say(report::plain(passed.error().message));
      if (!obeyAll(commands)) return ShellEnd{ShellEnd::How::Quit, 0, {}, {}};
      if (terminal_.isTerminal() && terminal_.resized()) tellSize();
    }
  }

 private:
  Result<void> begin() {
    if (auto begun = terminal_.begin(); !begun) return begun;
    std::vector<std::string> argv{"/relapse/shell", "--piped"};
    if (terminal_.isTerminal()) {
      const auto size = terminal_.size();
      const char* kind = std::getenv("TERM");
      argv = {"/relapse/shell", std::to_string(size.rows), std::to_string(size.columns),
              kind != nullptr && *kind != '\0' ? kind : "dumb", node_};
    }
    auto shell = experiment_.start(node_, {"shell"}, argv);
    if (!shell) return passOn(shell.error());
    shell_ = *shell;
    return {};
  }

  static std::string eventLine(const console::ConsoleEvent& event) {
    std::string text = report::eventText(event, false);
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }

  void hear(const std::string& bytes) {
    if (!terminal_.isTerminal()) return terminal_.show(piped_.feed(bytes));
    line_.feed(bytes);
    if (!keys_.atHost()) return terminal_.show(bytes);
    if (heldBack_.size() < kMostHeldBack) heldBack_ += bytes;
  }

  Result<void> passOnTyped() {
    auto typed = closed_ ? std::optional<std::string>() : terminal_.typed();
    if (!typed) closed_ = true;
    if (terminal_.isTerminal()) return closed_ ? hangUp() : passOnKeys(*typed);
    if (typed) waiting_ += *typed;
    return sendNextLine();
  }

  Result<void> passOnKeys(const std::string& bytes) {
    if (bytes.empty()) return {};
    auto typed = keys_.feed(bytes);
    terminal_.show(typed.echo);
    if (!keys_.atHost() && !typed.echo.empty()) terminal_.show(line_.text());
    if (!keys_.atHost() && !heldBack_.empty()) terminal_.show(std::exchange(heldBack_, {}));
    for (auto& command : typed.commands) commands_.push_back(std::move(command));
    return typed.guest.empty() ? Result<void>() : tell(typed.guest);
  }

  // The user's terminal is gone.
  Result<void> hangUp() {
    commands_.push_back("quit");
    return {};
  }

  bool lineMayBeSent() const {
    return !terminal_.isTerminal() && (piped_.ready() || piped_.wantsMore()) &&
           (closed_ || waiting_.find('\n') != std::string::npos);
  }

  // The next line when the last one is done; a line of Ctrl-] is the host's. At the end of the input: exit.
  Result<void> sendNextLine() {
    if (!lineMayBeSent()) return {};
    auto end = waiting_.find('\n');
    if (end == std::string::npos && waiting_.empty()) return sendEnd();
    end = std::min(end, waiting_.size());
    const std::string line = waiting_.substr(0, end);
    waiting_.erase(0, end + 1);
    if (line.starts_with(kHostLine)) {
      commands_.push_back(line.substr(1));
      return {};
    }
    if (line.size() > kLongestCommand)
      return fail(FailureKind::BadInput, fmt::format("expected lines of at most {} bytes, found one of {}: left out",
                                                     kLongestCommand, line.size()));
    piped_.told();
    return tell(line + "\n");
  }

  Result<void> sendEnd() {
    const bool within = piped_.wantsMore();
    piped_.told();
    if (within) say("the input ends within a command: left out");
    return tell(within ? "\x03" : "exit\n");
  }

  bool obeyAll(ShellCommands& commands) {
    for (; !commands_.empty(); commands_.pop_front())
      if (!commands.obey(commands_.front())) return false;
    return true;
  }

  Result<void> tell(const std::string& bytes) { return experiment_.node(node_).guest()->tellTerminal(bytes); }

  void tellSize() {
    const auto size = terminal_.size();
    (void)experiment_.follow(node_,
                             {"/relapse/shell", "--size", std::to_string(size.rows), std::to_string(size.columns)}, {});
  }

  Result<ShellEnd> endOfShell() {
    const auto& work = experiment_.seen().works.at(shell_);
    if (const auto* exited = std::get_if<guest::Exited>(&work.end))
      return ShellEnd{ShellEnd::How::Ended, exited->status, {}, {}};
    if (std::holds_alternative<guest::GuestDied>(work.end)) return endOfGuest();
    return fail(FailureKind::GuestFailed, "the guest's shell was killed, or did not start");
  }

  Result<ShellEnd> endOfGuest() {
    const auto& end = experiment_.seen().guest;
    if (std::holds_alternative<guest::PoweredOff>(end)) return ShellEnd{ShellEnd::How::PoweredOff, 0, {}, {}};
    return ShellEnd{ShellEnd::How::GuestDied, 0, howItDied(end), {}};
  }

  Experiment& experiment_;
  ShellTerminal& terminal_;
  std::string node_;
  std::size_t shell_ = 0;
  ShellKeys keys_;
  PipedShell piped_;
  OpenLine line_;
  std::string heldBack_;
  std::string waiting_;  // of a program's input, for the next prompts
  std::deque<std::string> commands_;
  bool closed_ = false;
};

// Everything up to the shell, in the stages of a run.
class Preparation {
 public:
  Preparation(const ShellRequest& request, Stages& stages) : request_(request), stages_(stages) {}

  Result<void> makeGuests(const std::string& id) {
    auto prepared = stages_.in("root", [&] { return prepareGuests(request_.run, record, id); });
    if (!prepared) return passOn(prepared.error());
    guests = std::move(*prepared);
    const auto spec = std::ranges::find(guests.specs, request_.node, &guest::GuestSpec::node);
    spec->terminal = true;
    spec->gdb = request_.gdb;
    spec->stopped = request_.stopAtBoot;
    return {};
  }

  Result<void> boot(guest::GuestHost& host, Experiment& experiment, ShellTerminal& terminal) {
    if (request_.gdb)
      experiment.atTime(Experiment::Clock::now(), [&] {
        for (const auto& line :
             gdbLines(request_, report::kernelOf(record, request_.node), experiment.node(request_.node)))
          terminal.notice(line);
      });
    return stages_.in("boot", [&] { return experiment.boot(host, guests.specs); });
  }

  Result<void> setUp(Experiment& experiment, Evidence& evidence, Faults& faults, const ProbesByNode& probes) {
    const auto& scenario = request_.run.scenario;
    return stages_.in("mount", [&]() -> Result<void> {
      if (auto done = openEyes(scenario, experiment); !done) return done;
      if (auto done = setUpNfs(scenario, experiment); !done) return done;
      if (auto done = setUpProbes(probes, experiment, evidence); !done) return done;
      return faults.takeThatOfTheExport();
    });
  }

  report::RunRecord record;
  Guests guests;

 private:
  const ShellRequest& request_;
  Stages& stages_;
};

ShellRequest completed(ShellRequest request) {
  auto& scenario = request.run.scenario;
  scenario = withoutExpectation(std::move(scenario));
  if (request.node.empty()) request.node = scenario::clientsOf(scenario).front();
  if (request.stopAtBoot) request.gdb = true;
  if (request.stopAtBoot) scenario.deadlines.boot = kDebugging;
  return request;
}

void greet(const Preparation& prepared, const ShellRequest& request, Experiment& experiment, const fs::path& directory,
           ShellTerminal& terminal) {
  for (const auto& note : prepared.record.notes) terminal.notice(report::plain(note));
  for (auto& [name, node] : experiment.nodes())
    terminal.notice(fmt::format("{}: {}, its console: {}", name, report::kernelOf(prepared.record, name).release,
                                (directory / fmt::format("console.{}.log", name)).string()));
  if (terminal.isTerminal())
    terminal.notice(fmt::format("{}: `help` in the guest; Ctrl-] for the host's commands; exit or Ctrl-D ends it",
                                request.run.scenario.name));
}

Result<ShellEnd> shellIn(const ShellRequest& request, guest::GuestHost& host, ShellTerminal& terminal, Stages& stages,
                         Preparation& prepared, Evidence& evidence) {
  const auto& scenario = request.run.scenario;
  auto probes = lookUpProbes(scenario, prepared.record);
  if (!probes) return passOn(probes.error());
  if (auto made = prepared.makeGuests(evidence.id()); !made) return passOn(made.error());
  Experiment experiment(scenario, evidence, request.run.stop);
  Faults faults(scenario, experiment, host);
  if (auto booted = prepared.boot(host, experiment, terminal); !booted) return passOn(booted.error());
  if (auto up = prepared.setUp(experiment, evidence, faults, *probes); !up) return passOn(up.error());
  stages.end(true, {});
  greet(prepared, request, experiment, evidence.folder(), terminal);
  Session session(experiment, terminal, request.node);
  ShellCommands commands(
      {scenario, experiment, faults, evidence.folder(),
       gdbLines(request, report::kernelOf(prepared.record, request.node), experiment.node(request.node)),
       [&](const std::string& line) { session.say(line); }});
  auto end = session.run(commands);
  experiment.finish();
  return end;
}

std::string noSuchNode(const scenario::Scenario& scenario, const std::string& node) {
  std::vector<std::string> names;
  for (const auto& [name, ignored] : scenario.nodes) names.push_back(name);
  return fmt::format("--node: expected {}, found \"{}\"", fmt::join(names, " or "), node);
}

}  // namespace

Result<ShellEnd> shell(const ShellRequest& asked, guest::GuestHost& host, ShellTerminal& terminal,
                       const Observer& observer) {
  const ShellRequest request = completed(asked);
  const auto& scenario = request.run.scenario;
  if (!scenario.nodes.contains(request.node))
    return fail(FailureKind::BadInput, noSuchNode(scenario, request.node), "relapse shell --help");
  Stages stages(observer);
  Preparation prepared(request, stages);
  if (auto had = obtainKernels(request.run, stages, prepared.record); !had) return passOn(had.error());
  auto evidence = Evidence::begin(request.run.places.state, scenario.name, "shells");
  if (!evidence) return passOn(evidence.error());
  auto end = shellIn(request, host, terminal, stages, prepared, *evidence);
  // What came before a guest is of no use to anybody.
  if (!end && (end.error().kind == FailureKind::BadInput || end.error().kind == FailureKind::HostLacks)) {
    evidence->abandon();
    return end;
  }
  auto kept = evidence->keep();
  if (!kept) return passOn(kept.error());
  if (end) end->directory = *kept;
  return end;
}

}  // namespace relapse::run
