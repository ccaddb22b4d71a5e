// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/commands.hpp"
#include "cli/host_session.hpp"
#include "cli/interrupts.hpp"
#include "cli/places.hpp"
#include "cli/repeated.hpp"
#include "document/types.hpp"
#include "scenario/scenario.hpp"

namespace relapse::cli {
namespace {

constexpr const char* kDefaultScenario = "nfs-wb-page-soft-lockup";

Result<document::Ratio> ratioOf(const char* option, const std::string& text) {
  if (const auto ratio = document::parseFraction(text, scenario::kMostRuns)) return *ratio;
  return fail(FailureKind::BadInput, fmt::format("{}: expected K/N such as 3/10, found \"{}\"", option, text));
}

Result<scenario::Repeat> repeatOf(const RunArguments& arguments, const scenario::Scenario& scenario) {
  if (arguments.repeat > 0) return scenario::Runs{arguments.repeat};
  if (!arguments.atLeast.empty()) {
    const auto percent = document::parsePercent(arguments.atLeast);
    if (percent && *percent >= 1 && *percent <= 100) return scenario::AtLeast{static_cast<int>(*percent)};
    return fail(FailureKind::BadInput,
                fmt::format("--at-least: expected a percentage such as 30%, found \"{}\"", arguments.atLeast));
  }
  if (!arguments.cleanOf.empty()) {
    const auto before = ratioOf("--clean-of", arguments.cleanOf);
    if (!before) return passOn(before.error());
    if (!std::holds_alternative<scenario::ExpectSurvived>(scenario.expect))
      return fail(FailureKind::BadInput,
                  fmt::format("--clean-of: expected a scenario with expect.survived, found {}, which expects the bug",
                              scenario.name),
                  "--set 'expect={survived: true}'");
    return scenario::CleanOf{before->part, before->whole};
  }
  if (arguments.until.empty()) return scenario.repeat;
  const auto until = ratioOf("--until", arguments.until);
  if (!until) return passOn(until.error());
  return scenario::Until{until->part, until->whole};
}

Result<std::vector<scenario::Scenario>> loadAll(const RunArguments& arguments) {
  std::vector<scenario::Scenario> scenarios;
  auto names = arguments.scenarios;
  if (names.empty()) names.push_back(kDefaultScenario);
  for (const auto& name : names) {
    auto file = findScenario(name);
    if (!file) return passOn(file.error());
    auto cells = scenario::loadCells(*file, arguments.sets);
    if (!cells) return passOn(cells.error());
    for (auto& scenario : *cells) {
      auto repeat = repeatOf(arguments, scenario);
      if (!repeat) return passOn(repeat.error());
      scenario.repeat = *repeat;
      scenarios.push_back(std::move(scenario));
    }
  }
  return scenarios;
}

// Guests of this process need a session around them, made before there is any thread.
int runAll(const std::vector<scenario::Scenario>& scenarios, const RunArguments& arguments, const Common& common) {
  const auto where = places(common.stateDir);
  const bool jobs = std::ranges::all_of(scenarios, [&](const auto& one) { return wantsJobs(one, arguments); });
  std::unique_ptr<HostSession> session;
  std::unique_ptr<Interrupts> interrupts;
  if (jobs) {
    interrupts = std::make_unique<Interrupts>();
  } else {
    auto opened = HostSession::open(arguments.connect, where.cache);
    if (!opened) {
      printFailure(opened.error());
      return arguments.asBisectStep ? kStopBisect : exitStatusOf(opened.error().kind);
    }
    session = std::move(*opened);
  }
  const auto stop = session ? session->stop() : interrupts->token();
  int worst = 0;
  for (const auto& scenario : scenarios) {
    Repeated repeated(scenario, arguments, common, where);
    const int status = wantsJobs(scenario, arguments) ? repeated.asJobs(stop) : repeated.here(*session);
    if (worst == 0) worst = status;
    if (stop.stop_requested()) break;
  }
  return worst;
}

}  // namespace

int runCommand(const RunArguments& arguments, const Common& common) {
  if (!arguments.vary.empty() || arguments.minimize) return varyCommand(arguments, common);
  auto scenarios = loadAll(arguments);
  if (!scenarios) {
    printFailure(scenarios.error());
    return arguments.asBisectStep ? kStopBisect : exitStatusOf(scenarios.error().kind);
  }
  if (!arguments.result.empty() && scenarios->size() != 1) {
    printFailure({FailureKind::BadInput, "--result: expected one scenario without a matrix"});
    return kBadInput;
  }
  spdlog::info("scenarios loaded count={}", scenarios->size());
  return runAll(*scenarios, arguments, common);
}

}  // namespace relapse::cli
