// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/host_session.hpp"
#include "cli/places.hpp"
#include "cli/run_request.hpp"
#include "report/json.hpp"
#include "report/terminal.hpp"
#include "run/conduct.hpp"
#include "scenario/scenario.hpp"
#include "verdict/judge.hpp"

namespace relapse::cli {
namespace {

constexpr const char* kDefaultScenario = "nfs-wb-page-soft-lockup";

Result<scenario::Repeat> repeatOf(const RunArguments& arguments, const scenario::Scenario& scenario) {
  if (arguments.repeat > 0) return scenario::Repeat{arguments.repeat, arguments.repeat};
  if (arguments.until.empty()) return scenario.repeat;
  scenario::Repeat repeat{0, 0};
  const char* end = arguments.until.data() + arguments.until.size();
  const auto first = std::from_chars(arguments.until.data(), end, repeat.until);
  if (first.ec == std::errc{} && first.ptr != end && *first.ptr == '/') {
    const auto second = std::from_chars(first.ptr + 1, end, repeat.runs);
    if (second.ec == std::errc{} && second.ptr == end && repeat.until >= 1 && repeat.runs >= repeat.until &&
        repeat.runs <= 1000)
      return repeat;
  }
  return fail(FailureKind::BadInput, fmt::format("--until: expected K/N such as 3/10, found \"{}\"", arguments.until));
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

void print(const report::RunRecord& record, const Common& common) {
  if (common.json) {
    fmt::print("{}", report::resultJson(record));
  } else {
    fmt::print("\n{}", report::summary(record, colourOn(STDOUT_FILENO)));
  }
  std::fflush(stdout);
}

int bisectStatusOf(FailureKind kind) {
  switch (kind) {
    case FailureKind::Cancelled:
      return kInterrupted;
    case FailureKind::HostLacks:
    case FailureKind::Internal:
      return kStopBisect;
    default:
      return kInconclusive;  // this commit cannot be tried; others can
  }
}

// Runs one scenario as often as it asks for. The status of the whole: 0 when enough runs did as
// expected, else that of the last run that did not.
int runRepeatedly(const run::RunRequest& request, guest::GuestHost& host, const RunArguments& arguments,
                  const Common& common) {
  const auto repeat = request.scenario.repeat;
  int held = 0;
  int status = kInconclusive;
  int tries = 0;
  while (tries < repeat.runs && held < repeat.until) {
    ++tries;
    Display display(isatty(STDERR_FILENO) == 1, common.quiet, colourOn(STDERR_FILENO));
    auto record = run::conduct(request, host, [&](const run::StageUpdate& update) { display.show(update); });
    if (!record) {
      printFailure(record.error());
      return arguments.asBisectStep ? bisectStatusOf(record.error().kind) : exitStatusOf(record.error().kind);
    }
    print(*record, common);
    if (verdict::held(request.scenario.expect, record->verdict)) ++held;
    const int now = arguments.asBisectStep ? verdict::bisectStatus(record->verdict)
                                           : verdict::exitStatus(request.scenario.expect, record->verdict);
    if (now != 0 || status == kInconclusive) status = now;
  }
  if (repeat.runs > 1 && !common.json)
    fmt::print("\n{}: {} of {} runs did as expected\n", request.scenario.name, held, tries);
  return !arguments.asBisectStep && held >= repeat.until ? 0 : status;
}

int runAll(const std::vector<scenario::Scenario>& scenarios, const RunArguments& arguments, const Common& common) {
  const auto where = places(common.stateDir);
  auto session = HostSession::open(arguments.connect, where.cache);
  if (!session) {
    printFailure(session.error());
    return arguments.asBisectStep ? kStopBisect : exitStatusOf(session.error().kind);
  }
  const auto stop = (*session)->stop();
  int worst = 0;
  for (const auto& scenario : scenarios) {
    const int status = runRepeatedly(requestFor(arguments, scenario, where, (*session)->root(), stop),
                                     (*session)->host(), arguments, common);
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
  spdlog::info("scenarios loaded count={}", scenarios->size());
  return runAll(*scenarios, arguments, common);
}

}  // namespace relapse::cli
