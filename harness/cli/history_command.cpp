// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/history_text.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "history/history.hpp"

namespace relapse::cli {
namespace {

using history::History;

int failed(const Failure& failure) {
  printFailure(failure);
  return exitStatusOf(failure.kind);
}

template <class T>
int show(const Result<std::vector<T>>& all, bool json, const char* none) {
  if (!all) return failed(all.error());
  Output output;
  if (all->empty() && !json) output.write(none);
  for (const auto& one : *all) output.write(json ? historyJson(one) : historyText(one));
  return output.end(0);
}

// As in the history, which has no filter for a signature's scenario and no limit for it.
Result<std::vector<history::Signature>> signaturesOf(const History& history, const HistoryArguments& arguments) {
  auto all = history.signatures();
  if (!all) return all;
  std::erase_if(*all, [&](const history::Signature& one) {
    const bool otherScenario =
        !arguments.scenario.empty() && std::ranges::find(one.scenarios, arguments.scenario) == one.scenarios.end();
    return otherScenario || (!arguments.signature.empty() && one.signature != arguments.signature);
  });
  const auto limit = static_cast<std::size_t>(arguments.limit);
  if (limit > 0 && all->size() > limit) all->resize(limit);
  return all;
}

int list(const History& history, const HistoryArguments& arguments, bool json) {
  if (arguments.signatures) return show(signaturesOf(history, arguments), json, "no signature was seen\n");
  if (arguments.nights) return show(history.nights("", arguments.limit), json, "no night was run\n");
  const History::Filter filter{arguments.scenario, arguments.night, arguments.signature, arguments.verdict,
                               arguments.limit};
  return show(history.runs(filter), json, "no such run\n");
}

int prune(History& history, const HistoryArguments& arguments, const std::filesystem::path& runs, bool json) {
  const std::string now = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  const auto pruned =
      history.prune({arguments.days, arguments.keepPerSignature, arguments.keepPerCell}, now, runs, arguments.dryRun);
  if (!pruned) return failed(pruned.error());
  Output output;
  output.write(json ? prunedJson(*pruned, arguments.dryRun) : prunedText(*pruned, arguments.dryRun));
  return output.end(0);
}

int check(const History& history, const std::filesystem::path& file) {
  if (auto good = history.check(); !good) return failed(good.error());
  const auto runs = history.runs({});
  if (!runs) return failed(runs.error());
  Output output;
  output.write(fmt::format("{}: whole, {} runs\n", file.string(), runs->size()));
  return output.end(0);
}

}  // namespace

int historyCommand(const HistoryArguments& arguments, const Common& common) {
  const auto state = places(common.stateDir).state;
  const auto file = historyFile(state);
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {  // to look is no reason to make one
    if (!common.json) fmt::print("no run yet: {} is not there\n", file.string());
    return 0;
  }
  auto history = History::open(file);
  if (!history) return failed(history.error());
  if (arguments.prune) return prune(*history, arguments, state / "runs", common.json);
  if (arguments.check) return check(*history, file);
  return list(*history, arguments, common.json);
}

}  // namespace relapse::cli
