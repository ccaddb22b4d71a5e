// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "campaign/compare.hpp"
#include "campaign/compare_report.hpp"
#include "cli/commands.hpp"
#include "cli/compared_side.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/run_differences.hpp"
#include "history/history.hpp"

namespace relapse::cli {
namespace {

using What = ComparedSide::What;

// All failures are of the input here: 0 and 1 are answers.
int failed(const Failure& failure) {
  printFailure(failure);
  return failure.kind == FailureKind::HostLacks ? kHostLacks : kBadInput;
}

int compareRuns(const ComparedSide& one, const ComparedSide& other, bool json) {
  const auto first = readRun(one.directory);
  if (!first) return failed(first.error());
  const auto second = readRun(other.directory);
  if (!second) return failed(second.error());
  const auto differences = differencesOf(*first, *second);
  Output output;
  output.write(json ? differencesJson(differences) : differencesText(differences));
  return output.end(differences.differ ? 1 : 0);
}

// A run on both sides would speak for and against a difference at once.
Result<void> expectApart(const std::vector<history::Run>& one, const std::vector<history::Run>& other) {
  std::set<std::string> ids;
  for (const auto& run : one) ids.insert(run.id);
  const auto both = std::ranges::count_if(other, [&](const auto& run) { return ids.contains(run.id); });
  if (both == 0) return {};
  return fail(FailureKind::BadInput, fmt::format("expected two sets of different runs, found {} in both", both));
}

int compareSets(const ComparedSide& one, const ComparedSide& other, const std::filesystem::path& file, bool json) {
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    return failed({FailureKind::BadInput, fmt::format("there is no history yet: {} is not there", file.string())});
  const auto history = history::History::open(file);
  if (!history) return failed(history.error());
  const auto first = runsOf(one, *history);
  if (!first) return failed(first.error());
  const auto second = runsOf(other, *history);
  if (!second) return failed(second.error());
  if (auto good = expectApart(*first, *second); !good) return failed(good.error());
  const bool nights = one.what == What::Night && other.what == What::Night;
  const auto comparison =
      campaign::compare(*first, *second, nights ? campaign::MatchBy::NightCell : campaign::MatchBy::ScenarioAndCell);
  const auto named = [](const ComparedSide& side, const auto& runs) {
    return fmt::format("{}, {} run{}", side.name, runs.size(), runs.size() == 1 ? "" : "s");
  };
  const campaign::ComparedNames names{named(one, *first), named(other, *second)};
  Output output;
  output.write(json ? campaign::json(comparison, names).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                          "\n"
                    : campaign::text(comparison, names));
  return output.end(comparison.differences > 0 ? 1 : 0);
}

}  // namespace

int compareCommand(const CompareArguments& arguments, const Common& common) {
  const auto state = places(common.stateDir).state;
  const auto one = comparedSide(arguments.one, state);
  if (!one) return failed(one.error());
  const auto other = comparedSide(arguments.other, state);
  if (!other) return failed(other.error());
  if (one->what == What::Run && other->what == What::Run) return compareRuns(*one, *other, common.json);
  return compareSets(*one, *other, historyFile(state), common.json);
}

}  // namespace relapse::cli
