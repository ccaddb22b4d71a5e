// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "campaign/bisect.hpp"
#include "campaign/bisect_report.hpp"
#include "campaign/bisect_story.hpp"
#include "campaign/night_state.hpp"
#include "campaign/nightly.hpp"
#include "checksum/checksum.hpp"
#include "cli/commands.hpp"
#include "cli/found_run.hpp"
#include "cli/interrupts.hpp"
#include "cli/places.hpp"
#include "cli/remember.hpp"
#include "cli/run_jobs.hpp"
#include "document/types.hpp"
#include "process/lock.hpp"
#include "report/terminal.hpp"
#include "scenario/resolved.hpp"
#include "scenario/scenario.hpp"
#include "version/version.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using campaign::BisectBegun;
using campaign::BisectPlan;

constexpr const char* kLog = "bisect.log";

int failed(const Failure& failure) {
  printFailure(failure);
  return exitStatusOf(failure.kind);
}

Failure badInput(std::string message, std::string advice = {}) {
  return {FailureKind::BadInput, std::move(message), std::move(advice)};
}

std::string readText(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<void> write(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (out) return {};
  return fail(FailureKind::Exhausted, file.string() + ": not written");
}

Result<std::vector<campaign::BisectEvent>> readEvents(const fs::path& log) {
  if (fs::is_regular_file(log)) return campaign::eventsOf(readText(log), log.string());
  return passOn(badInput(log.string() + ": expected the log of a bisect, found none"));
}

Result<campaign::BisectState> readState(const fs::path& log) {
  auto events = readEvents(log);
  if (!events) return passOn(events.error());
  return campaign::BisectState(*events);
}

// The bisects of the state folder, the latest first.
std::vector<fs::path> allBisects(const fs::path& state) {
  std::vector<fs::path> all;
  std::error_code error;
  for (fs::directory_iterator entry(state / "bisects", error), end; !error && entry != end; entry.increment(error))
    if (fs::exists(entry->path() / kLog)) all.push_back(entry->path());
  std::ranges::sort(all, std::greater{});
  return all;
}

// By its name or folder; without one the latest, or the latest that is not over.
Result<fs::path> findBisect(const std::string& word, const fs::path& state, bool unfinished) {
  const auto all = allBisects(state);
  if (!word.empty()) {
    auto folder = findKept(word, state, {"bisects"}, "a bisect's directory, or the name of one");
    if (!folder || fs::exists(*folder / kLog)) return folder;
    return passOn(badInput(fmt::format("{}: expected a bisect's directory, found none", word)));
  }
  for (const auto& folder : all) {
    if (!unfinished) return folder;
    const auto known = readState(folder / kLog);
    if (known && !known->ended()) return folder;
  }
  return passOn(badInput(
      unfinished ? fmt::format("--resume: there is no bisect that is not over in {}", (state / "bisects").string())
                 : fmt::format("there is no bisect yet in {}", (state / "bisects").string()),
      unfinished ? "relapse bisect status" : "relapse bisect --help"));
}

Result<scenario::Scenario> loadOne(const std::string& name, const std::vector<std::string>& sets) {
  auto file = findScenario(name);
  if (!file) return passOn(file.error());
  auto cells = scenario::loadCells(*file, sets);
  if (!cells) return passOn(cells.error());
  if (cells->size() == 1) return std::move(cells->front());
  return passOn(
      badInput(fmt::format("{}: expected a scenario without a matrix, found one of {} cells", name, cells->size()),
               "choose with --set"));
}

Result<BisectPlan> planOf(const BisectArguments& arguments, const fs::path& folder, const std::stop_token& stop) {
  const std::string source = arguments.run.kernels.empty() ? "" : arguments.run.kernels.front();
  const std::string kernel = fs::exists(source) ? fs::canonical(source).string() : source;
  if (!arguments.series.empty())
    return campaign::planSeries({kernel, arguments.series, arguments.good, arguments.bad}, folder);
  if (arguments.config.size() == 2)
    return campaign::planConfig({kernel, arguments.config[0], arguments.config[1]}, folder);
  if (arguments.git.empty())
    return passOn(badInput("expected what to bisect: --series, --git or --config", "relapse bisect --help"));
  if (arguments.good.empty() || arguments.bad.empty())
    return passOn(badInput("--git: expected --good REF and --bad REF beside it", "relapse bisect --help"));
  return campaign::planGit({arguments.git, arguments.good, arguments.bad, arguments.firstParent}, stop);
}

std::string sumOf(const scenario::Scenario& scenario, const std::vector<std::string>& sets) {
  return checksum::ofText(scenario::resolvedText(scenario.file, sets).value_or(readText(scenario.file)));
}

// What has to be known of the command line to go on later.
std::vector<std::string> keptArguments(const RunArguments& run, const scenario::Scenario& scenario) {
  std::vector<std::string> kept{"scenario=" + fs::absolute(scenario.file).string()};
  for (const auto& set : run.sets) kept.push_back("set=" + set);
  for (const auto& patch : run.patches) kept.push_back("patch=" + fs::absolute(patch).string());
  return kept;
}

RunArguments argumentsOf(const std::vector<std::string>& kept) {
  RunArguments run;
  for (const auto& one : kept) {
    const std::string value = one.substr(std::min(one.size(), one.find('=') + 1));
    if (one.starts_with("scenario=")) run.scenarios = {value};
    if (one.starts_with("set=")) run.sets.push_back(value);
    if (one.starts_with("patch=")) run.patches.emplace_back(value);
  }
  return run;
}

Result<BisectBegun> begin(const BisectArguments& arguments, const scenario::Scenario& scenario, const fs::path& folder,
                          const std::stop_token& stop) {
  BisectBegun begun;
  const auto confidence = document::parsePercent(arguments.confidence);
  if (!confidence || *confidence <= 50 || *confidence >= 100)
    return passOn(badInput(
        fmt::format("--confidence: expected a percentage above 50 and below 100, found \"{}\"", arguments.confidence)));
  begun.question.confidence = static_cast<double>(*confidence) / 100;
  begun.question.fixedBy = arguments.fixedBy;
  begun.learn = arguments.signature == "auto";
  if (!begun.learn) begun.target = arguments.signature;
  if (begun.target.empty() && !begun.learn && std::holds_alternative<scenario::ExpectSurvived>(scenario.expect))
    return passOn(badInput(fmt::format("{} expects no bug: expected --signature beside it", scenario.name),
                           "--signature auto takes that of the bad end"));
  auto plan = planOf(arguments, folder, stop);
  if (!plan) return passOn(plan.error());
  begun.plan = std::move(*plan);
  begun.subset = arguments.subset;
  begun.id = folder.filename();
  begun.relapse = version::mark();
  begun.startedAt = campaign::timestamp();
  begun.scenario = scenario.name;
  begun.scenarioSum = sumOf(scenario, arguments.run.sets);
  begun.arguments = keptArguments(arguments.run, scenario);
  return begun;
}

bool setsCollection(const std::vector<std::string>& sets) {
  return std::ranges::any_of(sets, [](const auto& set) { return set.starts_with("collect"); });
}

// How the CPUs of this host are shared: guests at once, and what is left for a build beside them.
struct Shares {
  std::size_t guests = 1;
  int forBuilds = 0;
};
Shares sharesOf(const scenario::Scenario& scenario, const EngineArguments& engine) {
  if (engine.engine != "local") return {engine.jobs > 0 ? static_cast<std::size_t>(engine.jobs) : 8, 1};
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  int cpus = 0;
  for (const auto& [name, node] : scenario.nodes) cpus += node.cpus;
  const int fit = std::max(1, (cores - cores / 4) / std::max(1, cpus));
  const int guests = engine.jobs > 0 ? engine.jobs : fit;
  return {static_cast<std::size_t>(guests), std::max(0, cores - guests * cpus)};
}

// Shows what happens, as the log tells it.
void tell(const std::string& story, std::FILE* to = stderr) {
  std::istringstream lines(story);
  for (std::string line; std::getline(lines, line);) fmt::print(to, "{}\n", report::plain(line));
}

std::vector<std::string> storyIn(const fs::path& log) {
  std::vector<std::string> lines;
  std::ifstream in(log);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("# ")) lines.push_back(line.substr(2));
  return lines;
}

// A command that shows the bug here: a run of the end with it again.
std::string reproduction(const campaign::BisectState& state) {
  const auto& begun = state.begun();
  const auto& end = state.kernel({begun.question.fixedBy ? 0 : begun.plan.size()});
  for (const auto& one : end.tries)
    if (one.saw == bisect::Saw::Bad && !one.run.empty()) return "relapse replay " + one.run.filename().string();
  return {};
}

report::BisectReport wholeReport(const campaign::BisectState& state, const fs::path& folder, bool underWay) {
  auto report = campaign::reportOf(state, underWay);
  report.reproduce = reproduction(state);
  report.story = storyIn(folder / kLog);
  return report;
}

Result<void> writeAll(const report::BisectReport& report, const fs::path& folder) {
  if (auto done = write(folder / "bisect.json", report::bisectJson(report)); !done) return done;
  if (auto done = write(folder / "report.html", report::bisectPage(report)); !done) return done;
  return write(folder / "mail.txt", report::bisectMail(report));
}

int statusOf(const std::string& ending) {
  if (ending == "found") return 0;
  return ending == "good-end-bad" || ending == "bad-end-good" ? 1 : kInconclusive;
}

void print(const report::BisectReport& report, const Common& common) {
  if (common.json)
    fmt::print("{}", report::bisectJson(report));
  else
    fmt::print("{}", report::bisectSummary(report, colourOn(STDOUT_FILENO)));
  (void)std::fflush(stdout);
}

// A bisect that is to be gone on with: its folder is held by nobody else.
class Session {
 public:
  Session(fs::path folder, const BisectArguments& arguments, const Common& common)
      : folder_(std::move(folder)), arguments_(arguments), common_(common) {}

  int run(const std::stop_token& stop) {
    auto lock = process::FileLock::take(
        folder_ / "lock", {stop, [&] { fmt::print(stderr, "{}: another relapse is at it\n", folder_.string()); }});
    if (!lock) return failed(lock.error());
    auto state = readState(folder_ / kLog);
    if (!state) return failed(state.error());
    if (state->ended()) return keep(*state);
    auto run = argumentsOf(state->begun().arguments);
    auto scenario = loadOne(run.scenarios.empty() ? "" : run.scenarios.front(), run.sets);
    if (!scenario) return failed(scenario.error());
    if (sumOf(*scenario, run.sets) != state->begun().scenarioSum)
      return failed(badInput(scenario->file.string() + ": it was changed since the bisect began",
                             "undo the change, or begin anew"));
    run.engine = arguments_.run.engine;
    run.makeJobs = arguments_.run.makeJobs;
    return conduct(*state, *scenario, run, stop);
  }

 private:
  int conduct(campaign::BisectState& state, const scenario::Scenario& scenario, const RunArguments& run,
              const std::stop_token& stop) {
    auto log = campaign::BisectLog::open(folder_ / kLog);
    if (!log) return failed(log.error());
    auto engine = makeEngine(run.engine, folder_);
    if (!engine) return failed(engine.error());
    const auto shares = sharesOf(scenario, run.engine);
    const auto where = places(common_.stateDir).state;
    campaign::BisectSetup setup;
    setup.folder = folder_;
    setup.seed = scenario.seed;
    setup.guests = shares.guests;
    setup.buildsBeside = shares.forBuilds > 0;
    setup.stop = stop;
    setup.runJob = [&](const campaign::KernelOptions& kernel, std::uint64_t seed) {
      auto arguments = with(kernel, run);
      if (!setsCollection(run.sets)) arguments.sets.emplace_back("collect=[registers]");  // many runs of one bug
      return runJob(scenario, arguments, common_, seed);
    };
    setup.buildJob = [&](const campaign::KernelOptions& kernel) {
      auto arguments = with(kernel, run);
      if (arguments.makeJobs == 0 && run.engine.engine == "local") arguments.makeJobs = shares.forBuilds;
      return buildJob(scenario, arguments, common_);
    };
    if (!common_.quiet) setup.tell = [](const std::string& story) { tell(story); };
    setup.remember = [&](const history::Run& one) { remember(one, where); };
    auto report = campaign::bisect(setup, state, *log, **engine);
    if (!report) {
      engine->reset();
      fmt::print(stderr, "not finished; to go on: relapse bisect --resume {}\n", folder_.filename().string());
      return failed(report.error());
    }
    return keep(state);
  }

  // Also of one that is over already: its report may not have been written when the disk was full.
  int keep(const campaign::BisectState& state) const {
    const auto whole = wholeReport(state, folder_, false);
    if (auto written = writeAll(whole, folder_); !written) return failed(written.error());
    return finish(whole);
  }

  static RunArguments with(const campaign::KernelOptions& kernel, RunArguments run) {
    if (!kernel.source.empty()) run.kernels = {kernel.source};
    run.noSeries = kernel.withoutSeries;
    run.patches.insert(run.patches.begin(), kernel.patches.begin(), kernel.patches.end());
    run.configs = kernel.configs;
    return run;
  }

  int finish(const report::BisectReport& report) const {
    print(report, common_);
    if (!common_.json) fmt::print("  page      {}\n", (folder_ / "report.html").string());
    return statusOf(report.ending);
  }

  fs::path folder_;
  const BisectArguments& arguments_;
  const Common& common_;
};

int beginCommand(const BisectArguments& arguments, const Common& common, const std::stop_token& stop) {
  if (arguments.scenario.empty())
    return failed(badInput("expected a scenario: a file, or a name of `relapse list`", "relapse bisect --help"));
  auto scenario = loadOne(arguments.scenario, arguments.run.sets);
  if (!scenario) return failed(scenario.error());
  const fs::path folder = places(common.stateDir).state / "bisects" / campaign::nightId("bisect-" + scenario->name);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return failed({FailureKind::Exhausted, fmt::format("{}: {}", folder.string(), error.message())});
  auto begun = begin(arguments, *scenario, folder, stop);
  if (!begun) {
    fs::remove_all(folder, error);
    return failed(begun.error());
  }
  {
    auto log = campaign::BisectLog::open(folder / kLog);
    if (!log) return failed(log.error());
    if (auto done = log->add(*begun); !done) return failed(done.error());
    const std::string story = campaign::storyOf(*begun, campaign::BisectState({*begun}));
    if (!common.quiet) tell(story);
    if (auto done = log->tell(story); !done) return failed(done.error());
  }
  return Session(folder, arguments, common).run(stop);
}

int replayCommand(const fs::path& log, const Common& common) {
  auto events = readEvents(log);
  if (!events) return failed(events.error());
  const auto story = campaign::storyOf(*events);
  if (!common.json && !common.quiet)
    for (const auto& one : story) tell(one, stdout);
  auto report = campaign::reportOf(campaign::BisectState(*events));
  report.story = story;
  print(report, common);
  return statusOf(report.ending);
}

// Somebody works at it.
bool isHeld(const fs::path& lock) {
  std::stop_source now;
  return !process::FileLock::take(lock, {now.get_token(), [&] { now.request_stop(); }});
}

int statusCommand(const BisectArguments& arguments, const Common& common) {
  auto folder = findBisect(arguments.statusOf, places(common.stateDir).state, false);
  if (!folder) return failed(folder.error());
  auto state = readState(*folder / kLog);
  if (!state) return failed(state.error());
  const bool held = isHeld(*folder / "lock");
  auto report = wholeReport(*state, *folder, held);
  print(report, common);
  if (common.json || state->ended()) return 0;
  for (const auto& [number, started] : state->underWay()) {
    const auto mix = campaign::mixOf(started.kernel).value_or(campaign::Mix{});
    if (held) fmt::print("  run {} is under way: {}\n", number, campaign::inWords(state->begun().plan, mix));
  }
  if (!held) fmt::print("  nobody works at it; to go on: relapse bisect --resume {}\n", folder->filename().string());
  return 0;
}

}  // namespace

int bisectCommand(const BisectArguments& arguments, const Common& common) {
  if (arguments.status) return statusCommand(arguments, common);
  if (!arguments.replay.empty()) return replayCommand(arguments.replay, common);
  const Interrupts interrupts;
  if (!arguments.resume) return beginCommand(arguments, common, interrupts.token());
  auto folder = findBisect(*arguments.resume, places(common.stateDir).state, true);
  if (!folder) return failed(folder.error());
  return Session(*folder, arguments, common).run(interrupts.token());
}

}  // namespace relapse::cli
