// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/scenario.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "document/load.hpp"
#include "document/schema.hpp"
#include "scenario/matrix.hpp"
#include "scenario/reading.hpp"
#include "scenario/tables.hpp"

namespace relapse::scenario {
namespace {

namespace fs = std::filesystem;
using document::Errors;
using document::Settings;
int toInt(std::int64_t value) {
  return static_cast<int>(value);
}  // the table keeps them small

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

// A kernel that reports after the deadline is never heard.
void checkReportsInTime(const Settings& settings, const Scenario& scenario, Errors& errors) {
  struct Report {
    std::string_view event;
    std::string_view key;
    std::chrono::seconds after;
  };
  const Watch& watch = scenario.watch;
  const Report reports[] = {{"soft-lockup", "watch.softlockup", watch.softlockup},
                            {"hung-task", "watch.hung-task", watch.hungTask},
                            {"rcu-stall", "watch.rcu-stall", watch.rcuStall}};
  const auto* expected = std::get_if<ExpectReproduced>(&scenario.expect);
  if (expected == nullptr || !settings.has("deadlines.reproduce")) return;
  for (const Report& report : reports) {
    const bool awaited = std::any_of(expected->events.begin(), expected->events.end(),
                                     [&](const ExpectedEvent& event) { return event.event == report.event; });
    if (!awaited || !settings.has(report.key) || report.after < scenario.deadlines.reproduce) continue;
    refuse(settings, report.key,
           fmt::format("less than deadlines.reproduce ({}), for the {} that the scenario expects",
                       document::describe(scenario.deadlines.reproduce), report.event),
           document::describe(report.after), errors);
  }
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
    return Runs{toInt(settings.get<std::int64_t>("repeat.runs"))};
  }
  if (settings.has("repeat.clean-of")) {
    const auto before = settings.get<document::Ratio>("repeat.clean-of");
    return CleanOf{before.part, before.whole};
  }
  if (settings.has("repeat.at-least")) return AtLeast{toInt(settings.get<std::int64_t>("repeat.at-least"))};
  const auto until = settings.get<document::Ratio>("repeat.until");  // 1/1 when there is none
  return Until{until.part, until.whole};
}

Scenario readScenario(const Settings& settings, const fs::path& file, Errors& errors) {
  using Seconds = std::chrono::seconds;
  Scenario scenario;
  scenario.name = settings.get<std::string>("name");
  scenario.summary = settings.get<std::string>("summary");
  scenario.file = file;
  scenario.kernel = readKernel(settings, file, errors);
  scenario.nodes = readNodes(settings, scenario.kernel, file, errors);
  scenario.nfs = readNfs(settings, scenario, errors);
  scenario.deadlines = {settings.get<Seconds>("deadlines.build"), settings.get<Seconds>("deadlines.boot"),
                        settings.get<Seconds>("deadlines.reproduce")};
  scenario.probes = readProbes(settings, scenario, errors);
  scenario.steps = readSteps(settings, scenario, errors);
  scenario.watch = readWatch(settings);
  scenario.expect = readExpectation(settings);
  checkReportsInTime(settings, scenario, errors);
  scenario.collect = readCollect(settings);
  scenario.repeat = readRepeat(settings);
  if (std::holds_alternative<CleanOf>(scenario.repeat) && settings.has("expect.reproduced"))
    errors.add(settings.place("repeat.clean-of"), settings.key("repeat.clean-of"),
               "expected a scenario with expect.survived, found one that expects the bug");
  scenario.seed = static_cast<std::uint64_t>(settings.get<std::int64_t>("seed"));
  scenario.jitter = settings.get<std::chrono::milliseconds>("jitter");
  return scenario;
}

// The file, then the cell of the matrix, then the overrides: each is put onto what came before.
Scenario readCell(document::Value tree, const Cell& cell, const std::vector<std::string>& overrides,
                  const fs::path& file, Errors& errors) {
  for (const Cell::Setting& setting : cell.settings)
    document::put(tree, setting.key, setting.value, setting.place, errors);
  for (const std::string& assignment : overrides) document::applyOverride(tree, assignment, errors);
  Scenario scenario = readScenario(document::read(scenarioTable(), tree, errors), file, errors);
  scenario.cell = cell.names();
  return scenario;
}

// Each error once; one that not all cells have names the first that has it.
void mergeErrors(const std::vector<Cell>& cells, const std::vector<Errors>& ofCells, Errors& errors) {
  for (std::size_t i = 0; i < ofCells.size(); ++i) {
    for (const Errors::Error& error : ofCells[i].all()) {
      const auto has = [&](const Errors& other) { return other.holds(error); };
      if (std::any_of(ofCells.begin(), ofCells.begin() + static_cast<std::ptrdiff_t>(i), has)) continue;
      const bool everywhere = std::all_of(ofCells.begin(), ofCells.end(), has);
      const std::string cell = everywhere ? "" : fmt::format(" (in the cell {})", fmt::join(cells[i].names(), ", "));
      errors.add(error.place, error.key, error.problem + cell);
    }
  }
}

// The matrix as the overrides leave it; what they do wrong is said with each cell.
std::vector<Cell> cellsAfter(document::Value tree, const std::vector<std::string>& overrides, Errors& errors) {
  Errors saidLater;
  for (const std::string& assignment : overrides) document::applyOverride(tree, assignment, saidLater);
  return cellsOf(tree, overrides, errors);
}

}  // namespace

Result<std::vector<Scenario>> loadCells(const fs::path& file, const std::vector<std::string>& overrides) {
  constexpr std::size_t kEnoughErrors = 100;
  Errors errors;
  const std::optional<document::Value> tree = document::load(file, errors);
  if (!tree) return errors.failure();
  std::error_code error;
  const fs::path absolute = fs::absolute(file, error).lexically_normal();
  std::vector<Scenario> scenarios;
  const std::vector<Cell> cells = cellsAfter(*tree, overrides, errors);
  std::vector<Errors> ofCells;
  for (const Cell& cell : cells) {
    ofCells.emplace_back();
    scenarios.push_back(readCell(*tree, cell, overrides, absolute, ofCells.back()));
    if (ofCells.back().size() >= kEnoughErrors) break;
  }
  mergeErrors(cells, ofCells, errors);
  if (!errors.empty()) return errors.failure("docs/scenario-reference.md describes every key");
  return scenarios;
}

Result<Scenario> load(const fs::path& file, const std::vector<std::string>& overrides) {
  Result<std::vector<Scenario>> cells = loadCells(file, overrides);
  if (!cells) return passOn(cells.error());
  return std::move(cells->front());
}

}  // namespace relapse::scenario
