// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/bisect.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "campaign/bisect_course.hpp"
#include "campaign/bisect_report.hpp"
#include "campaign/bisect_story.hpp"
#include "campaign/night_state.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kMostAttempts = 3;  // at a build that leaves nothing

struct JobUnderWay {
  bool isBuild = false;
  Mix mix;
  int number = 0;  // of the try
  bool settles = false;
  int attempt = 1;      // of a build
  bool wanted = false;  // of a build: a try waits for it
  fs::path result;
  Clock::time_point began = Clock::now();
};

bool fails(const TryResult& result) {
  return result.outcome == Outcome::Reproduced || result.outcome == Outcome::OtherFailure;
}

// Against the kernel, not against the host.
bool isOfTheKernel(const Failure& failure) {
  return failure.kind == FailureKind::BadInput || failure.kind == FailureKind::BuildFailed;
}

// A run, or that the kernel cannot be run; nothing else is left by a try that came to its end.
bool isOfATry(const RunFile& file) {
  const auto* failure = std::get_if<Failure>(&file);
  return failure == nullptr || isOfTheKernel(*failure);
}

class Conducted {
 public:
  Conducted(const BisectSetup& setup, BisectState& state, BisectLog& log, engine::Engine& engine)
      : setup_(setup), state_(state), log_(log), engine_(engine) {}

  Result<report::BisectReport> run();

 private:
  Result<void> add(const BisectEvent& event);
  Result<void> adopt();
  Result<void> work(const Settle& settle);
  Result<void> work(const Narrow& search);
  Result<void> start(const Mix& mix, bool settles);
  Result<void> make(const Mix& mix, bool wanted, int attempt = 1);
  Result<void> startTry(const Mix& mix, bool settles);
  Result<void> submit(engine::Job job, JobUnderWay underWay);
  Result<void> takeOne();
  Result<void> takeBuild(const JobUnderWay& job, const engine::JobEnd& end);
  Result<void> takeTry(const JobUnderWay& job, const engine::JobEnd& end);
  Result<void> makeAgain(const JobUnderWay& job, const engine::JobEnd& end, const std::string& why);
  Result<void> endTry(const TryStarted& started, const RunFile& file);
  Result<void> endInconclusive(const TryStarted& started, std::string why);
  Result<void> skip(const Mix& mix, std::string why);
  Mix end(bool withBug) const;
  bool learns() const { return state_.begun().learn && state_.target().empty(); }
  bool isBuilding() const;
  std::size_t tries() const;
  std::vector<bisect::Trial> trials(const BisectRound& round) const;
  void forgetJobs();
  Result<KernelOptions> options(const Mix& mix) const;
  milliseconds elapsed() const { return std::chrono::duration_cast<milliseconds>(Clock::now() - began_); }
  fs::path fileOf(int number) const { return setup_.folder / "results" / fmt::format("r{}.json", number); }

  const BisectSetup& setup_;
  BisectState& state_;
  BisectLog& log_;
  engine::Engine& engine_;
  std::map<std::string, JobUnderWay> jobs_;  // by the engine's name
  Mix tree_;                                 // built last
  int builds_ = 0;
  Clock::time_point began_ = Clock::now();
};

Result<void> Conducted::add(const BisectEvent& event) {
  if (auto done = log_.add(event); !done) return done;
  state_.apply(event);
  const std::string story = storyOf(event, state_);
  if (story.empty()) return {};
  if (setup_.tell) setup_.tell(story);
  return log_.tell(story);
}

// Tries that ended when nobody was there any more to take them; of the others nothing is known.
Result<void> Conducted::adopt() {
  const auto underWay = state_.underWay();
  for (const auto& [number, started] : underWay)
    if (const auto file = readRunFile(fileOf(number)); file && isOfATry(*file))
      if (auto done = endTry(started, *file); !done) return done;
  return add(BisectResumed{timestamp()});
}

bool Conducted::isBuilding() const {
  return std::ranges::any_of(jobs_, [](const auto& one) { return one.second.isBuild; });
}

std::size_t Conducted::tries() const {
  return static_cast<std::size_t>(std::ranges::count_if(jobs_, [](const auto& one) { return !one.second.isBuild; }));
}

// What is under way of a round, a try that waits for its kernel as well.
std::vector<bisect::Trial> Conducted::trials(const BisectRound& round) const {
  std::vector<bisect::Trial> trials;
  for (const auto& [name, job] : jobs_) {
    if (job.isBuild && !job.wanted) continue;
    const auto kernel = std::ranges::find(round.kernels, job.mix);
    if (kernel != round.kernels.end()) {
      trials.push_back({static_cast<std::size_t>(kernel - round.kernels.begin())});
      continue;
    }
    const auto check = std::find(round.checks.begin() + 1, round.checks.end(), job.mix);
    if (check != round.checks.end()) trials.push_back({static_cast<std::size_t>(check - round.checks.begin()), true});
  }
  return trials;
}

Result<void> Conducted::submit(engine::Job job, JobUnderWay underWay) {
  std::error_code ignored;
  fs::remove(underWay.result, ignored);  // it says what was there then
  job.result = underWay.result;
  job.log = setup_.folder / "logs" / (job.name + ".log");
  job.argv.insert(job.argv.end(), {"--result", job.result.string()});
  if (auto submitted = engine_.submit({job}); !submitted) return submitted;
  jobs_.emplace(job.name, std::move(underWay));
  return {};
}

// Of a scenario's several sources, all kernels have the one that the first was had of.
Result<KernelOptions> Conducted::options(const Mix& mix) const {
  auto options = optionsOf(state_.begun().plan, mix, setup_.folder, setup_.stop);
  if (options && options->source.empty()) options->source = state_.source();
  return options;
}

// One at a time. Begins nothing while another one is being built, or when there is no such kernel.
Result<void> Conducted::make(const Mix& mix, bool wanted, int attempt) {
  for (auto& [name, job] : jobs_)
    if (job.isBuild && job.mix == mix) job.wanted = job.wanted || wanted;
  if (isBuilding()) return {};
  const auto options = this->options(mix);
  if (!options) return isOfTheKernel(options.error()) ? skip(mix, options.error().message) : passOn(options.error());
  engine::Job job = setup_.buildJob(*options);
  job.name = fmt::format("k{}-a{}", keyOf(mix), ++builds_);
  std::ranges::replace(job.name, '+', '_');
  JobUnderWay underWay;
  underWay.isBuild = true;
  underWay.mix = mix;
  underWay.attempt = attempt;
  underWay.wanted = wanted;
  underWay.result = setup_.folder / "results" / (job.name + ".json");
  return submit(std::move(job), std::move(underWay));
}

Result<void> Conducted::startTry(const Mix& mix, bool settles) {
  const auto options = this->options(mix);
  if (!options) return passOn(options.error());
  JobUnderWay underWay;
  underWay.mix = mix;
  underWay.settles = settles;
  underWay.number = state_.lastTry() + 1;
  underWay.result = fileOf(underWay.number);
  engine::Job job = setup_.runJob(*options, setup_.seed + static_cast<std::uint64_t>(underWay.number) - 1);
  job.name = fmt::format("r{}", underWay.number);
  if (auto done = add(TryStarted{underWay.number, keyOf(mix), settles}); !done) return done;
  return submit(std::move(job), std::move(underWay));
}

// A try of the kernel, or its build before it.
Result<void> Conducted::start(const Mix& mix, bool settles) {
  return state_.kernel(mix).built ? startTry(mix, settles) : make(mix, true);
}

Result<void> Conducted::work(const Settle& settle) {
  while (tries() < setup_.guests && !isBuilding()) {
    if (auto done = start(settle.mix, true); !done) return done;
    if (!state_.kernel(settle.mix).skipped.empty()) return {};
  }
  return takeOne();
}

Result<void> Conducted::work(const Narrow& search) {
  const auto& [round, question] = search;
  const auto evidence = state_.evidence(round);
  const auto costs = costsOf(state_, round, tree_);
  const auto mixOfTrial = [&](bisect::Trial trial) -> const Mix& {
    return (trial.check ? round.checks : round.kernels)[trial.number];
  };
  const std::size_t guests = learns() ? 1 : setup_.guests;  // what others show meanwhile could not be told yet
  bool more = true;
  while (more && tries() < guests) {
    const auto step = bisect::next(round.space, evidence, question, costs, trials(round));
    const auto* trial = std::get_if<bisect::Trial>(&step);
    if (trial == nullptr) break;  // what is under way may change that
    const Mix& mix = mixOfTrial(*trial);
    more = state_.kernel(mix).built;
    if (auto done = start(mix, false); !done) return done;
    if (!state_.kernel(mix).skipped.empty()) return {};
  }
  if (setup_.buildsBeside && !isBuilding())
    if (const auto trial = bisect::toBuild(round.space, evidence, question, costs, trials(round)))
      if (auto made = make(mixOfTrial(*trial), false); !made) return made;
  return takeOne();
}

// The end that has the bug, or the other.
Mix Conducted::end(bool withBug) const {
  const auto& begun = state_.begun();
  return simplest(begun.plan, {withBug == begun.question.fixedBy ? 0 : begun.plan.size()});
}

// An end is not left out: without it there is no search. It is built anew when the bisect is gone on with.
Result<void> Conducted::skip(const Mix& mix, std::string why) {
  const std::string folder = (setup_.folder / "patches").string() + "/";  // says nothing
  for (auto at = why.find(folder); at != std::string::npos; at = why.find(folder)) why.erase(at, folder.size());
  if (mix != end(true) && mix != end(false)) return add(KernelSkipped{keyOf(mix), why});
  return fail(FailureKind::BadInput, fmt::format("{} cannot be tried: {}", inWords(state_.begun().plan, mix), why));
}

// A build that left nothing, by no fault of the kernel's.
Result<void> Conducted::makeAgain(const JobUnderWay& job, const engine::JobEnd& end, const std::string& why) {
  if (job.attempt < kMostAttempts) return make(job.mix, job.wanted, job.attempt + 1);
  return fail(FailureKind::GuestFailed,
              fmt::format("the build of {}: {} (its log: {})", inWords(state_.begun().plan, job.mix), why,
                          (setup_.folder / "logs" / (end.name + ".log")).string()));
}

Result<void> Conducted::takeBuild(const JobUnderWay& job, const engine::JobEnd& end) {
  if (end.what != engine::JobEnd::What::Result) return makeAgain(job, end, end.why);
  const auto file = readRunFile(job.result);
  if (!file) return makeAgain(job, end, file.error().message);
  if (const auto* failure = std::get_if<Failure>(&*file))
    return isOfTheKernel(*failure) ? skip(job.mix, failure->message) : passOn(*failure);
  const auto* built = std::get_if<BuiltKernel>(&*file);
  if (built == nullptr) return fail(FailureKind::Internal, job.result.string() + ": expected a kernel, found a run");
  tree_ = job.mix;
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - job.began);
  return add(KernelBuilt{keyOf(job.mix), took, built->kernel, built->codeSum, built->release, built->fromCache});
}

Result<void> Conducted::endInconclusive(const TryStarted& started, std::string why) {
  TryEnded ended{.number = started.number, .kernel = started.kernel, .settles = started.settles, .elapsed = elapsed()};
  ended.reason = std::move(why);
  return add(ended);
}

Result<void> Conducted::endTry(const TryStarted& started, const RunFile& file) {
  if (const auto* failure = std::get_if<Failure>(&file)) {
    if (failure->kind == FailureKind::HostLacks || failure->kind == FailureKind::Exhausted) return passOn(*failure);
    if (auto done = endInconclusive(started, failure->message); !done || !isOfTheKernel(*failure)) return done;
    return skip(mixOf(started.kernel).value_or(Mix{}), failure->message);
  }
  const auto* run = std::get_if<history::Run>(&file);
  if (run == nullptr) return fail(FailureKind::Internal, "expected a run, found a kernel");
  if (setup_.remember) setup_.remember(*run);
  const auto result = resultOf(*run);
  if (learns() && started.kernel == keyOf(end(true)) && fails(result))
    if (auto done = add(TargetLearnt{result.signature}); !done) return done;
  TryEnded ended{.number = started.number, .kernel = started.kernel, .settles = started.settles, .elapsed = elapsed()};
  ended.saw = sawOf(result, state_.target());
  ended.signature = result.signature;
  ended.reason = result.reason;
  ended.took = result.time;
  ended.run = result.run;
  return add(ended);
}

Result<void> Conducted::takeTry(const JobUnderWay& job, const engine::JobEnd& end) {
  const TryStarted started{job.number, keyOf(job.mix), job.settles};
  if (end.what != engine::JobEnd::What::Result) return endInconclusive(started, end.why);
  const auto file = readRunFile(job.result);
  return file ? endTry(started, *file) : endInconclusive(started, file.error().message);
}

Result<void> Conducted::takeOne() {
  if (jobs_.empty()) return {};
  const auto end = engine_.next(setup_.stop);
  if (!end) return passOn(end.error());
  const auto found = jobs_.find(end->name);
  if (found == jobs_.end()) return {};
  const JobUnderWay job = std::move(found->second);
  jobs_.erase(found);
  return job.isBuild ? takeBuild(job, *end) : takeTry(job, *end);
}

// What is under way is about what is known by now.
void Conducted::forgetJobs() {
  std::vector<std::string> names;
  for (const auto& [name, job] : jobs_) names.push_back(name);
  engine_.cancel(names);
  jobs_.clear();
}

Result<report::BisectReport> Conducted::run() {
  std::error_code error;
  for (const char* name : {"results", "logs"}) {
    fs::create_directories(setup_.folder / name, error);
    if (error)
      return fail(FailureKind::Exhausted, fmt::format("{}: {}", (setup_.folder / name).string(), error.message()));
  }
  if (state_.lastTry() > 0 || !state_.kernels().empty())
    if (auto done = adopt(); !done) return passOn(done.error());
  for (;;) {
    const Work left = workLeft(state_, tree_);
    if (const auto* course = std::get_if<Course>(&left)) {
      forgetJobs();
      if (auto done = add(BisectEnded{course->ending, timestamp(), elapsed()}); !done) return passOn(done.error());
      return reportOf(state_);
    }
    const auto* settle = std::get_if<Settle>(&left);
    auto done = settle != nullptr ? work(*settle) : work(std::get<Narrow>(left));
    if (!done) return passOn(done.error());
  }
}

}  // namespace

bisect::Saw sawOf(const TryResult& result, const std::string& target) {
  switch (result.outcome) {
    case Outcome::Inconclusive:
      return bisect::Saw::Inconclusive;
    case Outcome::Survived:
      return bisect::Saw::Good;
    case Outcome::Reproduced:
    case Outcome::OtherFailure:
      break;
  }
  const bool isTarget = target.empty() ? result.outcome == Outcome::Reproduced : result.signature == target;
  return isTarget ? bisect::Saw::Bad : bisect::Saw::Other;
}

Result<report::BisectReport> bisect(const BisectSetup& setup, BisectState& state, BisectLog& log,
                                    engine::Engine& engine) {
  return Conducted(setup, state, log, engine).run();
}

}  // namespace relapse::campaign
