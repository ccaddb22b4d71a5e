// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "campaign/knobs.hpp"
#include "campaign/minimize.hpp"
#include "campaign/minimize_report.hpp"
#include "campaign/search.hpp"
#include "campaign/search_report.hpp"
#include "campaign/workspace.hpp"
#include "cli/commands.hpp"
#include "cli/conducted_try.hpp"
#include "cli/host_session.hpp"
#include "cli/places.hpp"
#include "document/load.hpp"
#include "document/types.hpp"
#include "document/write.hpp"
#include "scenario/scenario.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using campaign::Candidate;
using document::Value;

constexpr const char* kDefaultScenario = "nfs-wb-page-soft-lockup";
constexpr const char* kDefaultBudget = "30min";
constexpr const char* kAsItIs = "the scenario as it is";

// What is to be found out, checked as far as it can be before the first guest.
struct Campaign {
  fs::path file;
  scenario::Scenario scenario;
  Value tree;  // of the file, with --set put onto it
  std::chrono::milliseconds budget{0};
  std::vector<campaign::Knob> knobs;
  std::vector<campaign::Setting> settings;
  int leftOut = 0;
  std::string whyLeftOut;
};

int failed(const Failure& failure) {
  printFailure(failure);
  return exitStatusOf(failure.kind);
}

tl::unexpected<Failure> badInput(const std::string& message, const std::string& advice = {}) {
  return fail(FailureKind::BadInput, message, advice);
}

Result<Value> treeOf(const fs::path& file, const std::vector<std::string>& overrides) {
  document::Errors errors;
  auto tree = document::load(file, errors);
  if (tree)
    for (const auto& assignment : overrides) document::applyOverride(*tree, assignment, errors);
  if (!tree || !errors.empty()) return errors.failure();
  return *tree;
}

std::vector<std::string> together(std::vector<std::string> sets, const std::vector<std::string>& more) {
  sets.insert(sets.end(), more.begin(), more.end());
  return sets;
}

Result<void> checkOptions(const RunArguments& arguments) {
  if (arguments.scenarios.size() > 1)
    return badInput(
        fmt::format("expected one scenario with --vary or --minimize, found {}", arguments.scenarios.size()));
  if (arguments.write.empty()) return {};
  std::error_code error;
  if (fs::exists(arguments.write, error))
    return badInput(fmt::format("--write: expected a file that does not exist yet, found {}", arguments.write));
  if (!fs::is_directory(fs::absolute(arguments.write).parent_path(), error))
    return badInput(fmt::format("--write: expected a file in a folder that exists, found {}", arguments.write));
  return {};
}

Result<void> checkScenario(const scenario::Scenario& scenario) {
  if (!std::holds_alternative<scenario::ExpectReproduced>(scenario.expect))
    return badInput(
        fmt::format("{}: --vary and --minimize look for a bug: expected a scenario with expect.reproduced, "
                    "found one that expects survival",
                    scenario.name));
  if (!scenario.cell.empty())
    return badInput(
        fmt::format("{}: expected a scenario without a matrix, found {}", scenario.name, fmt::join(scenario.cell, " ")),
        fmt::format("--set matrix={{}} --set {}, or vary its keys", fmt::join(scenario.cell, " --set ")));
  return {};
}

// The settings that the scenario takes, spread out, the baseline first: the file as it is, which may be one of the
// grid.
Result<void> addSettings(const RunArguments& arguments, Campaign& made) {
  auto knobs = campaign::parseKnobs(arguments.vary, made.scenario);
  if (!knobs) return passOn(knobs.error());
  made.knobs = *knobs;
  made.settings.push_back({{"", document::write(made.tree)}, {}});
  const auto all = campaign::combinations(made.knobs);
  for (const auto at : campaign::spreadOut(made.knobs, all)) {
    const auto sets = together(arguments.sets, campaign::overridesOf(made.knobs, all[at], made.scenario));
    if (const auto loaded = scenario::load(made.file, sets); !loaded) {
      if (made.leftOut++ == 0) made.whyLeftOut = loaded.error().message;
      continue;
    }
    auto tree = treeOf(made.file, sets);
    if (!tree) return passOn(tree.error());
    campaign::Setting setting{{campaign::labelOf(made.knobs, all[at]), document::write(*tree)}, all[at]};
    const bool isBaseline = setting.candidate.text == made.settings[0].candidate.text;
    isBaseline ? made.settings[0] = std::move(setting) : made.settings.emplace_back(std::move(setting));
  }
  if (made.leftOut == static_cast<int>(all.size()))
    return badInput("the scenario refuses every setting; the first: " + made.whyLeftOut);
  return {};
}

Result<Campaign> campaignOf(const RunArguments& arguments) {
  if (auto good = checkOptions(arguments); !good) return passOn(good.error());
  Campaign made;
  auto file = findScenario(arguments.scenarios.empty() ? kDefaultScenario : arguments.scenarios.front());
  if (!file) return passOn(file.error());
  made.file = *file;
  auto scenario = scenario::load(made.file, arguments.sets);
  if (!scenario) return passOn(scenario.error());
  made.scenario = *scenario;
  if (auto good = checkScenario(made.scenario); !good) return passOn(good.error());
  auto tree = treeOf(made.file, arguments.sets);
  if (!tree) return passOn(tree.error());
  made.tree = *tree;
  const std::string budget = arguments.budget.empty() ? kDefaultBudget : arguments.budget;
  const auto time = document::parseDuration(budget);
  if (!time || *time <= 0s)
    return badInput(fmt::format("--budget: expected a duration such as 30min or 2h, found \"{}\"", budget));
  made.budget = *time;
  if (!arguments.vary.empty())
    if (auto done = addSettings(arguments, made); !done) return passOn(done.error());
  return made;
}

// How the kernel was chosen, for the written scenario's head.
std::string commandFor(const RunArguments& arguments, const fs::path& file) {
  std::string command = fmt::format("relapse run {}", file.string());
  for (const auto& kernel : arguments.kernels) command += " --kernel " + kernel;
  if (!arguments.image.empty()) command += fmt::format(" --image {} --vmlinux {}", arguments.image, arguments.vmlinux);
  for (const auto& patch : arguments.patches) command += " --patch " + fs::absolute(patch).string();
  for (const auto& config : arguments.configs) command += " --config " + fs::absolute(config).string();
  return command;
}

campaign::Elapsed stopwatch() {
  const auto began = std::chrono::steady_clock::now();
  return [began] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  };
}

// A campaign under way: its folder, its guests, and what is shown of its tries.
class Conducted {
 public:
  Conducted(const RunArguments& arguments, const Common& common, const Campaign& campaign, HostSession& session,
            campaign::Workspace workspace)
      : arguments_(arguments),
        common_(common),
        campaign_(campaign),
        session_(session),
        workspace_(std::move(workspace)) {}

  int run();

 private:
  int search();
  int minimize(const Value& from);
  Result<fs::path> written(const Value& tree, const std::string& suffix, std::vector<std::string> head);
  void show(const nlohmann::ordered_json& line, const std::string& text);
  void showTry(const campaign::Tried& tried, const campaign::SettingRecord& record);
  void summarize(const nlohmann::ordered_json& json, const std::string& text);

  const RunArguments& arguments_;
  const Common& common_;
  const Campaign& campaign_;
  HostSession& session_;
  campaign::Workspace workspace_;
  Value best_;
  nlohmann::ordered_json results_;
  int number_ = 0;  // of the try that is shown
};

// One line for a try or a reduction: JSON on standard output, else text on standard error.
void Conducted::show(const nlohmann::ordered_json& line, const std::string& text) {
  [[maybe_unused]] const auto noted = workspace_.note(line.dump());  // a full disk shows with the next candidate
  if (common_.json) {
    fmt::print("{}\n", line.dump());
    (void)std::fflush(stdout);
  } else if (!common_.quiet) {
    fmt::print(stderr, "{}\n", text);
  }
}

void Conducted::summarize(const nlohmann::ordered_json& json, const std::string& text) {
  results_[json["kind"].get<std::string>()] = json;
  if (common_.json) {
    fmt::print("{}\n", json.dump());
  } else {
    fmt::print("\n{}", text);
  }
  (void)std::fflush(stdout);
}

std::string tryText(int number, const std::string& label, const campaign::TryResult& result, const std::string& sum) {
  const std::string what = result.outcome == campaign::Outcome::Inconclusive ? result.reason : result.signature;
  return fmt::format("try {:<3} {:<32}  {:<13} {:>6.1f} s  {:<14}  {}", number, label, campaign::word(result.outcome),
                     static_cast<double>(result.time.count()) / 1000, sum, what.substr(0, what.find('\n')));
}

void Conducted::showTry(const campaign::Tried& tried, const campaign::SettingRecord& record) {
  Candidate candidate = campaign_.settings[tried.setting].candidate;
  if (tried.setting == 0) candidate.label = candidate.label.empty() ? kAsItIs : candidate.label + " (as it is)";
  const auto count = tried.fresh ? record.fresh : record.count;
  const std::string sum = fmt::format("{}/{}{}", count.hits, count.tries, tried.fresh ? " held out" : "");
  show(campaign::json(tried, candidate), tryText(tried.number, candidate.label, tried.result, sum));
}

Result<fs::path> Conducted::written(const Value& tree, const std::string& suffix, std::vector<std::string> head) {
  fs::path file = workspace_.folder() / (campaign_.scenario.name + suffix + ".yaml");
  if (!arguments_.write.empty()) {
    file = fs::absolute(arguments_.write);
    if (suffix == "-min" && !arguments_.vary.empty()) file.replace_filename(file.stem().string() + "-min.yaml");
  }
  head.insert(head.begin(), "SPDX-License-Identifier: GPL-2.0-or-later");
  head.push_back("Again: " + commandFor(arguments_, file));
  const auto text = campaign::fileText(tree, suffix, head);
  if (auto done = campaign::writeScenario(file, tree, text, campaign_.file.parent_path()); !done)
    return passOn(done.error());
  if (auto loads = scenario::load(file); !loads) return passOn(loads.error());
  return file;
}

int statusOf(const std::optional<Failure>& failure, bool came, bool conclusive) {
  if (failure) return exitStatusOf(failure->kind);
  if (came) return 0;
  return conclusive ? 1 : kInconclusive;
}

int Conducted::search() {
  ConductedTry attempt(arguments_, common_, session_, workspace_, false);
  campaign::SearchReport report{campaign_.scenario.name, campaign_.knobs,      {}, {},
                                campaign_.leftOut,       campaign_.whyLeftOut, {}};
  report.plan = {campaign_.settings, campaign_.budget, campaign::SearchPlan{}.heldOut, campaign_.scenario.seed};
  report.result = campaign::search(
      report.plan, [&](const Candidate& candidate, std::uint64_t seed) { return attempt(candidate, seed); },
      stopwatch(), [&](const auto& tried, const auto& record) { showTry(tried, record); });
  number_ = report.result.tries;
  std::set<std::string> kept;
  std::optional<Failure> problem = report.result.failure;
  if (const auto best = report.result.best) {
    const auto& setting = campaign_.settings[*best].candidate;
    kept = {setting.label};
    document::Errors none;  // the text was written by us
    best_ = document::parse(setting.text, setting.label, none).value_or(campaign_.tree);
    auto file = written(best_, "-best",
                        {fmt::format("Found by --vary {} from {}: {} in fresh tries.", arguments_.vary,
                                     campaign_.file.string(), campaign::inWords(report.result.records[*best].fresh)),
                         "Its setting: " + (setting.label.empty() ? kAsItIs : setting.label)});
    if (file) report.best = *file;
    if (!file && !problem) problem = file.error();
  }
  attempt.keepOnly(kept);
  summarize(campaign::json(report), campaign::text(report));
  if (problem) printFailure(*problem);
  const auto& records = report.result.records;
  const bool conclusive = std::any_of(records.begin(), records.end(), [](const auto& r) { return r.count.tries > 0; });
  return statusOf(problem, report.result.best.has_value(), conclusive);
}

int Conducted::minimize(const Value& from) {
  ConductedTry attempt(arguments_, common_, session_, workspace_,
                       std::find(campaign_.scenario.collect.begin(), campaign_.scenario.collect.end(),
                                 scenario::Artefact::Registers) != campaign_.scenario.collect.end());
  const campaign::Loads loads = [&](const std::string& text) {
    const auto file = workspace_.write("candidate.yaml", text);
    return file && scenario::load(*file).has_value();
  };
  campaign::MinimizeReport report{campaign_.scenario.name, {}, {}};
  report.result = campaign::minimize(
      {from, campaign_.budget, campaign_.scenario.seed + 1}, loads,
      [&](const Candidate& candidate, std::uint64_t seed) { return attempt(candidate, seed); }, stopwatch(),
      [&](const std::string& label, std::uint64_t seed, const campaign::TryResult& result) {
        const campaign::Tried tried{++number_, 0, false, seed, result};
        show(campaign::json(tried, {label, {}}), tryText(number_, label, result, ""));
      },
      [&](const campaign::ReductionRecord& record) {
        show({{"kind", "reduction"}, {"reduction", record.story}, {"taken", record.taken}}, campaign::line(record));
      });
  const auto& result = report.result;
  std::optional<Failure> problem = result.failure;
  if (result.original.hits > 0) {
    auto file = written(result.scenario, "-min",
                        {fmt::format("Made by --minimize from {}: {} in fresh tries.", campaign_.file.string(),
                                     campaign::inWords(result.fresh))});
    if (file) report.file = *file;
    if (!file && !problem) problem = file.error();
  }
  attempt.keepOnly({"the minimized scenario"});
  summarize(campaign::json(report), campaign::text(report));
  if (problem) printFailure(*problem);
  return statusOf(problem, result.fresh.hits > 0, result.original.tries > 0);
}

int Conducted::run() {
  best_ = campaign_.tree;
  int status = arguments_.vary.empty() ? 0 : search();
  if (arguments_.minimize && status == 0) status = minimize(best_);
  if (auto file = workspace_.write("results.json", results_.dump(2) + "\n"); !file) {
    if (status == 0) status = exitStatusOf(file.error().kind);
    printFailure(file.error());
  }
  std::error_code ignored;
  fs::remove(workspace_.folder() / "candidate.yaml", ignored);
  if (!common_.json) fmt::print("results: {}\n", workspace_.folder().string());
  return status;
}

}  // namespace

int varyCommand(const RunArguments& arguments, const Common& common) {
  auto campaign = campaignOf(arguments);
  if (!campaign) return failed(campaign.error());
  const auto where = places(common.stateDir);
  auto session = HostSession::open(arguments.connect, where.cache);
  if (!session) return failed(session.error());
  auto workspace = campaign::Workspace::begin(where.state, campaign->file, campaign->tree);
  if (!workspace) return failed(workspace.error());
  return Conducted(arguments, common, *campaign, **session, std::move(*workspace)).run();
}

}  // namespace relapse::cli
