// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/steps.hpp"

#include <algorithm>
#include <optional>
#include <random>

#include <fmt/format.h>

#include "run/guest_calls.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::run {
namespace {

using Wait = Experiment::Wait;
using Clock = Experiment::Clock;

const scenario::Program& programNamed(const std::string& name) {
  return *std::ranges::find(scenario::kPrograms, name, &scenario::Program::name);
}

// The last start of the program, on this node if there was one.
std::optional<std::size_t> numberOf(const std::string& program, const std::string& node, const Experiment& experiment) {
  const auto& works = experiment.works();
  std::optional<std::size_t> elsewhere;
  for (std::size_t i = works.size(); i-- > 0;) {
    if (works[i].program != program) continue;
    if (works[i].node == node) return i;
    if (!elsewhere) elsewhere = i;
  }
  return elsewhere;
}

// Everything that one scenario's steps have in common while they are taken. False: a step was not begun or, in the
// foreground, did not end in time; those after it would mean something else.
class Taking {
 public:
  Taking(const scenario::Scenario& scenario, Experiment& experiment, Faults& faults, Clock::time_point until)
      : scenario_(scenario), experiment_(experiment), faults_(faults), until_(until) {}

  Result<bool> take(std::size_t index) {
    index_ = index;
    return std::visit([this](const auto& step) { return take(step); }, scenario_.steps[index]);
  }

 private:
  Result<bool> take(const scenario::FaultStep& step) {
    if (auto done = faults_.take(step); !done) return passOn(done.error());
    return true;
  }

  Result<bool> take(const scenario::WaitStep& step) {
    experiment_.tell({}, "wait", fmt::format("{} ms", step.time.count()));
    return until([] { return false; }, std::min(until_, Clock::now() + step.time), Wait::Deadline);
  }

  Result<bool> take(const scenario::ShellStep& step) {
    return start(step.on, {"shell", {}, step.status}, {"/bin/busybox", "sh", "-c", step.command}, step.background);
  }

  Result<bool> take(const scenario::WorkStep& step) {
    if (step.after) {
      auto due = awaitTrigger(step);
      if (!due || !*due) return due;
    }
    if (const auto late = jitterOf(scenario_, index_); late.count() > 0) {
      auto waited = until([] { return false; }, std::min(until_, Clock::now() + late), Wait::Deadline);
      if (!waited || !*waited) return waited;
    }
    Workload work{step.program, step.outcome, {}};
    if (step.program == "fio") {  // it has no report of ours
      const bool wellOnly = step.outcome == std::vector<std::string>{"ok"};
      work.statuses = wellOnly ? std::vector{0} : std::vector{0, 1};
    }
    return start(step.on, work, workCommand(scenario_, step), step.background);
  }

  Result<bool> awaitTrigger(const scenario::WorkStep& step) {
    for (const auto& node : step.on) {
      const auto earlier = numberOf(*step.after, node, experiment_);
      if (!earlier) continue;
      auto came = until([&] { return experiment_.due(*earlier) || experiment_.ended(*earlier); }, until_, Wait::Came);
      if (!came || !*came) return came;
    }
    return true;
  }

  Result<bool> start(const std::vector<std::string>& nodes, const Workload& work, const std::vector<std::string>& argv,
                     bool background) {
    std::vector<std::size_t> started;
    for (const auto& node : nodes) {
      auto number = experiment_.start(node, work, argv);
      if (!number) return passOn(number.error());
      started.push_back(*number);
    }
    if (background) return true;
    const auto allEnded = [&] { return std::ranges::all_of(started, [&](auto i) { return experiment_.ended(i); }); };
    return until(allEnded, until_, Wait::Came);
  }

  // True when waiting ended as it should.
  Result<bool> until(const std::function<bool()>& condition, Clock::time_point deadline, Wait wanted) {
    const Wait wait = experiment_.waitFor(condition, deadline);
    if (auto fine = interrupted(wait); !fine) return passOn(fine.error());
    return wait == wanted;
  }

  const scenario::Scenario& scenario_;
  Experiment& experiment_;
  Faults& faults_;
  Clock::time_point until_;
  std::size_t index_ = 0;
};

}  // namespace

std::chrono::milliseconds jitterOf(const scenario::Scenario& scenario, std::size_t index) {
  if (scenario.jitter.count() <= 0) return std::chrono::milliseconds{0};
  std::mt19937_64 chance(scenario.seed * 1'000'003 + index);
  return std::chrono::milliseconds(chance() % static_cast<std::uint64_t>(scenario.jitter.count() + 1));
}

std::vector<std::string> workCommand(const scenario::Scenario& scenario, const scenario::WorkStep& step) {
  if (step.program == "fio") {
    std::vector<std::string> argv{"/usr/bin/fio", "--directory=/mnt"};
    argv.insert(argv.end(), step.arguments.begin(), step.arguments.end());
    return argv;
  }
  const auto& program = programNamed(step.program);
  std::vector<std::string> argv{"/relapse/workloads/" + step.program, "--dir", "/mnt"};
  const auto add = [&](const char* option, const std::string& value) { argv.insert(argv.end(), {option, value}); };
  if (program.takesFile) add("--file", step.file);
  add("--seed", std::to_string(step.seed.value_or(scenario.seed)));
  if (program.mostWriters > 1) add("--writers", std::to_string(step.writers));
  if (program.mostRounds > 1) add("--rounds", std::to_string(step.rounds));
  if (program.takesSize && step.size) add("--size", std::to_string(step.size->value));
  if (step.threads) add("--threads", "1");
  if (step.verify) add("--verify", "1");
  if (step.chance < 100) add("--chance", std::to_string(step.chance));
  if (step.asWriter) add("--uid", std::to_string(scenario::kWriter));
  return argv;
}

Result<void> takeSteps(const scenario::Scenario& scenario, Experiment& experiment, Faults& faults,
                       Experiment::Clock::time_point until) {
  Taking taking(scenario, experiment, faults, until);
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    if (experiment.decided()) return {};
    auto taken = taking.take(i);
    if (!taken) return passOn(taken.error());
    if (!*taken) return {};
  }
  experiment.seen().proofs.stepsTaken = true;
  return {};
}

}  // namespace relapse::run
