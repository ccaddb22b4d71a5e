// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "console/parser.hpp"
#include "failure/values.hpp"
#include "guest/agent_protocol.hpp"
#include "guest/guest_host.hpp"
#include "report/values.hpp"
#include "run/host_watch.hpp"
#include "scenario/values.hpp"
#include "stacktrace/values.hpp"

namespace relapse::run {

// Where a guest's kernel and its modules lie.
struct KernelPlaces {
  std::uint64_t text = 0;  // of the symbol _text
  std::vector<stacktrace::ModulePlace> modules = {};
};

// One guest of a run, and what its console and its agent have said so far. For the run's thread alone.
class Node {
 public:
  Node(guest::GuestSpec spec, const scenario::Watch& watch);

  // Starts it; again, too, after end(): its kernel boots anew, its console's log goes on.
  Result<void> start(guest::GuestHost& host, guest::Mailbox& mailbox);

  // Ends it, as a fault or at the run's end.
  void end();

  std::vector<console::ConsoleEvent> hearConsole(const std::string& bytes, console::Instant at);
  std::vector<guest::AgentMessage> hearAgent(const std::string& bytes, console::Instant at);
  void stopped(guest::GuestEnd end) { end_ = std::move(end); }

  void lookForMarker(std::string marker);
  bool markerSeen() const { return markerSeen_; }
  std::string lastConsoleLine() const;
  bool ready() const { return ready_.has_value(); }
  bool alive() const { return running_ && std::holds_alternative<guest::Alive>(end_); }
  bool endedByItself() const { return !std::holds_alternative<guest::Alive>(end_); }
  const guest::GuestEnd& howItEnded() const { return end_; }

  // How much of the host the vCPUs got; looked at several times a second.
  void lookAtHost(console::Instant now);
  std::optional<double> hostShare(int cpu, console::Instant from, console::Instant to) const;

  const std::string& name() const { return spec_.node; }
  const guest::GuestSpec& spec() const { return spec_; }
  guest::Guest* guest() { return guest_.get(); }
  console::ConsoleParser& parser() { return parser_; }
  const std::string& domainXml() const { return domainXml_; }
  report::NodeRecord record() const;

  std::optional<KernelPlaces> places;

 private:
  guest::GuestSpec spec_;
  console::ConsoleParser parser_;
  guest::LineSplitter agentLines_;
  std::unique_ptr<guest::Guest> guest_;
  std::string domainXml_;
  std::optional<guest::AgentReady> ready_;
  bool running_ = false;
  guest::GuestEnd end_ = guest::Alive{};
  int boots_ = 0;
  std::optional<std::chrono::milliseconds> clockOffset_;
  HostWatch hostWatch_;
  console::Instant nextLook_{0};
  std::string consoleTail_;
  std::string marker_;
  bool markerSeen_ = false;
};

}  // namespace relapse::run
