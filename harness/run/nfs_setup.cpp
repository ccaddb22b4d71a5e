// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/nfs_setup.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "run/guest_calls.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

constexpr auto kPatienceForDisk = 120s;  // mkfs and a first mount, under emulation

bool readsBack(const scenario::Watch& watch, const Words& lines) {
  for (const auto& line : lines) {
    const auto value = nlohmann::json::parse(line, nullptr, false);
    if (!value.is_object()) continue;
    return value.value("softlockup", -1) == watch.softlockup.count() &&
           value.value("hung-task", -1) == watch.hungTask.count() &&
           value.value("rcu-stall", -1) == watch.rcuStall.count();
  }
  return false;
}

bool hasNetwork(const scenario::Scenario& scenario) {
  return scenario.nodes.contains("server");
}

bool hasCards(const scenario::Scenario& scenario, const std::string& node) {
  return hasNetwork(scenario) || scenario.nodes.at(node).reachesHost;
}

// Counted from 1, as the cables are.
std::size_t numberOf(const scenario::Scenario& scenario, const std::string& client) {
  const auto clients = scenario::clientsOf(scenario);
  return static_cast<std::size_t>(std::ranges::find(clients, client) - clients.begin()) + 1;
}

Words networkCommand(const scenario::Scenario& scenario, const std::string& node) {
  Words argv{"/relapse/network"};
  if (hasNetwork(scenario) && node != "server")
    argv.push_back(fmt::format("eth0=10.77.{}.2/24", numberOf(scenario, node)));
  for (std::size_t i = 1; node == "server" && i <= scenario::clientsOf(scenario).size(); ++i)
    argv.push_back(fmt::format("eth{}=10.77.{}.1/24", i - 1, i));
  // The card behind the cables' is QEMU's user network, with the host at 10.0.2.2.
  if (scenario.nodes.at(node).reachesHost) argv.push_back(fmt::format("eth{}=10.0.2.15/24", argv.size() - 1));
  if (scenario.nodes.at(node).reachesHost) argv.push_back("gateway=10.0.2.2");
  return argv;
}

Words exportCommand(const scenario::Scenario& scenario, bool again) {
  const auto& exported = scenario.nfs->exported;
  Words argv{"/relapse/export",
             "--filesystem",
             exported.filesystem,
             "--medium",
             exported.medium,
             "--size",
             std::to_string(exported.size.value),
             "--clients",
             hasNetwork(scenario) ? "10.77.0.0/16" : "127.0.0.1"};
  if (exported.quota) argv.insert(argv.end(), {"--quota", std::to_string(exported.quota->value)});
  if (exported.graceAtStart || again) argv.insert(argv.end(), {"--grace", "1"});
  if (again) argv.insert(argv.end(), {"--again", "1"});
  return argv;
}

Words mountCommand(const scenario::Scenario& scenario, const std::string& client) {
  const auto& mount = scenario.nfs->mount;
  const std::string server =
      hasNetwork(scenario) ? fmt::format("10.77.{}.1", numberOf(scenario, client)) : std::string("127.0.0.1");
  const std::string options = mount.options.empty() ? "-" : fmt::format("{}", fmt::join(mount.options, ","));
  return {"/relapse/mount", "--server", server, "--version", mount.version, "--options", options};
}

Result<void> run(Experiment& experiment, const std::string& node, const Words& argv,
                 std::chrono::seconds patience = kPatience) {
  if (auto done = callUnlessDecided(experiment, node, argv, patience); !done) return passOn(done.error());
  return {};
}

Result<void> exportOn(const scenario::Scenario& scenario, Experiment& experiment, const std::string& node, bool again) {
  if (auto done = run(experiment, node, exportCommand(scenario, again), kPatienceForDisk); !done) return done;
  experiment.tell(node, "exported", again ? "as it was on the disk" : scenario.nfs->exported.filesystem);
  return {};
}

Result<void> mountOn(const scenario::Scenario& scenario, Experiment& experiment, const std::string& client) {
  if (auto done = run(experiment, client, mountCommand(scenario, client), 60s); !done) return done;
  experiment.tell(client, "mounted", "vers=" + scenario.nfs->mount.version);
  return {};
}

}  // namespace

Result<bool> armDetectors(const scenario::Scenario& scenario, Experiment& experiment, const std::string& node) {
  const auto& watch = scenario.watch;
  auto lines = callUnlessDecided(experiment, node,
                                 {"/relapse/watch", std::to_string(watch.softlockup.count()),
                                  std::to_string(watch.hungTask.count()), std::to_string(watch.rcuStall.count())});
  if (!lines) return passOn(lines.error());
  const bool taken = readsBack(watch, *lines);
  if (!taken && !experiment.decided())
    return fail(FailureKind::GuestFailed,
                fmt::format("{}: the kernel did not take the watchdogs' thresholds: {}", node, fmt::join(*lines, " ")));
  return taken;
}

Result<void> setUpNfs(const scenario::Scenario& scenario, Experiment& experiment) {
  for (const auto& [name, node] : scenario.nodes)
    if (hasCards(scenario, name))
      if (auto done = run(experiment, name, networkCommand(scenario, name)); !done) return done;
  if (!scenario.nfs) return {};
  if (auto done = exportOn(scenario, experiment, scenario::serverOf(scenario), false); !done) return done;
  for (const auto& client : scenario::clientsOf(scenario))
    if (auto done = mountOn(scenario, experiment, client); !done) return done;
  return {};
}

Result<void> setUpAgain(const scenario::Scenario& scenario, Experiment& experiment, const std::string& node) {
  if (auto armed = armDetectors(scenario, experiment, node); !armed) return passOn(armed.error());
  if (hasCards(scenario, node))
    if (auto done = run(experiment, node, networkCommand(scenario, node)); !done) return done;
  if (!scenario.nfs) return {};
  if (node == scenario::serverOf(scenario))
    if (auto done = exportOn(scenario, experiment, node, true); !done) return done;
  if (node != "server") return mountOn(scenario, experiment, node);
  return {};
}

}  // namespace relapse::run
