// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "document/types.hpp"
#include "scenario/reading.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::scenario {
namespace {

using document::Errors;
using document::Settings;
using Milliseconds = std::chrono::milliseconds;

const Program* programNamed(std::string_view name) {
  const auto* found =
      std::find_if(kPrograms.begin(), kPrograms.end(), [&](const Program& p) { return p.name == name; });
  return found == kPrograms.end() ? nullptr : &*found;
}

// Reads one step. `scenario` has all but the steps; `steps` are those before this one.
class StepReader {
 public:
  StepReader(const Settings& step, bool hasNfs, const Scenario& scenario, Errors& errors)
      : step_(step), hasNfs_(hasNfs), scenario_(scenario), errors_(errors) {}

  std::optional<Step> read(const std::vector<Step>& earlier) {
    if (step_.has("work")) return readWork(earlier);
    if (step_.has("fault")) return readFault();
    if (step_.has("shell")) return readShell();
    if (step_.has("wait")) return WaitStep{step_.get<Milliseconds>("wait")};
    return std::nullopt;
  }

 private:
  void refuse(std::string_view path, std::string_view expected, std::string_view found) {
    scenario::refuse(step_, path, expected, found, errors_);
  }

  // A step that does what no export is there for.
  void requireExport(std::string_view path, std::string_view what) {
    if (hasNfs_) return;
    errors_.add(step_.place(path), step_.key(path),
                fmt::format("expected an nfs section in the scenario for this {}, found none", what));
  }

  // Faults
  FaultStep readFault();
  std::string argumentOf(const FaultKind& kind, const std::string& path) const;
  Words nodesOf(const FaultKind& kind);
  void checkNode(const FaultKind& kind, const std::string& path, const std::string& node);
  void checkGuestsEnd(const FaultKind& kind, const std::string& path, const std::string& node);
  void checkCpu(const std::string& path, const std::string& node);

  // Work
  WorkStep readWork(const std::vector<Step>& earlier);
  void checkProgram(const WorkStep& work, const Program& program);
  void checkAtMost(const char* path, int found, int most, std::string_view program);
  void checkAfter(const std::string& after, const std::vector<Step>& earlier);

  ShellStep readShell();

  const Settings& step_;
  bool hasNfs_;
  const Scenario& scenario_;
  Errors& errors_;
};

std::string StepReader::argumentOf(const FaultKind& kind, const std::string& path) const {
  switch (kind.argument) {
    case FaultArgument::None:
      return {};
    case FaultArgument::Name:
    case FaultArgument::Word:
      return step_.get<std::string>(path);
    case FaultArgument::Size:
      return fmt::format("{}", step_.get<std::uint64_t>(path));
    case FaultArgument::Percent:
    case FaultArgument::Number:
      return fmt::format("{}", step_.get<std::int64_t>(path));
    case FaultArgument::Time:
      return fmt::format("{}", step_.get<Milliseconds>(path).count());
    case FaultArgument::TimeShift:
      return fmt::format("{}", step_.get<std::chrono::seconds>(path).count());
  }
  return {};
}

Words StepReader::nodesOf(const FaultKind& kind) {
  if (step_.isWritten("fault.on")) return readOn(step_, "fault.on", scenario_, errors_);
  if (kind.node == "server") return {serverOf(scenario_)};
  return kind.node == "clients" ? clientsOf(scenario_) : Words{clientsOf(scenario_).front()};
}

// The guest that has nothing but this one to do it, or to see it.
void StepReader::checkGuestsEnd(const FaultKind& kind, const std::string& path, const std::string& node) {
  const bool alone = scenario_.nodes.size() == 1;
  if (kind.name == "link-down" && alone)
    return refuse(path, "a node `server` for this fault: a client alone has no link", node);
  if (alone) return refuse(path, "a node `server` for this fault: the client is the only guest", node);
  if (kind.name == "reboot-guest" && node != "server")
    return refuse(path, "the server: a client that boots again has neither mount nor work", node);
  if (kind.name == "kill-guest" && node == clientsOf(scenario_).front() && clientsOf(scenario_).size() == 1)
    return refuse(path, "a guest that is not the only client", node);
  if (kind.name == "reboot-guest" && scenario_.nfs && scenario_.nfs->exported.medium != "image")
    refuse(path, "nfs.export.medium: image for this fault: what lies in memory is lost",
           scenario_.nfs->exported.medium);
}

void StepReader::checkCpu(const std::string& path, const std::string& node) {
  const int cpus = scenario_.nodes.at(node).cpus;
  const auto cpu = step_.get<std::int64_t>(path);
  if (!step_.has(path) || cpu < cpus) return;
  const std::string expected = cpus == 1 ? fmt::format("a node with more CPUs than the one of {}", node)
                                         : fmt::format("a CPU of {} from 1 to {}", node, cpus - 1);
  refuse(path, expected + " (CPU 0 stays)", fmt::format("{}", cpu));
}

void StepReader::checkNode(const FaultKind& kind, const std::string& path, const std::string& node) {
  const bool isClient = node != "server";
  if (kind.needsNfs && kind.node == "server" && node != serverOf(scenario_))
    return refuse("fault.on", fmt::format("{}, which exports", serverOf(scenario_)), node);
  if (kind.needsNfs && kind.node == "client" && !isClient)
    return refuse("fault.on", "a client, which mounts the export", node);
  if (kind.onHost) checkGuestsEnd(kind, path, node);
  if (kind.name == "offline-cpu") checkCpu(path, node);
}

FaultStep StepReader::readFault() {
  const auto* kind = std::find_if(kFaults.begin(), kFaults.end(), [&](const FaultKind& fault) {
    return step_.isWritten(fmt::format("fault.{}", fault.name));
  });
  if (kind == kFaults.end()) return {};  // said already
  const std::string path = fmt::format("fault.{}", kind->name);
  if (kind->needsNfs) requireExport("fault", "fault");
  if (kind->name == "set-quota" && scenario_.nfs && scenario_.nfs->exported.filesystem != "ext4")
    refuse(path, "nfs.export.filesystem: ext4 for this fault", scenario_.nfs->exported.filesystem);
  FaultStep fault{{std::string(kind->name), argumentOf(*kind, path)}, nodesOf(*kind), std::nullopt};
  for (const std::string& node : fault.on) checkNode(*kind, path, node);
  if (step_.has("fault.for")) {
    fault.lasts = step_.get<Milliseconds>("fault.for");
    if (!kind->canBeUndone)
      refuse("fault.for", fmt::format("no such key beside {}, which cannot be undone", kind->name),
             document::describe(*fault.lasts));
  }
  return fault;
}

void StepReader::checkAtMost(const char* path, int found, int most, std::string_view program) {
  if (found > most) refuse(path, fmt::format("at most {} for {}", most, program), fmt::format("{}", found));
}

// What the program does not take.
void StepReader::checkProgram(const WorkStep& work, const Program& program) {
  checkAtMost("work.writers", work.writers, program.mostWriters, program.name);
  checkAtMost("work.rounds", work.rounds, program.mostRounds, program.name);
  const auto refuseKey = [&](std::string_view path, std::string_view why) {
    errors_.add(step_.place(path), step_.key(path), fmt::format("expected no such key for {}, {}", program.name, why));
  };
  if (step_.isWritten("work.file") && !program.takesFile) refuseKey("work.file", "which names its files itself");
  if (work.size && !program.takesSize) refuseKey("work.size", "which takes none");
  if (work.threads && !program.takesThreads) refuseKey("work.threads", "whose writers are processes");
  if (work.verify && !program.verifies) refuseKey("work.verify", "which does not verify");
  if (work.chance < 100 && !program.takesChance) refuseKey("work.chance", "which has no trigger");
  const bool isFio = program.name == "fio";
  if (step_.isWritten("work.arguments") && !isFio) refuseKey("work.arguments", "fio alone takes them");
  if (isFio && !step_.isWritten("work.arguments")) {
    errors_.add(step_.place("work.program"), step_.key("work.arguments"),
                "expected a list of fio's arguments for this program, found no such key");
  }
}

void StepReader::checkAfter(const std::string& after, const std::vector<Step>& earlier) {
  const auto count = std::count_if(earlier.begin(), earlier.end(), [&](const Step& other) {
    const auto* work = std::get_if<WorkStep>(&other);
    return work != nullptr && work->background && work->program == after;
  });
  if (!programNamed(after)->reportsTrigger)
    return refuse("work.after", "a program that says when its trigger is due (noncontiguous-writer)", after);
  if (count == 0) return refuse("work.after", "the program of an earlier step with background: true", after);
  if (count > 1) refuse("work.after", "a program that one earlier step runs in the background, not several", after);
}

WorkStep StepReader::readWork(const std::vector<Step>& earlier) {
  requireExport("work", "work");
  WorkStep work;
  work.program = step_.get<std::string>("work.program");
  work.writers = static_cast<int>(step_.get<std::int64_t>("work.writers"));  // the table keeps them small
  work.rounds = static_cast<int>(step_.get<std::int64_t>("work.rounds"));
  work.background = step_.get<bool>("work.background");
  work.outcome = step_.get<Words>("work.outcome");
  work.on = readOn(step_, "work.on", scenario_, errors_);
  work.file = step_.get<std::string>("work.file");
  if (step_.has("work.size")) work.size = Bytes{step_.get<std::uint64_t>("work.size")};
  work.threads = step_.get<bool>("work.threads");
  work.verify = step_.get<bool>("work.verify");
  work.asWriter = step_.get<std::string>("work.as") == "writer";
  if (step_.has("work.seed")) work.seed = static_cast<std::uint64_t>(step_.get<std::int64_t>("work.seed"));
  work.arguments = step_.get<Words>("work.arguments");
  work.chance = static_cast<int>(step_.get<std::int64_t>("work.chance"));
  if (std::find(work.on.begin(), work.on.end(), "server") != work.on.end())
    refuse("work.on", "clients, which mount the export", "server");
  if (const Program* program = programNamed(work.program)) checkProgram(work, *program);
  if (step_.has("work.after")) {
    work.after = step_.get<std::string>("work.after");
    checkAfter(*work.after, earlier);
  }
  return work;
}

ShellStep StepReader::readShell() {
  ShellStep shell;
  shell.command = step_.get<std::string>("shell.command");
  shell.background = step_.get<bool>("shell.background");
  shell.status.clear();
  for (const std::string& status : step_.get<Words>("shell.status"))
    shell.status.push_back(static_cast<int>(document::parseInteger(status).value_or(0)));
  shell.on = readOn(step_, "shell.on", scenario_, errors_);
  return shell;
}

}  // namespace

std::vector<Step> readSteps(const Settings& settings, const Scenario& scenario, Errors& errors) {
  const bool hasNfs = settings.isWritten("nfs");
  std::vector<Step> steps;
  Milliseconds waited{0};
  for (const Settings& settingsOfStep : settings.get<std::vector<Settings>>("steps")) {
    std::optional<Step> step = StepReader(settingsOfStep, hasNfs, scenario, errors).read(steps);
    if (!step) continue;
    if (const auto* wait = std::get_if<WaitStep>(&*step)) {
      const bool fitted = waited < scenario.deadlines.reproduce;
      waited += wait->time;
      if (fitted && waited >= scenario.deadlines.reproduce && settings.has("deadlines.reproduce")) {
        refuse(settingsOfStep, "wait",
               fmt::format("waits of less than deadlines.reproduce ({}) together",
                           document::describe(scenario.deadlines.reproduce)),
               document::describe(waited), errors);
      }
    }
    steps.push_back(std::move(*step));
  }
  return steps;
}

}  // namespace relapse::scenario
