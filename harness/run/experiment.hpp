// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "guest/guest_host.hpp"
#include "guest/mailbox.hpp"
#include "report/values.hpp"
#include "run/evidence.hpp"
#include "run/node.hpp"
#include "scenario/values.hpp"
#include "verdict/values.hpp"

namespace relapse::run {

// A program of the scenario that is to be started: verdict::WorkOutcome's first words.
struct Workload {
  std::string program;
  std::vector<std::string> allowed = {"ok"};  // outcomes
  std::vector<int> statuses = {};             // of a shell's text: what it may exit with
};

// The guests of one run and all that is known of them. Everything happens on the caller's thread, which
// drains the mailbox in here and nowhere else.
class Experiment {
 public:
  using Clock = std::chrono::steady_clock;

  // Why waiting ended.
  enum class Wait { Came, Decided, GuestEnded, Deadline, Cancelled };

  Experiment(const scenario::Scenario& scenario, Evidence& evidence, std::stop_token stop);

  // Starts the guests and waits for their agents. GuestFailed says which it was: never printed, never
  // came up (with its last line), powered off, reset itself, QEMU died.
  Result<void> boot(guest::GuestHost& host, const std::vector<guest::GuestSpec>& specs);

  // Ends one guest and boots it again; its programs are gone. The run waits for its agent.
  Result<void> reboot(guest::GuestHost& host, const std::string& node);

  // Ends one guest, as the scenario wants it: no failure of the infrastructure.
  void kill(const std::string& node);

  // Runs a program in the guest to its end; its lines. GuestFailed when it fails, is not done in
  // time, or the guest ends; `Decided` stays to be seen in decided(). Without a node: in the first client.
  Result<std::vector<std::string>> call(const std::string& node, const std::vector<std::string>& argv,
                                        std::chrono::milliseconds deadline, bool evenIfDecided = false);
  Result<std::vector<std::string>> call(const std::vector<std::string>& argv, std::chrono::milliseconds deadline);

  // Starts a workload; its number in works().
  Result<std::size_t> start(const std::string& node, const Workload& work, const std::vector<std::string>& argv);

  // Starts a program that runs beside the scenario for as long as its guest; each of its lines, and when it came.
  using Listener = std::function<void(const std::string& line, console::Instant at)>;
  Result<void> follow(const std::string& node, const std::vector<std::string>& argv, Listener listener);

  // What did not go as it should without touching the verdict: a followed program that ended.
  const std::vector<std::string>& complaints() const { return complaints_; }

  // Waits until `condition` holds. Comes back early when the verdict is decided, unless told not to.
  Wait waitFor(const std::function<bool()>& condition, Clock::time_point deadline, bool evenIfDecided = false);

  // What is to be done when its time has come: in waitFor(), on this thread.
  void atTime(Clock::time_point when, std::function<void()> act);
  void forgetTimers() { timers_.clear(); }

  bool ended(std::size_t work) const;
  bool allEnded() const;
  bool due(std::size_t work) const;  // it reported its phase trigger-due
  bool decided() const { return decided_; }

  // An event that the run itself found: stuck-workload, work-failed.
  void note(console::EventKind kind, const std::string& node, const std::string& title, const std::string& message);

  // A line of the timeline: now, or when it was.
  void tell(const std::string& node, const std::string& what, const std::string& text);
  void tell(report::TimelineEntry entry);

  // Ends the guests and closes what is open. Idempotent.
  void finish();

  // A node of the scenario; it is there from boot() on.
  Node& node(const std::string& name) { return nodes_.at(name); }
  std::map<std::string, Node>& nodes() { return nodes_; }
  const std::map<std::string, Node>& nodes() const { return nodes_; }
  std::string toolVersions();  // of what runs the guests; empty when none was started
  // Whose kernel failed first; the first client when none did.
  Node& failingNode();

  verdict::Observations& seen() { return seen_; }
  const std::vector<report::WorkRecord>& works() const { return works_; }
  const std::map<std::size_t, report::StallOnHost>& stalls() const { return stalls_; }
  const std::vector<report::TimelineEntry>& timeline() const { return timeline_; }
  console::Instant now() const;

  // Everything a terminal of a guest prints, for `relapse shell`.
  void onTerminal(std::function<void(const std::string& node, const std::string& bytes)> listener) {
    onTerminal_ = std::move(listener);
  }
  // Every event of a console, as it comes.
  void onEvent(std::function<void(const console::ConsoleEvent&)> listener) { onEvent_ = std::move(listener); }

 private:
  struct Program {
    std::string node;
    std::string name = {};
    std::optional<guest::WorkloadEnd> end = {};
    std::vector<std::string> lines = {};
    std::size_t kept = 0;  // bytes of `lines`
    std::size_t phases = 0;
    std::string errors = {};
    std::optional<std::size_t> work = {};
    Listener listener = {};
  };
  struct Timer {
    Clock::time_point when;
    std::function<void()> act;
  };

  void absorb(const guest::Post& post);
  void absorbMessage(Node& node, const guest::AgentMessage& message, console::Instant at);
  void absorbOutput(Program& program, const guest::AgentOutput& output, const guest::AgentMessage& message,
                    console::Instant at);
  void absorbEnd(Program& program, const guest::WorkloadEnd& end, const guest::AgentMessage& message);
  void abandonPrograms(const std::string& node);
  void record(std::vector<console::ConsoleEvent> events);
  void judgeStall(console::ConsoleEvent& event);
  void runTimers();
  Clock::time_point nextTimer(Clock::time_point until) const;
  console::Instant since(Clock::time_point instant) const;
  Result<void> awaitAgents();
  Failure bootFailure(Wait wait) const;
  Result<int> launch(const std::string& node, const std::vector<std::string>& argv, Program program);

  const scenario::Scenario& scenario_;
  Evidence& evidence_;
  std::stop_token stop_;
  Clock::time_point began_ = Clock::now();
  guest::Mailbox mailbox_;
  std::map<std::string, Node> nodes_;
  std::map<int, Program> programs_;
  int nextProgram_ = 1;
  std::vector<Timer> timers_;
  std::vector<bool> due_;
  std::vector<report::WorkRecord> works_;
  verdict::Observations seen_;
  std::map<std::size_t, report::StallOnHost> stalls_;
  std::vector<report::TimelineEntry> timeline_;
  std::vector<std::string> complaints_;
  std::function<void(const std::string&, const std::string&)> onTerminal_;
  std::function<void(const console::ConsoleEvent&)> onEvent_;
  bool decided_ = false;
  bool finished_ = false;
};

}  // namespace relapse::run
