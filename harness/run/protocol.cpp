// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/protocol.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "run/guest_calls.hpp"
#include "run/nfs_setup.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
using Wait = Experiment::Wait;

constexpr auto kPatienceForProof = 120s;  // a client's retries, or a server's grace period, may stand before it

std::string textOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// {"text":"ffffffc008000000","modules":[{"name":"nfs","text":"0xffffffc000a3b000"}]}
std::optional<KernelPlaces> placesIn(const std::string& line) {
  const auto value = nlohmann::json::parse(line, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  const auto address = [](const nlohmann::json& object) {
    return std::strtoull(textOf(object, "text").c_str(), nullptr, 16);
  };
  KernelPlaces places{address(value)};
  if (places.text == 0) return std::nullopt;
  for (const auto& module : value.value("modules", nlohmann::json::array()))
    if (module.is_object() && address(module) != 0) places.modules.push_back({textOf(module, "name"), address(module)});
  return places;
}

// The marker on one console; nothing: the verdict is decided.
Result<bool> seeMarker(Experiment& experiment, Node& node) {
  const std::string marker = fmt::format("relapse: eyes open {:08x}", std::random_device{}());
  node.lookForMarker(marker);
  auto marked = callUnlessDecided(experiment, node.name(), {"/relapse/mark", marker});
  if (!marked) return passOn(marked.error());
  const Wait wait = experiment.waitFor([&] { return node.markerSeen(); }, Experiment::Clock::now() + kPatience);
  if (wait == Wait::Deadline)
    return fail(FailureKind::GuestFailed,
                fmt::format("{}: what is written to /dev/kmsg does not reach the console", node.name()));
  if (auto fine = interrupted(wait); !fine) return passOn(fine.error());
  return wait == Wait::Came;
}

Result<void> noteStuckWork(const scenario::Scenario& scenario, Experiment& experiment) {
  for (auto& [name, node] : experiment.nodes())
    if (node.alive())
      if (auto answers = node.guest()->answers(); !answers) return answers;  // it is the host's doing
  for (std::size_t i = 0; i < experiment.works().size(); ++i) {
    if (experiment.ended(i)) continue;
    const auto& work = experiment.works()[i];
    experiment.note(console::EventKind::StuckWorkload, work.node, fmt::format("stuck workload {}", work.program),
                    fmt::format("the guest is alive, but {} was not done in {} s", work.program,
                                scenario.deadlines.reproduce.count()));
  }
  return {};
}

}  // namespace

Result<void> openEyes(const scenario::Scenario& scenario, Experiment& experiment) {
  auto& proofs = experiment.seen().proofs;
  bool readBack = true;
  bool seen = true;
  for (auto& [name, node] : experiment.nodes()) {
    auto armed = armDetectors(scenario, experiment, name);
    if (!armed) return passOn(armed.error());
    readBack = readBack && *armed;
    auto marked = seeMarker(experiment, node);
    if (!marked) return passOn(marked.error());
    seen = seen && *marked;
  }
  proofs.watchReadBack = readBack;
  proofs.markerSeen = seen;
  return {};
}

Result<void> learnPlaces(Experiment& experiment) {
  for (auto& [name, node] : experiment.nodes()) {
    auto lines = callUnlessDecided(experiment, name, {"/relapse/layout"});
    if (!lines) return passOn(lines.error());
    for (const auto& line : *lines)
      if (!node.places) node.places = placesIn(line);
    if (!node.places) return fail(FailureKind::GuestFailed, name + " does not tell where its kernel lies");
  }
  return {};
}

Result<void> watch(const scenario::Scenario& scenario, Experiment& experiment, const Faults& faults,
                   Experiment::Clock::time_point until) {
  const Wait wait = experiment.waitFor([&] { return experiment.allEnded() && !faults.undoDue(); }, until);
  if (wait == Wait::Cancelled) return interrupted(wait);
  if (wait == Wait::Deadline) return noteStuckWork(scenario, experiment);
  return {};
}

Result<void> proveHealth(const scenario::Scenario& scenario, Experiment& experiment, Faults& faults) {
  if (experiment.decided() || !experiment.allEnded()) return {};
  // The watchdog looks five times in its threshold and counts in whole seconds: it may be late by as much.
  const auto window = Experiment::Clock::now() + scenario.watch.softlockup * 7 / 5 + 2s;
  const Wait wait = experiment.waitFor([] { return false; }, window);
  if (wait != Wait::Deadline) return interrupted(wait);
  experiment.seen().proofs.windowPassed = true;
  if (auto undone = faults.undoAll(); !undone) return undone;
  if (scenario.nfs) {
    if (!experiment.node(scenario::serverOf(scenario)).alive()) return {};  // nothing can be proved any more
    for (const auto& client : scenario::clientsOf(scenario))
      if (auto done = callUnlessDecided(experiment, client, {"/relapse/proof"}, kPatienceForProof); !done)
        return passOn(done.error());
  }
  experiment.seen().proofs.writeAndRead = !experiment.decided();
  return {};
}

}  // namespace relapse::run
