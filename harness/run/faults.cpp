// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/faults.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "run/guest_calls.hpp"
#include "run/nfs_setup.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatienceForFault = 60s;  // restarting a server waits for its threads

const scenario::FaultKind& kindOf(const scenario::Fault& fault) {
  return *std::ranges::find(scenario::kFaults, fault.name, &scenario::FaultKind::name);
}

std::vector<std::string> command(const char* verb, const scenario::Fault& fault) {
  std::vector<std::string> argv{"/relapse/fault", verb, fault.name};
  if (!fault.argument.empty()) argv.push_back(fault.argument);
  return argv;
}

std::string inWords(const scenario::Fault& fault) {
  return fault.argument.empty() ? fault.name : fmt::format("{} {}", fault.name, fault.argument);
}

// The fault that this one undoes, in the scenario's own steps.
std::string undoneBy(const std::string& name) {
  return name == "free-export" ? "fill-export" : std::string();
}

}  // namespace

Result<void> Faults::check() {
  for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
    const auto* step = std::get_if<scenario::FaultStep>(&scenario_.steps[i]);
    if (step == nullptr || kindOf(step->fault).onHost) continue;
    for (const auto& node : step->on) {
      auto can = callUnlessDecided(experiment_, node, command("can", step->fault));
      if (can || can.error().kind == FailureKind::Cancelled || !experiment_.node(node).alive()) {
        if (!can) return passOn(can.error());
        continue;
      }
      return fail(FailureKind::BadInput,
                  fmt::format("{}: steps[{}].fault: {} on {} cannot be done: {}", scenario_.file.filename().string(), i,
                              inWords(step->fault), node, can.error().message));
    }
  }
  return {};
}

Result<void> Faults::takeThatOfTheExport() {
  if (!scenario_.nfs) return {};
  const auto& exported = scenario_.nfs->exported;
  const std::vector<std::string> server{scenario::serverOf(scenario_)};
  if (exported.full)
    if (auto done = take({{"fill-export"}, server, {}}); !done) return done;
  return exported.readOnly ? take({{"read-only"}, server, {}}) : Result<void>();
}

Result<void> Faults::take(const scenario::FaultStep& step) {
  for (const auto& node : step.on) {
    if (experiment_.decided()) return {};
    const std::string lasts =
        step.lasts ? fmt::format(" for {:.1f} s", std::chrono::duration<double>(*step.lasts).count()) : std::string();
    experiment_.tell(node, "fault", inWords(step.fault) + lasts);
    if (auto done = act(step.fault, node, false); !done) return done;
    const auto undone = undoneBy(step.fault.name);
    std::erase_if(inForce_, [&](const auto& other) { return other.node == node && other.fault.name == undone; });
    if (!kindOf(step.fault).canBeUndone) continue;
    const int number = next_++;
    inForce_.push_back({step.fault, node, step.lasts.has_value(), number});
    if (step.lasts)
      experiment_.atTime(Experiment::Clock::now() + *step.lasts, [this, number] { undoAtItsTime(number); });
  }
  return {};
}

Result<void> Faults::act(const scenario::Fault& fault, const std::string& node, bool undo) {
  if (kindOf(fault).onHost) return actOnHost(fault, node, undo);
  auto done = callUnlessDecided(experiment_, node, command(undo ? "undo" : "do", fault), kPatienceForFault);
  if (!done) return passOn(done.error());
  return {};
}

Result<void> Faults::actOnHost(const scenario::Fault& fault, const std::string& name, bool undo) {
  Node& node = experiment_.node(name);
  if (!node.alive()) return fail(FailureKind::GuestFailed, fmt::format("{}: the guest {} has ended", fault.name, name));
  if (fault.name == "pause-guest") return undo ? node.guest()->resume() : node.guest()->pause();
  if (fault.name == "link-down") return node.guest()->setLinks(undo);
  if (fault.name == "kill-guest") {
    experiment_.kill(name);
    return {};
  }
  // reboot-guest: what lies on its disk stands, all else goes with the kernel.
  std::erase_if(inForce_, [&](const auto& other) {
    return other.node == name && other.fault.name != "fill-export" && other.fault.name != "set-quota";
  });
  if (auto booted = experiment_.reboot(host_, name); !booted) return booted;
  return setUpAgain(scenario_, experiment_, name);
}

bool Faults::undoDue() const {
  return std::ranges::any_of(inForce_, &InForce::timed);
}

Result<void> Faults::undo(const InForce& inForce) {
  std::erase_if(inForce_, [&](const auto& other) { return other.number == inForce.number; });
  if (!experiment_.node(inForce.node).alive()) return {};
  auto done = act(inForce.fault, inForce.node, true);
  if (done) experiment_.tell(inForce.node, "undo", inWords(inForce.fault));
  return done;
}

// It comes from within a wait: what it cannot do is told by the observations.
void Faults::undoAtItsTime(int number) {
  const auto found = std::ranges::find(inForce_, number, &InForce::number);
  if (found == inForce_.end()) return;
  const auto undone = undo(InForce(*found));
  if (!undone && experiment_.seen().infrastructure.empty())
    experiment_.seen().infrastructure = "undoing a fault: " + undone.error().message;
}

Result<void> Faults::undoAll() {
  while (!inForce_.empty())
    if (auto done = undo(InForce(inForce_.back())); !done) return done;
  return {};
}

}  // namespace relapse::run
