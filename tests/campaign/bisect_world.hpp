// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bisect/scatter.hpp"
#include "campaign/bisect.hpp"
#include "campaign/bisect_report.hpp"
#include "campaign/bisect_story.hpp"

namespace relapse::campaign {

using Held = std::set<std::size_t>;

inline constexpr const char* kLockup = "soft-lockup nfs_wb_page";
inline constexpr const char* kOops = "oops nfs_read";

// A patch series 0001 to n; nothing of it is on the disk.
inline BisectPlan planOfPatches(std::size_t patches) {
  BisectPlan plan;
  plan.kind = BisectKind::Series;
  plan.source = "tiny";
  plan.ends = {"tiny", fmt::format("tiny + {} patches", patches)};
  for (std::size_t number = 1; number <= patches; ++number) {
    BisectCandidate candidate;
    candidate.name = fmt::format("{:04}-patch", number);
    candidate.subject = fmt::format("patch {}", number);
    candidate.patch = fmt::format("/series/{:04}.patch", number);
    plan.candidates.push_back(candidate);
  }
  return plan;
}

inline std::size_t numberOfPatch(const std::string& file) {
  return std::stoul(std::filesystem::path(file).filename().string());
}

// What is true: the engine's answers are made of it.
struct BisectWorld {
  // The failure of a kernel that holds these, if it fails; empty: it does not.
  std::function<std::string(const Held&)> failure;
  std::string expected = kLockup;  // by the scenario: others are other failures
  double rate = 1;
  std::function<bool(const Held&)> builds = [](const Held&) { return true; };
  std::function<std::string(const Held&)> binary = [](const Held& held) {
    std::string sum = "sum";
    for (const auto number : held) sum += fmt::format("-{}", number);
    return sum;
  };
  // What becomes of a job instead of its result.
  std::function<std::optional<engine::JobEnd>(const engine::Job&)> lost = {};
  // A failure that it leaves instead.
  std::function<std::optional<Failure>(const engine::Job&)> failed = {};
  // Which of a kernel's candidates its command names.
  std::function<Held(const std::vector<std::string>& argv)> heldBy = [](const std::vector<std::string>& argv) {
    Held held;
    for (const auto& word : argv)
      if (word.ends_with(".patch")) held.insert(numberOfPatch(word));
    return held;
  };

  // It needs all of these.
  static BisectWorld needing(const Held& needed, double rate = 1) {
    BisectWorld world;
    world.failure = [needed](const Held& held) {
      return std::ranges::includes(held, needed) ? std::string(kLockup) : std::string();
    };
    world.rate = rate;
    return world;
  }
};

// An engine that answers from a world; after `until` ends it is interrupted. Of several jobs the first in, or the last,
// ends first.
class WorldEngine : public engine::Engine {
 public:
  explicit WorldEngine(const BisectWorld& world, int until = 1 << 20) : world_(world), until_(until) {}

  std::string_view name() const override { return "world"; }
  std::size_t room() const override { return 1; }
  Result<void> submit(const std::vector<engine::Job>& jobs) override {
    for (const auto& job : jobs) {
      EXPECT_TRUE(names.insert(job.name).second) << job.name << " was submitted twice";
      waiting_.push_back(job);
    }
    most = std::max(most, runsUnderWay());
    return {};
  }
  Result<engine::JobEnd> next(const std::stop_token&) override {
    if (until_-- == 0) return fail(FailureKind::Cancelled, "interrupted");
    if (waiting_.empty()) return fail(FailureKind::Internal, "there is no job");
    const auto job = lastFirst ? waiting_.back() : waiting_.front();
    lastFirst ? waiting_.pop_back() : waiting_.pop_front();
    return finish(job);
  }
  void cancel(const std::vector<std::string>& cancelled) override {
    std::erase_if(waiting_, [&](const auto& job) { return std::ranges::count(cancelled, job.name) > 0; });
  }

  // Ends it: its result is there.
  engine::JobEnd finish(const engine::Job& job) {
    ++finished;
    if (world_.lost)
      if (const auto end = world_.lost(job)) return *end;
    EXPECT_TRUE(writeRunFile(job.result, fileOf(job)));
    return {job.name, engine::JobEnd::What::Result, "", "here"};
  }
  std::vector<engine::Job> underWay() const { return {waiting_.begin(), waiting_.end()}; }

  bool lastFirst = false;
  std::set<std::string> names;
  std::size_t most = 0;  // runs at once
  int finished = 0;

 private:
  std::size_t runsUnderWay() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(waiting_, [](const auto& job) { return job.argv[0] == "run"; }));
  }

  RunFile fileOf(const engine::Job& job) const {
    if (world_.failed)
      if (const auto failure = world_.failed(job)) return *failure;
    const Held held = world_.heldBy(job.argv);
    if (!world_.builds(held)) return Failure{FailureKind::BuildFailed, "write.c:1: error", ""};
    if (job.argv[0] == "build") return BuiltKernel{"tiny", "6.1.1", "id", world_.binary(held), false};
    return runOf(held, std::stoull(job.argv[1]));
  }

  history::Run runOf(const Held& held, std::uint64_t seed) const {
    history::Run run;
    run.id = fmt::format("run-{}", seed);
    run.directory = fmt::format("/runs/{}", run.id);
    run.seed = seed;
    run.took = std::chrono::milliseconds(7000);
    const std::string failure = world_.failure(held);
    const double drawn = static_cast<double>(bisect::scattered(seed) >> 11) / 9007199254740992.0;
    const bool fails = !failure.empty() && drawn < world_.rate;
    run.verdict = !fails ? "survived" : failure == world_.expected ? "reproduced" : "other-failure";
    if (fails) run.signature = failure;
    return run;
  }

  const BisectWorld& world_;
  int until_;
  std::deque<engine::Job> waiting_;
};

// A bisect in a folder of its own, which may be begun, killed and gone on with.
class BisectTest : public testing::Test {
 protected:
  BisectTest() {
    // In memory where there is such a place: a log's lines are synced one by one.
    const std::string folder = std::filesystem::exists("/dev/shm") ? "/dev/shm/" : testing::TempDir();
    std::string pattern = folder + "relapse-bisect-XXXXXX";
    root_ = mkdtemp(pattern.data());
    begun_.id = "b";
    begun_.scenario = "s";
    begun_.startedAt = "2026-11-28T12:00:00Z";
  }
  ~BisectTest() override { std::filesystem::remove_all(root_); }

  // Another bisect, in another folder.
  void begin(BisectPlan plan) {
    folder_ = root_ / std::to_string(++bisects_);
    std::filesystem::create_directories(folder_);
    begun_.plan = std::move(plan);
    auto log = BisectLog::open(folder_ / "bisect.log");
    ASSERT_TRUE(log) << log.error().message;
    ASSERT_TRUE(log->add(begun_));
  }

  // Goes on with it from what its log says, as another process.
  Result<report::BisectReport> go(engine::Engine& engine) {
    auto state = readState();
    auto log = BisectLog::open(folder_ / "bisect.log");
    EXPECT_TRUE(log) << log.error().message;
    BisectSetup setup;
    setup.folder = folder_;
    setup.runJob = [](const KernelOptions& kernel, std::uint64_t seed) { return job("run", seed, kernel); };
    setup.buildJob = [](const KernelOptions& kernel) { return job("build", 0, kernel); };
    setup.seed = seed_;
    setup.guests = guests_;
    setup.buildsBeside = buildsBeside_;
    setup.remember = [this](const history::Run& run) { remembered_.push_back(run.id); };
    setup.tell = [this](const std::string& story) { told_.push_back(story); };
    return bisect(setup, state, *log, engine);
  }

  Result<report::BisectReport> goIn(const BisectWorld& world) {
    WorldEngine engine(world);
    return go(engine);
  }

  std::string logText() const {
    std::ifstream in(folder_ / "bisect.log", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::vector<BisectEvent> events() const {
    auto events = eventsOf(logText(), "bisect.log");
    EXPECT_TRUE(events) << events.error().message;
    return events ? *events : std::vector<BisectEvent>{begun_};
  }
  BisectState readState() const { return BisectState(events()); }

  template <class Event>
  std::vector<Event> all() const {
    std::vector<Event> found;
    for (const auto& event : events())
      if (const auto* one = std::get_if<Event>(&event)) found.push_back(*one);
    return found;
  }

  // The names of those chosen.
  static std::vector<std::string> chosen(const report::BisectReport& report) {
    std::vector<std::string> names;
    for (const auto& candidate : report.candidates)
      if (candidate.chosen) names.push_back(candidate.name);
    return names;
  }

  std::filesystem::path root_;
  std::filesystem::path folder_;
  BisectBegun begun_;
  std::uint64_t seed_ = 1;
  std::size_t guests_ = 1;
  bool buildsBeside_ = false;
  std::vector<std::string> remembered_;
  std::vector<std::string> told_;

 private:
  static engine::Job job(const char* what, std::uint64_t seed, const KernelOptions& kernel) {
    engine::Job made;
    made.argv = {what, std::to_string(seed), kernel.source};
    for (const auto& patch : kernel.patches) made.argv.push_back(patch.string());
    return made;
  }

  int bisects_ = 0;
};

}  // namespace relapse::campaign
