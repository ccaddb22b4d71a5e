// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/scenario.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "document/load.hpp"
#include "document/schema.hpp"
#include "scenario/tables.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::scenario {
namespace {

namespace fs = std::filesystem;
using document::Errors;
using document::Settings;
using Words = std::vector<std::string>;

int toInt(std::int64_t value) {
  return static_cast<int>(value);
}  // the table keeps them small

std::optional<fs::path> readSeries(const Settings& settings, const fs::path& file, Errors& errors) {
  if (!settings.has("kernel.series")) return std::nullopt;
  const auto text = settings.get<std::string>("kernel.series");
  const auto refuse = [&](std::string_view why) -> std::optional<fs::path> {
    errors.add(settings.place("kernel.series"), "kernel.series",
               fmt::format("expected a folder below the scenario file's own, found {}{}", document::quote(text), why));
    return std::nullopt;
  };
  std::error_code error;
  const fs::path home = fs::weakly_canonical(file.parent_path(), error);
  const fs::path series = fs::weakly_canonical(home / text, error);
  if (error) return refuse(fmt::format(", {}", std::generic_category().message(error.value())));
  if (fs::path(text).is_absolute()) return refuse(", an absolute path");
  const fs::path inside = series.lexically_relative(home);
  if (inside.empty() || inside == "." || *inside.begin() == "..") return refuse(", which leads out of it");
  if (!fs::exists(series, error)) return refuse(", which does not exist");
  if (!fs::is_directory(series, error)) return refuse(", which is no folder");
  return series;
}

Kernel readKernel(const Settings& settings, const fs::path& file, Errors& errors) {
  return {settings.get<Words>("kernel.source"), settings.get<Words>("kernel.config"),
          readSeries(settings, file, errors)};
}

Node readClient(const Settings& settings) {
  return {toInt(settings.get<std::int64_t>("nodes.client.cpus")),
          {settings.get<std::uint64_t>("nodes.client.memory")},
          settings.get<std::string>("nodes.client.cpu")};
}

std::optional<Nfs> readNfs(const Settings& settings, Bytes memory, Errors& errors) {
  if (!settings.has("nfs")) return std::nullopt;
  const Bytes size{settings.get<std::uint64_t>("nfs.export.size")};
  const bool known = settings.has("nfs.export.size") && settings.has("nodes.client.memory");
  if (known && size.value >= memory.value) {
    errors.add(settings.place("nfs.export.size"), "nfs.export.size",
               fmt::format("expected less than nodes.client.memory ({}), found \"{}\"",
                           document::describeSize(memory.value), document::describeSize(size.value)));
  }
  return Nfs{{settings.get<std::string>("nfs.export.filesystem"), size},
             {settings.get<std::string>("nfs.mount.version"), settings.get<Words>("nfs.mount.options")}};
}

const Program* programNamed(std::string_view name) {
  const auto found = std::find_if(kPrograms.begin(), kPrograms.end(), [&](const Program& p) { return p.name == name; });
  return found == kPrograms.end() ? nullptr : &*found;
}

// A step that does what no export is there for.
void requireExport(const Settings& step, std::string_view path, std::string_view what, bool hasNfs, Errors& errors) {
  if (hasNfs) return;
  errors.add(step.place(path), step.key(path),
             fmt::format("expected an nfs section in the scenario for this {}, found none", what));
}

FaultStep readFault(const Settings& step, bool hasNfs, Errors& errors) {
  if (step.has("fault.lkdtm")) return {Lkdtm{step.get<std::string>("fault.lkdtm")}};
  requireExport(step, "fault", "fault", hasNfs, errors);
  if (step.has("fault.free-export")) return {FreeExport{}};
  return {FillExport{}};
}

void checkAtMost(const Settings& step, const char* key, int found, int most, const std::string& program,
                 Errors& errors) {
  if (found <= most) return;
  errors.add(step.place(key), step.key(key),
             fmt::format("expected at most {} for {}, found \"{}\"", most, program, found));
}

void checkAmount(const Settings& step, const WorkStep& work, Errors& errors) {
  const Program* program = programNamed(work.program);
  if (program == nullptr) return;
  checkAtMost(step, "work.writers", work.writers, program->mostWriters, work.program, errors);
  checkAtMost(step, "work.rounds", work.rounds, program->mostRounds, work.program, errors);
}

void checkAfter(const Settings& step, const std::string& after, const std::vector<Step>& earlier, Errors& errors) {
  const auto refuse = [&](std::string_view expected) {
    errors.add(step.place("work.after"), step.key("work.after"),
               fmt::format("expected {}, found {}", expected, document::quote(after)));
  };
  const auto count = std::count_if(earlier.begin(), earlier.end(), [&](const Step& other) {
    const auto* work = std::get_if<WorkStep>(&other);
    return work != nullptr && work->background && work->program == after;
  });
  if (!programNamed(after)->reportsTrigger)
    return refuse("a program that says when its trigger is due (noncontiguous-writer)");
  if (count == 0) return refuse("the program of an earlier step with background: true");
  if (count > 1) refuse("a program that one earlier step runs in the background, not several");
}

WorkStep readWork(const Settings& step, bool hasNfs, const std::vector<Step>& earlier, Errors& errors) {
  requireExport(step, "work", "work", hasNfs, errors);
  WorkStep work{step.get<std::string>("work.program"),
                toInt(step.get<std::int64_t>("work.writers")),
                toInt(step.get<std::int64_t>("work.rounds")),
                step.get<bool>("work.background"),
                step.get<Words>("work.outcome"),
                std::nullopt};
  checkAmount(step, work, errors);
  if (step.has("work.after")) {
    work.after = step.get<std::string>("work.after");
    checkAfter(step, *work.after, earlier, errors);
  }
  return work;
}

std::vector<Step> readSteps(const Settings& settings, Errors& errors) {
  const bool hasNfs = settings.isWritten("nfs");
  std::vector<Step> steps;
  for (const Settings& step : settings.get<std::vector<Settings>>("steps")) {
    if (step.has("work")) {
      steps.emplace_back(readWork(step, hasNfs, steps, errors));
    } else if (step.has("fault")) {
      steps.emplace_back(readFault(step, hasNfs, errors));
    }
  }
  return steps;
}

Watch readWatch(const Settings& settings) {
  using Seconds = std::chrono::seconds;
  Watch watch{settings.get<Seconds>("watch.softlockup"), settings.get<Seconds>("watch.hung-task"),
              settings.get<Seconds>("watch.rcu-stall"), settings.get<Words>("watch.patterns"), std::nullopt};
  if (settings.has("watch.silence")) watch.silence = settings.get<Seconds>("watch.silence");
  return watch;
}

Expectation readExpectation(const Settings& settings) {
  if (settings.has("expect.survived")) return ExpectSurvived{};
  ExpectReproduced reproduced;
  for (const Settings& event : settings.get<std::vector<Settings>>("expect.reproduced")) {
    reproduced.events.push_back({event.get<std::string>("event"), event.get<Words>("frames"),
                                 event.get<std::string>("message"), event.get<std::string>("artefact")});
  }
  return reproduced;
}

std::vector<Artefact> readCollect(const Settings& settings) {
  std::vector<Artefact> artefacts;
  for (const std::string& word : settings.get<Words>("collect")) {
    artefacts.push_back(word == "registers" ? Artefact::Registers : Artefact::Vmcore);
  }
  return artefacts;
}

Repeat readRepeat(const Settings& settings) {
  if (settings.has("repeat.runs")) {
    const int runs = toInt(settings.get<std::int64_t>("repeat.runs"));
    return {runs, runs};
  }
  const auto until = settings.get<document::Ratio>("repeat.until");  // 1/1 when there is none
  return {until.part, until.whole};
}

Scenario readScenario(const Settings& settings, const fs::path& file, Errors& errors) {
  using Seconds = std::chrono::seconds;
  Scenario scenario;
  scenario.name = settings.get<std::string>("name");
  scenario.summary = settings.get<std::string>("summary");
  scenario.file = file;
  scenario.kernel = readKernel(settings, file, errors);
  scenario.nodes["client"] = readClient(settings);
  scenario.nfs = readNfs(settings, scenario.nodes["client"].memory, errors);
  scenario.steps = readSteps(settings, errors);
  scenario.watch = readWatch(settings);
  scenario.expect = readExpectation(settings);
  scenario.deadlines = {settings.get<Seconds>("deadlines.build"), settings.get<Seconds>("deadlines.boot"),
                        settings.get<Seconds>("deadlines.reproduce")};
  scenario.collect = readCollect(settings);
  scenario.repeat = readRepeat(settings);
  return scenario;
}

}  // namespace

Result<Scenario> load(const fs::path& file, const std::vector<std::string>& overrides) {
  Errors errors;
  std::optional<document::Value> tree = document::load(file, errors);
  if (!tree) return errors.failure();
  for (const std::string& assignment : overrides) document::applyOverride(*tree, assignment, errors);
  const Settings settings = document::read(scenarioTable(), *tree, errors);
  std::error_code error;
  const fs::path absolute = fs::absolute(file, error).lexically_normal();
  Scenario scenario = readScenario(settings, absolute, errors);
  if (!errors.empty()) return errors.failure("docs/scenario-reference.md describes every key");
  return scenario;
}

}  // namespace relapse::scenario
