// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/doctor.hpp"
#include "cli/places.hpp"
#include "console/tables.hpp"
#include "scenario/scenario.hpp"

namespace relapse::cli {
namespace {

std::string expectation(const scenario::Scenario& scenario) {
  if (const auto* reproduced = std::get_if<scenario::ExpectReproduced>(&scenario.expect))
    return reproduced->events.front().event;
  return "survived";
}

}  // namespace

int exitStatusOf(FailureKind kind) {
  switch (kind) {
    case FailureKind::BadInput:
      return kBadInput;
    case FailureKind::HostLacks:
      return kHostLacks;
    case FailureKind::Cancelled:
      return kInterrupted;
    default:
      return kInconclusive;
  }
}

bool colourOn(int descriptor) {
  const char* off = std::getenv("NO_COLOR");
  return isatty(descriptor) == 1 && (off == nullptr || *off == '\0');
}

void printFailure(const Failure& failure) {
  if (failure.kind == FailureKind::Cancelled) {
    fmt::print(stderr, "relapse: interrupted\n");
    return;
  }
  fmt::print(stderr, "relapse: {}\n", failure.message);
  if (!failure.advice.empty()) fmt::print(stderr, "  try: {}\n", failure.advice);
}

int validateCommand(const std::vector<std::string>& scenarios, const std::vector<std::string>& sets) {
  int status = 0;
  for (const auto& name : scenarios) {
    auto file = findScenario(name);
    auto scenario = file ? scenario::load(*file, sets) : Result<scenario::Scenario>(passOn(file.error()));
    if (scenario) {
      fmt::print("{}: valid\n", file->string());
      continue;
    }
    fmt::print(stderr, "{}\n", scenario.error().message);
    status = exitStatusOf(scenario.error().kind);
  }
  return status;
}

int listCommand(const Common& common) {
  auto all = nlohmann::ordered_json::array();
  int status = 0;
  for (const auto& file : allScenarios()) {
    auto scenario = scenario::load(file);
    if (!scenario) {
      fmt::print(stderr, "{}\n", scenario.error().message);
      status = kBadInput;
      continue;
    }
    if (common.json) {
      all.push_back({{"name", scenario->name},
                     {"summary", scenario->summary},
                     {"file", file.string()},
                     {"expects", expectation(*scenario)}});
    } else {
      fmt::print("{:<26}  {:<12}  {}\n", scenario->name, expectation(*scenario), scenario->summary);
    }
  }
  if (common.json) fmt::print("{}\n", all.dump(2));
  return status;
}

int doctorCommand(const Common& common) {
  const auto findings = examine(places(common.stateDir));
  if (common.json) {
    auto all = nlohmann::ordered_json::array();
    for (const auto& finding : findings)
      all.push_back(
          {{"what", finding.what}, {"good", finding.good}, {"detail", finding.detail}, {"mend", finding.mend}});
    fmt::print("{}\n", all.dump(2));
  } else {
    fmt::print("{}", doctorText(findings, colourOn(STDOUT_FILENO)));
  }
  const bool healthy = std::all_of(findings.begin(), findings.end(), [](const auto& finding) { return finding.good; });
  return healthy ? 0 : kHostLacks;
}

int patternsCommand() {
  for (const auto& pattern : console::Tables::kernel().startPatterns()) fmt::print("{}\n", pattern);
  return 0;
}

int referenceCommand() {
  fmt::print("{}", scenario::referenceMarkdown());
  return 0;
}

}  // namespace relapse::cli
