// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "console/parser.hpp"
#include "failure/values.hpp"
#include "guest/agent_protocol.hpp"
#include "guest/guest_host.hpp"
#include "guest/mailbox.hpp"
#include "report/values.hpp"
#include "run/evidence.hpp"
#include "run/host_watch.hpp"
#include "scenario/values.hpp"
#include "stacktrace/values.hpp"
#include "verdict/values.hpp"

namespace relapse::run {

// Where the guest's kernel and its modules lie.
struct KernelPlaces {
  std::uint64_t text = 0;  // of the symbol _text
  std::vector<stacktrace::ModulePlace> modules = {};
};

// One guest and all that is known of it. Everything happens on the caller's thread, which drains
// the mailbox in here and nowhere else.
class Experiment {
 public:
  using Clock = std::chrono::steady_clock;

  // Why waiting ended.
  enum class Wait { Came, Decided, GuestEnded, Deadline, Cancelled };

  Experiment(const scenario::Scenario& scenario, Evidence& evidence, std::stop_token stop);

  // Starts the guest and waits for its agent. GuestFailed says which it was: never printed, never
  // came up (with its last line), powered off, reset itself, QEMU died.
  Result<void> boot(guest::GuestHost& host, const guest::GuestSpec& spec);

  // Runs a program in the guest to its end; its lines. GuestFailed when it fails, is not done in
  // time, or the guest ends; `Decided` stays to be seen in decided().
  Result<std::vector<std::string>> call(const std::vector<std::string>& argv, std::chrono::milliseconds deadline);

  // Starts a workload; its number in works().
  Result<std::size_t> start(const scenario::WorkStep& step, const std::vector<std::string>& argv);

  // Waits until `condition` holds. Comes back early when the verdict is decided, unless told not to.
  Wait waitFor(const std::function<bool()>& condition, Clock::time_point deadline, bool evenIfDecided = false);

  bool ended(std::size_t work) const;
  bool allEnded() const;
  bool due(std::size_t work) const;  // it reported its phase trigger-due
  bool markerSeen() const { return markerSeen_; }
  void lookForMarker(std::string marker) { marker_ = std::move(marker); }
  bool decided() const { return decided_; }

  // An event that the run itself found: stuck-workload, work-failed.
  void note(console::EventKind kind, const std::string& title, const std::string& message);

  // Ends the guest and closes what is open. Idempotent.
  void finish();

  guest::Guest* guest() { return guest_.get(); }
  verdict::Observations& seen() { return seen_; }
  const std::vector<report::WorkRecord>& works() const { return works_; }
  const std::map<std::size_t, report::StallOnHost>& stalls() const { return stalls_; }
  const std::optional<KernelPlaces>& places() const { return places_; }
  void learn(KernelPlaces places) { places_ = std::move(places); }
  console::Instant now() const;
  std::string domainXml() const { return domainXml_; }

 private:
  struct Program {
    std::optional<guest::WorkloadEnd> end;
    std::vector<std::string> lines;
    std::string errors;
    std::optional<std::size_t> work;
  };

  void absorb(const guest::Post& post);
  void absorbConsole(const std::string& bytes, console::Instant at);
  void absorbAgent(const std::string& line);
  void absorbOutput(Program& program, const guest::AgentOutput& output);
  void absorbEnd(Program& program, const guest::WorkloadEnd& end);
  void record(std::vector<console::ConsoleEvent> events);
  void lookAtHost();
  void judgeStall(console::ConsoleEvent& event);
  console::Instant since(Clock::time_point instant) const;
  std::string lastConsoleLine() const;
  Failure bootFailure(Wait wait) const;
  Result<int> launch(const std::vector<std::string>& argv, std::optional<std::size_t> work);

  const scenario::Scenario& scenario_;
  Evidence& evidence_;
  std::stop_token stop_;
  Clock::time_point began_ = Clock::now();
  guest::Mailbox mailbox_;
  std::unique_ptr<guest::Guest> guest_;
  std::string node_;
  std::string domainXml_;
  console::ConsoleParser parser_;
  guest::LineSplitter agentLines_;
  std::optional<guest::AgentReady> ready_;
  std::map<int, Program> programs_;
  int nextProgram_ = 1;
  std::vector<bool> due_;
  std::vector<report::WorkRecord> works_;
  verdict::Observations seen_;
  HostWatch hostWatch_;
  Clock::time_point nextLook_;
  std::map<std::size_t, report::StallOnHost> stalls_;
  std::optional<KernelPlaces> places_;
  std::string consoleTail_;
  std::string marker_;
  bool markerSeen_ = false;
  bool decided_ = false;
  bool finished_ = false;
};

}  // namespace relapse::run
