// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/protocol.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "verdict/judge.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
using Wait = Experiment::Wait;

constexpr auto kPatience = 30s;  // for what takes a guest milliseconds

Result<void> interrupted(Wait wait) {
  if (wait == Wait::Cancelled) return fail(FailureKind::Cancelled, "interrupted");
  return {};  // the rest shows in the observations
}

// A call whose failure does not matter once the verdict is decided.
Result<std::vector<std::string>> callUnlessDecided(Experiment& experiment, const std::vector<std::string>& argv) {
  if (experiment.decided()) return std::vector<std::string>{};
  auto lines = experiment.call(argv, kPatience);
  if (!lines && lines.error().kind != FailureKind::Cancelled && experiment.decided()) return std::vector<std::string>{};
  return lines;
}

bool readsBack(const scenario::Watch& watch, const std::vector<std::string>& lines) {
  for (const auto& line : lines) {
    const auto value = nlohmann::json::parse(line, nullptr, false);
    if (!value.is_object()) continue;
    return value.value("softlockup", -1) == watch.softlockup.count() &&
           value.value("hung-task", -1) == watch.hungTask.count() &&
           value.value("rcu-stall", -1) == watch.rcuStall.count();
  }
  return false;
}

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

std::vector<std::string> faultCommand(const scenario::Fault& fault) {
  if (const auto* lkdtm = std::get_if<scenario::Lkdtm>(&fault)) return {"/relapse/fault", "lkdtm", lkdtm->crash};
  return {"/relapse/fault", std::holds_alternative<scenario::FillExport>(fault) ? "fill-export" : "free-export"};
}

bool leavesExportFull(const std::vector<scenario::Step>& steps) {
  bool full = false;
  for (const auto& step : steps)
    if (const auto* fault = std::get_if<scenario::FaultStep>(&step))
      full = (full && !std::holds_alternative<scenario::FreeExport>(fault->fault)) ||
             std::holds_alternative<scenario::FillExport>(fault->fault);
  return full;
}

std::vector<std::string> workCommand(const scenario::WorkStep& step) {
  std::vector<std::string> argv{"/relapse/workloads/" + step.program, "--dir", "/mnt"};
  if (step.program != "write-and-read-back") argv.insert(argv.end(), {"--file", "shared"});
  if (step.program == "appenders")
    argv.insert(argv.end(), {"--writers", std::to_string(step.writers), "--rounds", std::to_string(step.rounds)});
  return argv;
}

std::optional<std::size_t> numberOf(const std::string& program, const Experiment& experiment) {
  const auto& works = experiment.works();
  for (std::size_t i = works.size(); i-- > 0;)
    if (works[i].program == program) return i;
  return std::nullopt;
}

// False: it was not begun, or, in the foreground, did not end in time.
Result<bool> takeWork(const scenario::WorkStep& step, Experiment& experiment, Experiment::Clock::time_point until) {
  if (step.after)
    if (const auto earlier = numberOf(*step.after, experiment)) {
      const Wait wait =
          experiment.waitFor([&] { return experiment.due(*earlier) || experiment.ended(*earlier); }, until);
      if (wait == Wait::Cancelled) return passOn(interrupted(wait).error());
      if (wait != Wait::Came) return false;
    }
  auto work = experiment.start(step, workCommand(step));
  if (!work) return passOn(work.error());
  if (step.background) return true;
  const Wait wait = experiment.waitFor([&] { return experiment.ended(*work); }, until);
  if (wait == Wait::Cancelled) return passOn(interrupted(wait).error());
  return wait == Wait::Came;
}

}  // namespace

Result<void> openEyes(const scenario::Scenario& scenario, Experiment& experiment) {
  const auto& watch = scenario.watch;
  auto lines =
      callUnlessDecided(experiment, {"/relapse/watch", std::to_string(watch.softlockup.count()),
                                     std::to_string(watch.hungTask.count()), std::to_string(watch.rcuStall.count())});
  if (!lines) return passOn(lines.error());
  experiment.seen().proofs.watchReadBack = readsBack(watch, *lines);
  if (!experiment.seen().proofs.watchReadBack && !experiment.decided())
    return fail(FailureKind::GuestFailed,
                fmt::format("the kernel did not take the watchdogs' thresholds: {}", fmt::join(*lines, " ")));
  const std::string marker = fmt::format("relapse: eyes open {:08x}", std::random_device{}());
  experiment.lookForMarker(marker);
  auto marked = callUnlessDecided(experiment, {"/relapse/mark", marker});
  if (!marked) return passOn(marked.error());
  const Wait wait = experiment.waitFor([&] { return experiment.markerSeen(); }, Experiment::Clock::now() + kPatience);
  experiment.seen().proofs.markerSeen = wait == Wait::Came;
  if (wait == Wait::Deadline)
    return fail(FailureKind::GuestFailed, "what is written to /dev/kmsg does not reach the console");
  return interrupted(wait);
}

Result<void> mountExport(const scenario::Scenario& scenario, Experiment& experiment) {
  if (!scenario.nfs) return {};
  const auto& exported = scenario.nfs->exported;
  const auto& mount = scenario.nfs->mount;
  auto done =
      callUnlessDecided(experiment, {"/relapse/export", exported.filesystem, std::to_string(exported.size.value)});
  if (!done) return passOn(done.error());
  const std::string options = mount.options.empty() ? "-" : fmt::format("{}", fmt::join(mount.options, ","));
  done = callUnlessDecided(experiment, {"/relapse/mount", mount.version, options});
  if (!done) return passOn(done.error());
  return {};
}

Result<void> learnPlaces(Experiment& experiment) {
  auto lines = callUnlessDecided(experiment, {"/relapse/layout"});
  if (!lines) return passOn(lines.error());
  for (const auto& line : *lines)
    if (auto places = placesIn(line)) {
      experiment.learn(std::move(*places));
      return {};
    }
  return fail(FailureKind::GuestFailed, "the guest does not tell where its kernel lies");
}

Result<void> takeSteps(const scenario::Scenario& scenario, Experiment& experiment,
                       Experiment::Clock::time_point until) {
  for (const auto& step : scenario.steps) {
    if (experiment.decided()) return {};
    if (const auto* fault = std::get_if<scenario::FaultStep>(&step)) {
      if (auto done = callUnlessDecided(experiment, faultCommand(fault->fault)); !done) return passOn(done.error());
    } else {
      auto taken = takeWork(std::get<scenario::WorkStep>(step), experiment, until);
      if (!taken) return passOn(taken.error());
      if (!*taken) return {};  // the steps after it would mean something else
    }
  }
  experiment.seen().proofs.stepsTaken = true;
  return {};
}

Result<void> watch(const scenario::Scenario& scenario, Experiment& experiment, Experiment::Clock::time_point until) {
  const Wait wait = experiment.waitFor([&] { return experiment.allEnded(); }, until);
  if (wait == Wait::Cancelled) return interrupted(wait);
  if (wait == Wait::Deadline)
    for (std::size_t i = 0; i < experiment.works().size(); ++i)
      if (!experiment.ended(i))
        experiment.note(console::EventKind::StuckWorkload,
                        fmt::format("stuck workload {}", experiment.works()[i].program),
                        fmt::format("the guest is alive, but {} was not done in {} s", experiment.works()[i].program,
                                    scenario.deadlines.reproduce.count()));
  return {};
}

Result<void> proveHealth(const scenario::Scenario& scenario, Experiment& experiment) {
  if (experiment.decided() || !experiment.allEnded()) return {};
  // The watchdog looks five times in its threshold and counts in whole seconds: it may be late by as much.
  const auto window = Experiment::Clock::now() + scenario.watch.softlockup * 7 / 5 + 2s;
  const Wait wait = experiment.waitFor([] { return false; }, window);
  if (wait != Wait::Deadline) return interrupted(wait);
  experiment.seen().proofs.windowPassed = true;
  if (scenario.nfs && leavesExportFull(scenario.steps))
    if (auto done = callUnlessDecided(experiment, faultCommand(scenario::FreeExport{})); !done)
      return passOn(done.error());
  if (scenario.nfs)
    if (auto done = callUnlessDecided(experiment, {"/relapse/proof"}); !done) return passOn(done.error());
  experiment.seen().proofs.writeAndRead = !experiment.decided();
  return {};
}

}  // namespace relapse::run
