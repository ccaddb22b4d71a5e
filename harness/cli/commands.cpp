// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/doctor.hpp"
#include "cli/leftovers.hpp"
#include "cli/places.hpp"
#include "cli/plain_lines.hpp"
#include "console/tables.hpp"
#include "kernel/host_code.hpp"
#include "kernel/patch.hpp"
#include "report/terminal.hpp"
#include "scenario/scenario.hpp"

namespace relapse::cli {
namespace {

constexpr std::size_t kMostFilesNamed = 20;

std::string expectation(const scenario::Scenario& scenario) {
  if (const auto* reproduced = std::get_if<scenario::ExpectReproduced>(&scenario.expect))
    return reproduced->events.front().event;
  return "survived";
}

// What a run of it would make the host run, as far as the patches say it by their paths.
Result<std::string> buildNote(const scenario::Kernel& built) {
  if (!built.series) return std::string();
  std::vector<std::string> files;
  for (const auto& line : kernel::kernelLinesIn(*built.series)) {
    const auto patches = kernel::readSeries(*built.series, line);
    if (!patches) return passOn(patches.error());
    for (auto& file : kernel::hostCodeIn(*patches))
      if (std::find(files.begin(), files.end(), file) == files.end()) files.push_back(std::move(file));
  }
  if (files.empty()) return std::string();
  std::string note = "  its patches change what a build runs on this host, as you:\n";
  for (std::size_t i = 0; i < std::min(files.size(), kMostFilesNamed); ++i)
    note += fmt::format("    {}\n", report::plain(files[i]));
  if (files.size() > kMostFilesNamed) note += fmt::format("    and {} more\n", files.size() - kMostFilesNamed);
  return note;
}

Result<std::string> buildNotes(const scenario::Scenario& scenario) {
  auto notes = buildNote(scenario.kernel);
  for (const auto& [name, node] : scenario.nodes) {
    if (!notes || !node.kernel || node.kernel->series == scenario.kernel.series) continue;
    const auto more = buildNote(*node.kernel);
    if (!more) return passOn(more.error());
    *notes += *more;
  }
  return notes;
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
  fmt::print(stderr, "relapse: {}\n", plainLines(failure.message));  // can quote a guest or a file
  if (!failure.advice.empty()) fmt::print(stderr, "  try: {}\n", plainLines(failure.advice));
}

int validateCommand(const std::vector<std::string>& scenarios, const std::vector<std::string>& sets) {
  int status = 0;
  for (const auto& name : scenarios) {
    auto file = findScenario(name);
    auto scenario = file ? scenario::load(*file, sets) : Result<scenario::Scenario>(passOn(file.error()));
    auto notes = scenario ? buildNotes(*scenario) : Result<std::string>(passOn(scenario.error()));
    if (notes) {
      fmt::print("{}: valid\n{}", file->string(), *notes);
      continue;
    }
    fmt::print(stderr, "{}\n", plainLines(notes.error().message));
    status = exitStatusOf(notes.error().kind);
  }
  return status;
}

int listCommand(const Common& common) {
  auto all = nlohmann::ordered_json::array();
  int status = 0;
  for (const auto& file : allScenarios()) {
    auto scenario = scenario::load(file);
    if (!scenario) {
      fmt::print(stderr, "{}\n", plainLines(scenario.error().message));
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

namespace {

bool cleanedUp(const Leftover& left) {
  const auto done = cleanUp(left);
  if (done) fmt::print(stderr, "removed {}: {}\n", left.what, left.path.string());
  if (!done) printFailure(done.error());
  return done.has_value();
}

}  // namespace

int doctorCommand(const Common& common, bool clean) {
  const auto where = places(common.stateDir);
  auto left = leftovers(where);
  if (clean) std::erase_if(left, cleanedUp);
  auto findings = examine(where);
  std::ranges::move(describe(left), std::back_inserter(findings));
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
