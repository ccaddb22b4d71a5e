// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/nightly.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <map>
#include <set>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "campaign/night_state.hpp"
#include "campaign/run_file.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kMostAttempts = 3;  // at a run that left nothing

// What has to be built once: cells that differ in none of it share a kernel.
std::string kernelOf(const MatrixCell& cell) {
  const auto text = [](const scenario::Kernel& kernel) {
    return fmt::format("{}\n{}", fmt::join(kernel.config, ","), kernel.series ? kernel.series->string() : "");
  };
  std::string key = cell.kernel.name + '\n' + text(cell.scenario.kernel);
  if (const auto server = cell.scenario.nodes.find("server"); server != cell.scenario.nodes.end())
    if (const auto& own = server->second.kernel)
      key += fmt::format("\n{}\n{}", fmt::join(own->sources, ","), text(*own));
  return key;
}

// A job that is under way.
struct Job {
  bool isKernel = false;
  std::size_t cell = 0;  // of a kernel: the first that wants it
  int number = 0;
  int attempt = 1;
  fs::path result;
};

// One night under way.
class Conducted {
 public:
  Conducted(const NightlySetup& setup, NightState state, engine::Engine& engine)
      : setup_(setup),
        cells_(setup.matrix.cells),
        state_(std::move(state)),
        engine_(engine),
        rules_{setup.matrix.falseFlags, std::max(1, judged()), setup.matrix.confirm},
        plan_(cells_, rules_),
        began_(Clock::now()) {}

  Result<report::NightReport> run();

 private:
  int judged() const;
  Result<void> adopt();
  Result<void> submitKernels();
  engine::Job prepared(const Job& job) const;
  Result<void> submit(std::vector<Job> jobs);
  Result<void> submitRuns();
  Result<void> take(const engine::JobEnd& end);
  Result<void> takeKernel(const Job& job, const Result<RunFile>& file);
  Result<void> takeRun(const Job& job, const RunFile& file, const std::string& where);
  Result<void> leftNothing(Job job, const engine::JobEnd& end);
  Result<void> forAllOfKernel(std::size_t cell, const std::optional<std::string>& whyNot);
  std::optional<milliseconds> left() const;
  milliseconds spent() const { return spentBefore_ + std::chrono::duration_cast<milliseconds>(Clock::now() - began_); }
  void keepSpent() const;
  void readSpent();
  void tell(NightEvent::What what, std::size_t cell, std::string text);
  void suspect();
  void keepOneDump(const history::Run& run);
  fs::path resultOf(std::size_t cell, int number) const;

  const NightlySetup& setup_;
  const std::vector<MatrixCell>& cells_;
  NightState state_;
  engine::Engine& engine_;
  JudgeRules rules_;
  NightPlan plan_;
  Clock::time_point began_;
  milliseconds spentBefore_{0};
  std::map<std::string, Job> underWay_;  // by the engine's name
  std::vector<std::string> notes_;
  std::set<std::string> dumped_;  // signatures of which a memory dump is kept
};

int Conducted::judged() const {
  return static_cast<int>(std::ranges::count_if(cells_, [](const auto& cell) { return !cell.excluded; }));
}

fs::path Conducted::resultOf(std::size_t cell, int number) const {
  return setup_.folder / "results" / fmt::format("c{}-r{}.json", cell, number);
}

void Conducted::tell(NightEvent::What what, std::size_t cell, std::string text) {
  if (!setup_.observer) return;
  NightEvent event{what, &cells_[cell], std::move(text), 0, 0};
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const auto& progress = state_.progress()[i];
    const int made = progress.tonight.failed.tries + progress.confirmed.failed.tries;
    event.done += static_cast<std::size_t>(made);
    const bool more = !cells_[i].excluded && !progress.notRun;
    event.total += static_cast<std::size_t>(more ? std::max(made, cells_[i].runs + progress.confirm) : made);
  }
  setup_.observer(event);
}

void Conducted::suspect() {
  auto& progress = state_.progress();
  std::vector<int> before;
  for (const auto& cell : progress) before.push_back(cell.confirm);
  plan_.suspect(progress);
  for (std::size_t i = 0; i < progress.size(); ++i)
    if (progress[i].confirm > before[i])
      tell(NightEvent::What::Suspected, i, fmt::format("{} more runs to be sure", progress[i].confirm));
}

// A dump is most of a run's size, and those of one signature tell the same: the night's first stays.
void Conducted::keepOneDump(const history::Run& run) {
  const fs::path dump = run.directory / "vmcore";
  std::error_code error;
  if (run.signature.empty() || run.directory.empty() || !fs::exists(dump, error)) return;
  if (!dumped_.insert(run.signature).second) fs::remove(dump, error);
}

// The budget is of the night, not of the process.
void Conducted::readSpent() {
  long ms = 0;
  std::ifstream(setup_.folder / "spent") >> ms;
  spentBefore_ = milliseconds(ms);
}

void Conducted::keepSpent() const {
  std::error_code ignored;
  const fs::path part = setup_.folder / "spent.part";
  std::ofstream(part) << spent().count() << '\n';
  fs::rename(part, setup_.folder / "spent", ignored);
}

std::optional<milliseconds> Conducted::left() const {
  if (!setup_.matrix.budget) return std::nullopt;
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(*setup_.matrix.budget) - spent());
}

// Results that came when nobody was there any more to take them.
Result<void> Conducted::adopt() {
  std::error_code error;
  for (fs::directory_iterator entry(setup_.folder / "results", error), end; entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::size_t cell = 0;
    int number = 0;
    const char* last = name.data() + name.size();
    if (name.empty() || name[0] != 'c') continue;
    const auto first = std::from_chars(name.data() + 1, last, cell);
    if (first.ec != std::errc{} || !std::string_view(first.ptr).starts_with("-r") || cell >= cells_.size()) continue;
    const auto second = std::from_chars(first.ptr + 2, last, number);
    if (second.ec != std::errc{} || std::string_view(second.ptr) != ".json" || state_.has(cell, number)) continue;
    const auto file = readRunFile(entry->path());
    if (!file) continue;
    if (auto taken = takeRun({false, cell, number, 1, entry->path()}, *file, {}); !taken) return taken;
  }
  return {};
}

engine::Job Conducted::prepared(const Job& job) const {
  const auto& cell = cells_[job.cell];
  std::error_code error;
  if (job.isKernel) fs::remove(job.result, error);  // it says what was built then
  engine::Job one = job.isKernel ? setup_.buildJob(cell, 0)
                                 : setup_.runJob(cell, cell.scenario.seed + static_cast<std::uint64_t>(job.number) - 1);
  one.name = fmt::format("{}-a{}", job.result.stem().string(), job.attempt);
  one.result = job.result;
  one.log = setup_.folder / "logs" / (one.name + ".log");
  one.argv.insert(one.argv.end(), {"--result", job.result.string()});
  return one;
}

// Together: to Slurm they are one array.
Result<void> Conducted::submit(std::vector<Job> jobs) {
  std::vector<engine::Job> all;
  for (const auto& job : jobs) all.push_back(prepared(job));
  if (all.empty()) return {};
  if (auto submitted = engine_.submit(all); !submitted) return submitted;
  for (std::size_t i = 0; i < jobs.size(); ++i) underWay_.emplace(all[i].name, std::move(jobs[i]));
  return {};
}

Result<void> Conducted::submitKernels() {
  std::map<std::string, std::size_t> firsts;
  for (std::size_t i = 0; i < cells_.size(); ++i)
    if (plan_.wantsRun(cells_[i], state_.progress()[i])) firsts.emplace(kernelOf(cells_[i]), i);
  std::vector<Job> jobs;
  for (const auto& [key, cell] : firsts)
    jobs.push_back({true, cell, 0, 1, setup_.folder / "results" / fmt::format("k{}.json", cell)});
  return submit(std::move(jobs));
}

Result<void> Conducted::submitRuns() {
  std::vector<Job> jobs;
  for (auto room = engine_.room(); room > 0; --room) {
    const auto cell = plan_.next(state_.progress(), left());
    if (!cell) break;
    auto& progress = state_.progress()[*cell];
    const int number = ++progress.started;
    ++progress.underWay;
    jobs.push_back({false, *cell, number, 1, resultOf(*cell, number)});
  }
  return submit(std::move(jobs));
}

Result<void> Conducted::forAllOfKernel(std::size_t cell, const std::optional<std::string>& whyNot) {
  const auto key = kernelOf(cells_[cell]);
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (cells_[i].excluded || kernelOf(cells_[i]) != key) continue;
    state_.progress()[i].kernelReady = !whyNot;
    if (!whyNot) continue;
    if (auto done = state_.notRun(i, *whyNot); !done) return done;
    tell(NightEvent::What::NotRun, i, *whyNot);
  }
  return {};
}

Result<void> Conducted::takeKernel(const Job& job, const Result<RunFile>& file) {
  if (!file) return forAllOfKernel(job.cell, "its kernel: " + file.error().message);
  if (const auto* failure = std::get_if<Failure>(&*file))
    return forAllOfKernel(job.cell, "its kernel: " + failure->message);
  if (const auto* built = std::get_if<BuiltKernel>(&*file)) tell(NightEvent::What::Kernel, job.cell, built->release);
  return forAllOfKernel(job.cell, std::nullopt);
}

Result<void> Conducted::takeRun(const Job& job, const RunFile& file, const std::string& where) {
  if (const auto* run = std::get_if<history::Run>(&file)) {
    if (auto added = state_.add(job.cell, job.number, *run, where); !added) return added;
    keepOneDump(*run);
    tell(NightEvent::What::Run, job.cell,
         fmt::format("{}{}", run->verdict,
                     run->verdict == "inconclusive" ? ": " + run->reason
                                                    : (run->signature.empty() ? "" : " " + run->signature)));
    return {};
  }
  const auto* why = std::get_if<Failure>(&file);
  const Failure failure = why != nullptr ? *why : Failure{FailureKind::Internal, "it left a kernel and no run"};
  const bool lasting = failure.kind == FailureKind::BadInput || failure.kind == FailureKind::HostLacks ||
                       failure.kind == FailureKind::BuildFailed;
  if (lasting) {
    tell(NightEvent::What::NotRun, job.cell, failure.message);
    return state_.notRun(job.cell, failure.message);
  }
  ++state_.progress()[job.cell].inconclusive;
  notes_.push_back(fmt::format("{}, run {}: {}", cells_[job.cell].key, job.number, failure.message));
  return {};
}

// The engine's doing: the same run again, or, when that was tried often enough, one without a verdict.
Result<void> Conducted::leftNothing(Job job, const engine::JobEnd& end) {
  const auto& cell = cells_[job.cell];
  if (end.what == engine::JobEnd::What::NoData && job.attempt < kMostAttempts) {
    ++job.attempt;
    if (!job.isKernel) ++state_.progress()[job.cell].underWay;
    tell(NightEvent::What::Again, job.cell, end.why);
    return submit({std::move(job)});
  }
  notes_.push_back(fmt::format("{}, {}: {} (its log: {})", cell.key,
                               job.isKernel ? "its kernel" : fmt::format("run {}", job.number), end.why,
                               (setup_.folder / "logs" / (end.name + ".log")).string()));
  if (job.isKernel) return forAllOfKernel(job.cell, "its kernel: " + end.why);
  ++state_.progress()[job.cell].inconclusive;
  return {};
}

Result<void> Conducted::take(const engine::JobEnd& end) {
  const auto found = underWay_.find(end.name);
  if (found == underWay_.end()) return {};
  Job job = std::move(found->second);
  underWay_.erase(found);
  if (!job.isKernel) --state_.progress()[job.cell].underWay;
  keepSpent();
  if (end.what != engine::JobEnd::What::Result) return leftNothing(std::move(job), end);
  const auto file = readRunFile(job.result);
  if (job.isKernel) return takeKernel(job, file);
  if (file) return takeRun(job, *file, end.where);
  return leftNothing(std::move(job), {end.name, engine::JobEnd::What::Failed, file.error().message, end.where});
}

Result<report::NightReport> Conducted::run() {
  std::error_code error;
  for (const char* name : {"results", "logs"}) {
    fs::create_directories(setup_.folder / name, error);
    if (error)
      return fail(FailureKind::Exhausted, fmt::format("{}: {}", (setup_.folder / name).string(), error.message()));
  }
  readSpent();
  if (auto done = adopt(); !done) return passOn(done.error());
  suspect();
  if (auto done = submitKernels(); !done) return passOn(done.error());
  for (;;) {
    suspect();
    if (auto started = submitRuns(); !started) return passOn(started.error());
    if (underWay_.empty()) break;
    const auto end = engine_.next(setup_.stop);
    if (!end) return passOn(end.error());
    if (auto taken = take(*end); !taken) return passOn(taken.error());
  }
  for (std::size_t i = 0; i < cells_.size(); ++i)
    if (!state_.progress()[i].notRun && plan_.wantsRun(cells_[i], state_.progress()[i]))
      if (auto done = state_.notRun(i, kBudgetSpent); !done) return passOn(done.error());
  auto night = state_.judged(rules_, setup_.relapse, std::move(notes_));
  if (!night) return night;
  if (setup_.keep)
    if (auto kept = setup_.keep(*night); !kept) return passOn(kept.error());
  if (auto done = state_.finish(*night); !done) return passOn(done.error());
  return night;
}

}  // namespace

std::string nightId(const std::string& matrix) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}-{}", fmt::gmtime(std::time(nullptr)), matrix);
}

Result<report::NightReport> nightly(const NightlySetup& setup, history::History& history, engine::Engine& engine) {
  auto state = NightState::recall(setup.matrix, setup.night, history);
  if (!state) return passOn(state.error());
  return Conducted(setup, std::move(*state), engine).run();
}

}  // namespace relapse::campaign
