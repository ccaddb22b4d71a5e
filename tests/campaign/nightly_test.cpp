// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>

#include "campaign/night_state.hpp"
#include "campaign/nightly.hpp"
#include "campaign/run_file.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

MatrixCell cellOf(const std::string& kernel, const std::string& scenario, int runs = 3) {
  MatrixCell cell;
  cell.key = kernel + "/" + scenario;
  cell.kernel.name = kernel;
  cell.kernel.source = kernel;
  cell.scenario.name = scenario;
  cell.scenario.nodes["client"] = {};
  cell.scenario.expect = scenario::ExpectSurvived{};
  cell.runs = runs;
  return cell;
}

// An engine that ends each job at once, as `outcome` says; after `until` ends it is interrupted.
class Scripted : public engine::Engine {
 public:
  using Outcome = std::function<engine::JobEnd(const engine::Job&)>;
  explicit Scripted(Outcome outcome, int until = 1 << 20) : outcome_(std::move(outcome)), until_(until) {}

  std::string_view name() const override { return "scripted"; }
  std::size_t room() const override { return waiting_.size() < 2 ? 2 - waiting_.size() : 0; }
  Result<void> submit(const std::vector<engine::Job>& jobs) override {
    waiting_.insert(waiting_.end(), jobs.begin(), jobs.end());
    return {};
  }
  Result<engine::JobEnd> next(const std::stop_token&) override {
    if (until_-- == 0) return fail(FailureKind::Cancelled, "interrupted");
    const auto job = waiting_.front();
    waiting_.pop_front();
    names.push_back(job.name);
    return outcome_(job);
  }
  void cancel(const std::vector<std::string>&) override {}
  std::vector<engine::Job> underWay() const { return {waiting_.begin(), waiting_.end()}; }

  std::vector<std::string> names;

 private:
  Outcome outcome_;
  int until_;
  std::deque<engine::Job> waiting_;
};

class Nightly : public testing::Test {
 protected:
  Nightly() {
    std::string pattern = testing::TempDir() + "nightly-XXXXXX";
    state_ = mkdtemp(pattern.data());
    matrix_.name = "m";
    matrix_.sum = "sum";
    matrix_.cells = {cellOf("a", "x"), cellOf("a", "y"), cellOf("b", "x")};
    history_.emplace(*history::History::open(state_ / "history.db"));
  }
  ~Nightly() override { fs::remove_all(state_); }

  history::Night begin(const std::string& id) {
    history::Night night{id, "m", "sum", "2026-11-28T0" + std::to_string(++nights_) + ":00:00Z", "", "scripted"};
    std::vector<history::NightCell> cells;
    for (const auto& cell : matrix_.cells) {
      history::NightCell row;
      row.night = id;
      row.key = cell.key;
      row.kernel = cell.kernel.name;
      row.scenario = cell.scenario.name;
      cells.push_back(row);
    }
    EXPECT_TRUE(history_->begin(night, cells));
    return night;
  }

  Result<report::NightReport> go(const history::Night& night, engine::Engine& engine) {
    const fs::path folder = state_ / night.id;
    fs::create_directories(folder);
    const auto job = [](const char* what) {
      return [what](const MatrixCell& cell, std::uint64_t seed) {
        engine::Job made;
        made.argv = {what, cell.key, std::to_string(seed)};
        return made;
      };
    };
    return nightly({matrix_, night, folder, job("run"), job("build"), {}, {}, "0.1", keep_}, *history_, engine);
  }

  // What a run of the cell leaves; `fails` says which.
  engine::JobEnd leave(const engine::Job& job, const std::function<bool(const std::string& cell)>& fails,
                       const std::string& signature = "soft-lockup f") {
    history::Run run;
    run.id = "run-" + std::to_string(++runs_);
    run.directory = state_ / "runs" / run.id;
    run.startedAt = "2026-11-28T12:00:00Z";
    run.scenario = job.argv[1];
    run.seed = std::stoull(job.argv[2]);
    run.took = std::chrono::milliseconds(7000);
    run.release = "6.1.192";
    run.expected = "survived";
    const bool failed = fails(job.argv[1]);
    run.verdict = failed ? "other-failure" : "survived";
    run.held = !failed;
    if (failed) run.signature = signature;
    if (failed) run.title = "soft lockup in f";
    if (job.argv[0] == "build") run.verdict.clear();
    EXPECT_TRUE(writeRunFile(job.result, run));
    return {job.name, engine::JobEnd::What::Result, "", "here"};
  }

  Scripted::Outcome healthy() {
    return [this](const auto& job) { return leave(job, [](const auto&) { return false; }); };
  }

  fs::path state_;
  Matrix matrix_;
  std::optional<history::History> history_;
  std::function<Result<void>(const report::NightReport&)> keep_;
  int nights_ = 0;
  int runs_ = 0;
};

TEST_F(Nightly, RunsEachCellAsOftenAsTheMatrixSays) {
  Scripted engine(healthy());
  const auto night = go(begin("n1"), engine);
  ASSERT_TRUE(night) << night.error().message;
  EXPECT_TRUE(night->expected);
  ASSERT_THAT(night->cells, SizeIs(3));
  for (const auto& cell : night->cells) {
    EXPECT_EQ(cell.rate.runs, 3);
    EXPECT_EQ(cell.rate.hits, 0);
    EXPECT_EQ(cell.flag, "passed");
  }
  EXPECT_EQ(history_->runs({})->size(), 9u);
  EXPECT_FALSE((*history_->night("n1"))->finishedAt.empty());
}

TEST_F(Nightly, BuildsEachKernelOnceAndEachRunHasASeedOfItsOwn) {
  std::map<std::string, std::vector<std::string>> seeds;
  int builds = 0;
  Scripted engine([&](const auto& job) {
    job.argv[0] == "build" ? void(++builds) : seeds[job.argv[1]].push_back(job.argv[2]);
    return leave(job, [](const auto&) { return false; });
  });
  ASSERT_TRUE(go(begin("n1"), engine));
  EXPECT_EQ(builds, 2);
  for (auto& [cell, of] : seeds) EXPECT_THAT(of, ElementsAre("1", "2", "3")) << cell;
}

TEST_F(Nightly, FindsTheRegressionThatCameInBetweenAndFlagsNothingElse) {
  Scripted first(healthy());
  ASSERT_TRUE(go(begin("n1"), first));
  Scripted second([&](const auto& job) { return leave(job, [](const auto& cell) { return cell == "b/x"; }); });
  const auto night = go(begin("n2"), second);
  ASSERT_TRUE(night) << night.error().message;
  EXPECT_FALSE(night->expected);
  EXPECT_EQ(night->cells[0].flag, "passed");
  EXPECT_EQ(night->cells[1].flag, "passed");
  EXPECT_EQ(night->cells[2].flag, "new-failure") << night->cells[2].words;
  EXPECT_GT(night->cells[2].rate.runs, 3) << "confirmed by runs of their own";
  ASSERT_THAT(night->cells[2].past, SizeIs(1));
  EXPECT_EQ(night->cells[2].past[0].runs, 3);
  ASSERT_THAT(night->signatures, SizeIs(1));
  EXPECT_THAT(night->signatures[0].cells, ElementsAre("b/x"));
  EXPECT_EQ(night->signatures[0].title, "soft lockup in f");

  Scripted third([&](const auto& job) { return leave(job, [](const auto& cell) { return cell == "b/x"; }); });
  const auto after = go(begin("n3"), third);
  EXPECT_EQ(after->cells[2].flag, "still-failing") << "a change is told once: " << after->cells[2].words;
  EXPECT_TRUE(after->expected);
}

TEST_F(Nightly, ThatIsInterruptedLosesNoRunAndCountsNoneTwice) {
  for (int until = 0; until < 11; ++until) {
    const auto night = begin("n" + std::to_string(100 + until));
    Scripted broken(healthy(), until);
    const auto cut = go(night, broken);
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().kind, FailureKind::Cancelled);
    // One that ended when nobody was there any more.
    for (const auto& job : broken.underWay())
      if (job.argv[0] == "run") leave(job, [](const auto&) { return false; });
    const auto half = history_->runs({.night = night.id})->size();
    Scripted rest(healthy());
    const auto whole = go(night, rest);
    ASSERT_TRUE(whole) << whole.error().message;
    for (const auto& cell : whole->cells) EXPECT_EQ(cell.rate.runs, 3) << cell.key << " after " << until;
    EXPECT_EQ(history_->runs({.night = night.id})->size(), 9u);
    EXPECT_LE(half, 9u);
  }
}

TEST_F(Nightly, KeepsOneDumpOfASignature) {
  int number = 0;
  Scripted engine([&](const auto& job) {
    auto end = leave(
        job, [](const auto&) { return true; }, ++number % 2 == 0 ? "one" : "other");
    const fs::path folder = state_ / "runs" / ("run-" + std::to_string(runs_));
    fs::create_directories(folder);
    std::ofstream(folder / "vmcore") << "memory";
    return end;
  });
  ASSERT_TRUE(go(begin("n1"), engine));
  std::map<std::string, int> dumps;
  const auto all = history_->runs({});
  for (const auto& run : *all)
    if (fs::exists(run.directory / "vmcore")) ++dumps[run.signature];
  EXPECT_EQ(dumps, (std::map<std::string, int>{{"one", 1}, {"other", 1}}));
}

TEST_F(Nightly, MakesARunAgainThatTheEngineLost) {
  int lost = 0;
  Scripted engine([&](const auto& job) -> engine::JobEnd {
    if (job.argv[0] == "run" && lost++ < 2) return {job.name, engine::JobEnd::What::NoData, "node failed", "n1"};
    return leave(job, [](const auto&) { return false; });
  });
  const auto night = go(begin("n1"), engine);
  ASSERT_TRUE(night);
  for (const auto& cell : night->cells) EXPECT_EQ(cell.rate.runs, 3);
  EXPECT_THAT(night->notes, IsEmpty());
}

TEST_F(Nightly, DoesNotTryForEverWhatNeverLeavesAnything) {
  Scripted engine([&](const auto& job) -> engine::JobEnd {
    if (job.argv[0] == "run" && job.argv[1] == "a/x") return {job.name, engine::JobEnd::What::NoData, "gone", ""};
    return leave(job, [](const auto&) { return false; });
  });
  const auto night = go(begin("n1"), engine);
  ASSERT_TRUE(night);
  EXPECT_EQ(night->cells[0].flag, "inconclusive");
  EXPECT_EQ(night->cells[1].rate.runs, 3);
  EXPECT_THAT(night->notes, Each(HasSubstr("gone")));
}

TEST_F(Nightly, AKernelThatDoesNotBuildIsNoFailureOfItsCells) {
  Scripted engine([&](const auto& job) -> engine::JobEnd {
    if (job.argv[0] == "build" && job.argv[1].starts_with("a/")) {
      EXPECT_TRUE(writeRunFile(job.result, Failure{FailureKind::BuildFailed, "write.c:1: error", ""}));
      return {job.name, engine::JobEnd::What::Result, "", ""};
    }
    return leave(job, [](const auto&) { return false; });
  });
  const auto night = go(begin("n1"), engine);
  ASSERT_TRUE(night);
  EXPECT_EQ(night->cells[0].flag, "not-run");
  EXPECT_THAT(night->cells[0].words, HasSubstr("write.c:1: error"));
  EXPECT_EQ(night->cells[1].flag, "not-run");
  EXPECT_EQ(night->cells[2].flag, "passed");
  EXPECT_TRUE(night->expected);
}

TEST_F(Nightly, ARunThatCannotBeMadeAtAllSaysWhy) {
  Scripted engine([&](const auto& job) -> engine::JobEnd {
    if (job.argv[0] == "build" || job.argv[1] != "a/y") return leave(job, [](const auto&) { return false; });
    EXPECT_TRUE(writeRunFile(job.result, Failure{FailureKind::BadInput, "no such fault", ""}));
    return {job.name, engine::JobEnd::What::Result, "", ""};
  });
  const auto night = go(begin("n1"), engine);
  ASSERT_TRUE(night);
  EXPECT_EQ(night->cells[1].flag, "not-run");
  EXPECT_EQ(night->cells[1].words, "no such fault");
}

TEST_F(Nightly, SaysOfACellThatIsLeftOutWhy) {
  matrix_.cells[1].excluded = "takes an hour";
  Scripted engine(healthy());
  const auto night = go(begin("n1"), engine);
  ASSERT_TRUE(night);
  EXPECT_EQ(night->cells[1].flag, "not-run");
  EXPECT_EQ(night->cells[1].words, "takes an hour");
}

TEST_F(Nightly, WhoseReportCannotBeKeptIsNotFinished) {
  const auto night = begin("n1");
  keep_ = [](const auto&) -> Result<void> { return fail(FailureKind::Exhausted, "no room"); };
  Scripted engine(healthy());
  const auto refused = go(night, engine);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "no room");
  EXPECT_TRUE((*history_->night("n1"))->finishedAt.empty());
  keep_ = {};
  Scripted again(healthy());
  ASSERT_TRUE(go(night, again));
  EXPECT_EQ(history_->runs({})->size(), 9u) << "no run was made again";
}

TEST_F(Nightly, WithoutABudgetLeftSaysWhatWasNotRun) {
  matrix_.budget = std::chrono::seconds(0);
  Scripted engine(healthy());
  const auto night = go(begin("n1"), engine);
  ASSERT_TRUE(night);
  for (const auto& cell : night->cells) {
    EXPECT_EQ(cell.flag, "not-run");
    EXPECT_THAT(cell.words, HasSubstr("budget"));
  }
  EXPECT_FALSE(night->expected) << "nothing was seen";
}

}  // namespace
}  // namespace relapse::campaign
