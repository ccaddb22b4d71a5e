// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/probing.hpp"

#include <memory>

#include <fmt/format.h>

#include "run/guest_calls.hpp"
#include "run/probes.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostTrace = 256u << 20;   // bytes of a node's trace.<node>.log
constexpr double kMostGuestTime = 1e9;           // seconds since its boot
constexpr std::size_t kMostOnTimeline = 20'000;  // hits of a node; all of them are in its log

// A hit on the run's clock: the guest's, moved by what is known of it.
console::Instant hitAt(const Node& node, double guestTime, console::Instant arrival) {
  const auto offset = node.record().clockOffset;
  if (!offset || !(guestTime > 0 && guestTime <= kMostGuestTime)) return arrival;
  return *offset + std::chrono::duration_cast<console::Instant>(std::chrono::duration<double>(guestTime));
}

std::string inWords(const ProbeLine& line) {
  if (line.kind == ProbeLine::Kind::Sysctl) return fmt::format("{} = {}", line.probe, line.text);
  if (line.kind == ProbeLine::Kind::Lost) return fmt::format("{}: {}", line.probe, line.text);
  return fmt::format("{} cpu={} {}:{} {}", line.probe, line.cpu, line.task, line.pid, line.text);
}

Result<void> followOn(const std::string& node, const std::vector<std::string>& argv, const scenario::Probes& probes,
                      Experiment& experiment, Evidence& evidence) {
  struct Following {
    ProbeReader reader;
    std::size_t written = 0;
    std::size_t told = 0;
  };
  const auto following = std::make_shared<Following>(Following{ProbeReader(probes)});
  return experiment.follow(node, argv, [&experiment, &evidence, node, following](const auto& line, auto at) {
    const bool had = following->written <= kMostTrace;
    following->written += line.size();
    if (following->written <= kMostTrace) evidence.trace(node, line);
    if (had && following->written > kMostTrace) evidence.trace(node, "(cut here: too much)");
    const auto read = following->reader.read(line);
    if (!read || read->kind == ProbeLine::Kind::Frame || ++following->told > kMostOnTimeline + 1) return;
    if (following->told > kMostOnTimeline) return experiment.tell(node, "probe", "further hits are in the log alone");
    const char* what = read->kind == ProbeLine::Kind::Sysctl ? "sysctl" : "probe";
    experiment.tell({hitAt(experiment.node(node), read->guestTime, at), node, what, inWords(*read), read->guestTime});
  });
}

Result<void> setUpOn(const std::string& node, const scenario::Probes& probes, Experiment& experiment,
                     Evidence& evidence) {
  for (const auto& argv : probeCommands(probes)) {
    auto set = callUnlessDecided(experiment, node, argv);
    if (!set && set.error().kind == FailureKind::GuestFailed && experiment.node(node).alive())
      return fail(FailureKind::BadInput, "probes: " + set.error().message);
    if (!set) return passOn(set.error());
  }
  for (const auto& argv : followCommands(probes))
    if (auto followed = followOn(node, argv, probes, experiment, evidence); !followed) return followed;
  return {};
}

}  // namespace

Result<ProbesByNode> lookUpProbes(const scenario::Scenario& scenario, report::RunRecord& record) {
  ProbesByNode byNode;
  std::map<const kernel::KernelImage*, scenario::Probes> byKernel;
  if (scenario.probes.none()) return byNode;
  for (const auto& node : scenario.probes.on) {
    const auto& kernel = report::kernelOf(record, node);
    if (!byKernel.contains(&kernel)) {
      auto checked = checkProbes(scenario.probes, kernel.vmlinux, kernel.modules);
      if (!checked) return passOn(checked.error());
      record.notes.insert(record.notes.end(), checked->notes.begin(), checked->notes.end());
      byKernel[&kernel] = std::move(checked->settable);
    }
    byNode[node] = byKernel[&kernel];
  }
  return byNode;
}

Result<void> setUpProbes(const ProbesByNode& probes, Experiment& experiment, Evidence& evidence) {
  for (const auto& [node, own] : probes)
    if (auto done = setUpOn(node, own, experiment, evidence); !done) return done;
  return {};
}

std::vector<std::string> unhitProbes(const ProbesByNode& probes, Experiment& experiment) {
  std::vector<std::string> notes;
  for (const auto& [node, own] : probes) {
    const auto argv = countCommand(own);
    if (argv.empty() || !experiment.node(node).alive()) continue;
    const auto lines = experiment.call(node, argv, 5s, true);
    if (!lines) notes.push_back(fmt::format("how often the probes on {} were hit is not known", node));
    if (!lines) continue;
    for (const auto& note : countNotes(own, *lines)) notes.push_back(note);
  }
  return notes;
}

}  // namespace relapse::run
