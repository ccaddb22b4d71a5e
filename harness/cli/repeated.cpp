// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/repeated.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "campaign/history_run.hpp"
#include "campaign/nightly.hpp"
#include "campaign/outcome.hpp"
#include "campaign/search_report.hpp"
#include "cli/display.hpp"
#include "cli/remember.hpp"
#include "cli/run_jobs.hpp"
#include "cli/run_request.hpp"
#include "report/json.hpp"
#include "report/terminal.hpp"
#include "run/conduct.hpp"
#include "verdict/judge.hpp"

namespace relapse::cli {
namespace {

void print(const report::RunRecord& record, const Common& common) {
  if (common.json) {
    fmt::print("{}", report::resultJson(record));
  } else {
    fmt::print("\n{}", report::summary(record, colourOn(STDOUT_FILENO)));
  }
  (void)std::fflush(stdout);
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

std::string lineOf(const campaign::Runner::Ended& ended) {
  const auto& result = ended.result;
  const std::string what = result.outcome == campaign::Outcome::Inconclusive ? result.reason : result.signature;
  return fmt::format("run {:<4} {:<13} {:>6.1f} s  {}", ended.number, campaign::word(result.outcome),
                     static_cast<double>(result.time.count()) / 1000, what.substr(0, what.find('\n')));
}

}  // namespace

// What a job leaves.
void Repeated::leave(const campaign::RunFile& file) const {
  if (arguments_.result.empty()) return;
  if (auto written = campaign::writeRunFile(arguments_.result, file); !written) printFailure(written.error());
}

int Repeated::failed(const Failure& failure) const {
  printFailure(failure);
  if (failure.kind != FailureKind::Cancelled) leave(failure);
  return arguments_.asBisectStep ? bisectStatusOf(failure.kind) : exitStatusOf(failure.kind);
}

// 0 when it is as expected, else what most speaks against it: 2 another failure, 1 not as expected, 125 no answer.
int Repeated::status() const {
  if (arguments_.asBisectStep) return lastStatus_;
  if (series_.tooManyInconclusive() || series_.held().tries == 0) return kInconclusive;
  const bool allHeld = series_.held().hits == series_.held().tries;
  const auto standing = series_.standing();
  if (standing == statistics::Standing::Enough) return 0;
  if (standing == statistics::Standing::Exhausted && series_.rule().test) return kInconclusive;
  if (standing == statistics::Standing::Exhausted && allHeld) return 0;
  const auto& results = series_.results();
  return std::ranges::any_of(results,
                             [](const auto& one) { return one.second.outcome == campaign::Outcome::OtherFailure; })
             ? 2
             : 1;
}

int Repeated::finish(const Result<void>& done) const {
  const bool several = series_.rule().tries > 1 || series_.results().size() > 1;
  std::vector<std::chrono::milliseconds> times;
  for (const auto& [number, result] : series_.results())
    if (result.toEvent) times.push_back(*result.toEvent);
  const std::string text = campaign::sentence(series_, bugExpected());
  const std::string toEvent = campaign::timesInWords(times);
  if (several && common_.json) {
    const auto interval = statistics::rateAfter(series_.rule(), series_.bug());
    const nlohmann::ordered_json out{{"series", scenario_.name},
                                     {"runs", series_.held().tries},
                                     {"held", series_.held().hits},
                                     {"reproduced", series_.bug().hits},
                                     {"rate", {{"low", interval.low}, {"high", interval.high}}},
                                     {"inconclusive", series_.inconclusive()},
                                     {"sentence", text}};
    fmt::print("{}\n", out.dump());
  } else if (several) {
    fmt::print("\n{}: {}\n", scenario_.name, text);
    if (!toEvent.empty()) fmt::print("  time to the event: {}\n", toEvent);
  }
  (void)std::fflush(stdout);
  return done ? status() : failed(done.error());
}

Result<campaign::Runner::Ended> Repeated::conduct(HostSession& session, int number) {
  scenario::Scenario one = scenario_;
  one.seed = seedOf(number);
  auto request = requestFor(arguments_, one, places_, session.root(), session.stop());
  Display display(isatty(STDERR_FILENO) == 1, common_.quiet, colourOn(STDERR_FILENO));
  auto record = run::conduct(request, session.host(), [&](const run::StageUpdate& update) { display.show(update); });
  if (!record) return passOn(record.error());
  print(*record, common_);
  const auto row = campaign::historyRunOf(*record);
  if (!arguments_.noHistory) remember(row, places_.state);
  leave(row);
  lastStatus_ = arguments_.asBisectStep ? verdict::bisectStatus(record->verdict)
                                        : verdict::exitStatus(one.expect, record->verdict);
  return campaign::Runner::Ended{number, campaign::resultOf(*record)};
}

int Repeated::here(HostSession& session) {
  int present = 0;
  campaign::Runner runner;
  runner.start = [&](const std::vector<int>& numbers) -> Result<void> {
    present = numbers.front();
    return {};
  };
  runner.next = [&] { return conduct(session, present); };
  return finish(campaign::repeat(series_, runner));
}

Result<campaign::Runner::Ended> Repeated::take(const engine::JobEnd& end, const std::filesystem::path& folder) {
  campaign::Runner::Ended ended;
  std::from_chars(end.name.data() + 1, end.name.data() + end.name.size(), ended.number);
  ended.result.reason = end.why;
  if (end.what != engine::JobEnd::What::Result) return ended;
  const auto file = campaign::readRunFile(folder / (end.name + ".json"));
  if (!file) return passOn(file.error());
  if (const auto* failure = std::get_if<Failure>(&*file)) return passOn(*failure);
  if (const auto* run = std::get_if<history::Run>(&*file)) {
    remember(*run, places_.state);
    ended.result = campaign::resultOf(*run);
  }
  return ended;
}

// Before all runs: each of them would want it, and their time is not meant for it.
Result<void> Repeated::buildKernel(engine::Engine& engine, const std::filesystem::path& folder,
                                   const std::stop_token& stop) {
  auto job = buildJob(scenario_, arguments_, common_);
  job.name = "kernel";
  job.result = folder / "kernel.json";
  job.log = folder / "kernel.log";
  job.argv.insert(job.argv.end(), {"--result", job.result.string()});
  if (auto submitted = engine.submit({job}); !submitted) return submitted;
  const auto end = engine.next(stop);
  if (!end) return passOn(end.error());
  if (end->what != engine::JobEnd::What::Result)
    return fail(FailureKind::GuestFailed,
                fmt::format("the kernel's build: {} (its log: {})", end->why, job.log.string()));
  const auto file = campaign::readRunFile(job.result);
  if (!file) return passOn(file.error());
  if (const auto* failure = std::get_if<Failure>(&*file)) return passOn(*failure);
  return {};
}

int Repeated::asJobs(const std::stop_token& stop) {
  // Beside the runs, because a cluster's nodes see it there.
  const auto folder = places_.state / "series" / campaign::nightId(scenario_.name);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return failed({FailureKind::Exhausted, fmt::format("{}: {}", folder.string(), error.message())});
  auto engine = makeEngine(arguments_.engine, folder);
  if (!engine) return failed(engine.error());
  if (auto built = buildKernel(**engine, folder, stop); !built) return failed(built.error());
  campaign::Runner runner;
  runner.room = std::max<std::size_t>(1, (*engine)->room());
  runner.start = [&](const std::vector<int>& numbers) {
    std::vector<engine::Job> jobs;
    for (const int number : numbers) {
      auto job = runJob(scenario_, arguments_, common_, seedOf(number));
      job.name = fmt::format("r{}", number);
      job.result = folder / (job.name + ".json");
      job.log = folder / (job.name + ".log");
      job.argv.insert(job.argv.end(), {"--result", job.result.string()});
      jobs.push_back(std::move(job));
    }
    return (*engine)->submit(jobs);
  };
  runner.next = [&]() -> Result<campaign::Runner::Ended> {
    auto end = (*engine)->next(stop);
    if (!end) return passOn(end.error());
    return take(*end, folder);
  };
  runner.observe = [&](const campaign::Runner::Ended& ended) {
    if (!common_.quiet) fmt::print(stderr, "{}\n", lineOf(ended));
    if (!common_.json || ended.result.run.empty()) return;
    std::ifstream result(ended.result.run / "result.json", std::ios::binary);
    fmt::print("{}", std::string(std::istreambuf_iterator<char>(result), {}));
  };
  const auto done = campaign::repeat(series_, runner);
  // All that its jobs told is in the history and the runs' directories; where one told nothing, its log says why.
  if (done && series_.inconclusive() == 0) std::filesystem::remove_all(folder, error);
  return finish(done);
}

bool wantsJobs(const scenario::Scenario& scenario, const RunArguments& arguments) {
  if (arguments.asBisectStep || !arguments.result.empty() || campaign::seriesOf(scenario.repeat).tries == 1)
    return false;
  if (arguments.engine.engine != "local" || arguments.engine.jobs > 1) return true;
  return arguments.engine.jobs == 0 && severalFit(scenario);
}

}  // namespace relapse::cli
