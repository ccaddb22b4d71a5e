// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/node.hpp"

#include <algorithm>
#include <utility>

namespace relapse::run {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kConsoleTail = 4096;
constexpr auto kLookAtHost = 250ms;

}  // namespace

Node::Node(guest::GuestSpec spec, const scenario::Watch& watch)
    : spec_(std::move(spec)), parser_({.node = spec_.node, .patterns = watch.patterns, .silence = watch.silence}) {}

Result<void> Node::start(guest::GuestHost& host, guest::Mailbox& mailbox) {
  ready_.reset();
  agentLines_ = guest::LineSplitter();
  clockOffset_.reset();
  hostWatch_ = HostWatch();  // its vCPUs count from 0 again
  auto guest = host.start(spec_, mailbox);
  if (!guest) return passOn(guest.error());
  guest_ = std::move(*guest);
  domainXml_ = guest_->domainXml();
  running_ = true;
  ++boots_;
  return {};
}

void Node::end() {
  if (guest_) guest_->end();
  running_ = false;
}

std::vector<console::ConsoleEvent> Node::hearConsole(const std::string& bytes, console::Instant at) {
  consoleTail_ += bytes;
  if (!marker_.empty() && consoleTail_.find(marker_) != std::string::npos) markerSeen_ = true;
  if (consoleTail_.size() > kConsoleTail) consoleTail_.erase(0, consoleTail_.size() - kConsoleTail);
  return parser_.feed({bytes, at});
}

std::vector<guest::AgentMessage> Node::hearAgent(const std::string& bytes, console::Instant at) {
  std::vector<guest::AgentMessage> messages;
  for (const auto& line : agentLines_.feed(bytes)) {
    messages.push_back(guest::decodeAgentLine(line));
    const auto& message = messages.back();
    if (const auto* ready = std::get_if<guest::AgentReady>(&message.what)) ready_ = *ready;
    if (message.uptime <= 0) continue;
    // A message may be late, never early: the least difference is the nearest.
    const auto uptime = std::chrono::duration_cast<console::Instant>(std::chrono::duration<double>(message.uptime));
    clockOffset_ = clockOffset_ ? std::min(*clockOffset_, at - uptime) : at - uptime;
  }
  return messages;
}

void Node::lookForMarker(std::string marker) {
  marker_ = std::move(marker);
  markerSeen_ = false;
}

std::string Node::lastConsoleLine() const {
  const auto end = consoleTail_.find_last_not_of("\r\n\0 ");
  if (end == std::string::npos) return {};
  const auto start = consoleTail_.find_last_of('\n', end);
  const std::size_t first = start == std::string::npos ? 0 : start + 1;
  std::string line = consoleTail_.substr(first, end - first + 1);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return line.substr(0, 200);
}

void Node::lookAtHost(console::Instant now) {
  if (!alive() || now < nextLook_) return;
  nextLook_ = now + kLookAtHost;
  hostWatch_.add(now, guest_->vcpuTimes());
}

std::optional<double> Node::hostShare(int cpu, console::Instant from, console::Instant to) const {
  return hostWatch_.share(cpu, from, to);
}

report::NodeRecord Node::record() const {
  return {ready_ ? ready_->release : std::string(), boots_, endedByItself() || !running_, clockOffset_};
}

}  // namespace relapse::run
