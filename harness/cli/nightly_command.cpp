// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "campaign/night_state.hpp"
#include "campaign/nightly.hpp"
#include "cli/commands.hpp"
#include "cli/interrupts.hpp"
#include "cli/places.hpp"
#include "cli/run_jobs.hpp"
#include "document/types.hpp"
#include "history/history.hpp"
#include "process/lock.hpp"
#include "report/checks.hpp"
#include "report/mail.hpp"
#include "report/night_page.hpp"
#include "report/night_text.hpp"
#include "report/terminal.hpp"
#include "version/version.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

int failed(const Failure& failure) {
  printFailure(failure);
  return exitStatusOf(failure.kind);
}

Result<campaign::Matrix> matrixOf(const NightlyArguments& arguments) {
  auto matrix = campaign::loadMatrix(arguments.matrix, findScenario);
  if (!matrix || arguments.budget.empty()) return matrix;
  const auto budget = document::parseDuration(arguments.budget);
  if (budget && *budget > 0s) {
    matrix->budget = *budget;
    return matrix;
  }
  return fail(FailureKind::BadInput,
              fmt::format("--budget: expected a duration such as 30min or 6h, found \"{}\"", arguments.budget));
}

// The night that is not finished yet, or a new one.
Result<history::Night> nightOf(const campaign::Matrix& matrix, const NightlyArguments& arguments,
                               history::History& history, bool& goesOn) {
  if (!arguments.anew) {
    auto unfinished = history.unfinished(matrix.name, matrix.sum);
    if (!unfinished) return passOn(unfinished.error());
    goesOn = unfinished->has_value();
    if (unfinished->has_value()) return **unfinished;
  }
  history::Night night;
  night.id = campaign::nightId(matrix.name);
  night.matrix = matrix.name;
  night.sum = matrix.sum;
  night.startedAt = campaign::timestamp();
  night.engine = arguments.engine.engine;
  std::vector<history::NightCell> cells;
  for (const auto& cell : matrix.cells) {
    history::NightCell row;
    row.night = night.id;
    row.key = cell.key;
    row.kernel = cell.kernel.name;
    row.scenario = cell.scenario.name;
    row.variant = cell.variant;
    row.notRun = cell.excluded.value_or("");
    cells.push_back(std::move(row));
  }
  if (auto begun = history.begin(night, cells); !begun) return passOn(begun.error());
  return night;
}

RunArguments argumentsOf(const campaign::MatrixCell& cell, const NightlyArguments& arguments) {
  RunArguments run;
  run.kernels = {cell.kernel.source};
  run.patches = cell.kernel.patches;
  run.configs = cell.kernel.configs;
  run.sets = cell.sets;
  run.makeJobs = arguments.makeJobs;
  return run;
}

void show(const campaign::NightEvent& event) {
  using What = campaign::NightEvent::What;
  const char* what = event.what == What::Kernel      ? "kernel"
                     : event.what == What::Again     ? "again"
                     : event.what == What::NotRun    ? "not run"
                     : event.what == What::Suspected ? "unlike before"
                                                     : "run";
  fmt::print(stderr, "{:>3}/{:<3}  {:<13} {}  {}\n", event.done, event.total, what, event.cell->key,
             report::plain(event.text.substr(0, event.text.find('\n'))));
}

Result<void> write(const fs::path& file, const std::string& text) {
  const fs::path part = file.string() + ".part";
  std::ofstream out(part, std::ios::binary);
  out << text;
  out.close();
  std::error_code error;
  if (out) fs::rename(part, file, error);
  if (out && !error) return {};
  return fail(FailureKind::Exhausted, fmt::format("{}: not written", file.string()));
}

// night.json and all that is made from it.
Result<void> writeAll(const report::NightReport& night, const fs::path& folder) {
  if (auto done = write(folder / "night.json", report::nightJson(night)); !done) return done;
  if (auto done = write(folder / "report.html", report::nightPage(night, report::nightPlots(night))); !done)
    return done;
  if (auto done = write(folder / "junit.xml", report::junit(report::checksOf(night))); !done) return done;
  if (auto done = write(folder / "night.ktap", report::ktap(report::checksOf(night))); !done) return done;
  return write(folder / "mail.md", report::mail(night));
}

// A cell that was to have an answer and has none: its kernel does not build, a run cannot be made. Not one that is left
// out, or that there was no time for.
bool lacksAnswer(const report::NightCellReport& cell, const campaign::MatrixCell& planned) {
  return cell.rate.runs == 0 && !planned.excluded && cell.words != campaign::kBudgetSpent;
}

int finish(const report::NightReport& night, const campaign::Matrix& matrix, const fs::path& folder,
           const Common& common) {
  if (common.json) {
    fmt::print("{}", report::nightJson(night));
  } else {
    fmt::print("{}  evidence  {}\n", report::nightSummary(night, colourOn(STDOUT_FILENO)), folder.string());
  }
  (void)std::fflush(stdout);
  const bool any = std::ranges::any_of(night.cells, [](const auto& cell) { return cell.rate.runs > 0; });
  if (!night.expected) return any ? 1 : kInconclusive;
  for (std::size_t i = 0; i < night.cells.size(); ++i)
    if (lacksAnswer(night.cells[i], matrix.cells[i])) return kInconclusive;
  return 0;
}

}  // namespace

int nightlyCommand(const NightlyArguments& arguments, const Common& common) {
  const Interrupts interrupts;
  auto matrix = matrixOf(arguments);
  if (!matrix) return failed(matrix.error());
  const auto state = places(common.stateDir).state;
  auto history = history::History::open(historyFile(state));
  if (!history) return failed(history.error());
  bool goesOn = false;
  auto night = nightOf(*matrix, arguments, *history, goesOn);
  if (!night) return failed(night.error());
  const fs::path folder = state / "nights" / night->id;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return failed({FailureKind::Exhausted, fmt::format("{}: {}", folder.string(), error.message())});
  auto lock = process::FileLock::take(
      folder / "lock", {interrupts.token(), [&] { fmt::print(stderr, "{}: another relapse is at it\n", night->id); }});
  if (!lock) return failed(lock.error());
  if (!common.quiet)
    fmt::print(stderr, "night {}: {} cells{}\n", night->id, matrix->cells.size(), goesOn ? ", goes on" : "");
  auto engine = makeEngine(arguments.engine, folder);
  if (!engine) return failed(engine.error());
  const campaign::NightlySetup setup{
      *matrix,
      *night,
      folder,
      [&](const auto& cell, std::uint64_t seed) {
        return runJob(cell.scenario, argumentsOf(cell, arguments), common, seed);
      },
      [&](const auto& cell, std::uint64_t) { return buildJob(cell.scenario, argumentsOf(cell, arguments), common); },
      interrupts.token(),
      common.quiet ? std::function<void(const campaign::NightEvent&)>() : show,
      version::mark(),
      [&](const report::NightReport& done) { return writeAll(done, folder); }};
  auto report = campaign::nightly(setup, *history, **engine);
  if (!report) {
    engine->reset();
    fmt::print(stderr, "not finished; the same command goes on with it\n");
    return failed(report.error());
  }
  return finish(*report, *matrix, folder, common);
}

}  // namespace relapse::cli
