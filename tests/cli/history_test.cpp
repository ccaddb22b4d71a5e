// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "campaign/history_run.hpp"
#include "cli/commands.hpp"
#include "cli/remember.hpp"
#include "cli/run_differences.hpp"
#include "history/history.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class OnAState : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "state-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    common_.stateDir = folder_;
    state_ = folder_ / "state";
    fs::create_directories(state_ / "runs");
  }
  void TearDown() override { fs::remove_all(folder_); }

  // With its directory, and a result.json in it.
  history::Run add(const std::string& id, const std::string& verdict, const std::string& release = "6.1.192") {
    history::Run run;
    run.id = id;
    run.directory = state_ / "runs" / id;
    run.startedAt = "2025-11-28T16:00:00Z";
    run.scenario = "nfs-lockup";
    run.kernel = "debian-6.1";
    run.release = release;
    run.buildId = "0123456789abcdef";
    run.expected = "reproduced";
    run.verdict = verdict;
    run.took = 12s;
    run.evidence = true;
    if (verdict == "reproduced") run.signature = "soft-lockup in \x1b[2Jf";
    if (verdict == "inconclusive") run.reason = "the guest never booted";
    fs::create_directories(run.directory);
    std::ofstream(run.directory / "result.json")
        << nlohmann::json{{"id", id}, {"verdict", {{"word", verdict}, {"signature", run.signature}}}};
    auto history = history::History::open(state_ / "history.db");
    EXPECT_TRUE(history && *history->add(run));
    return run;
  }

  std::string said(int expected, const HistoryArguments& arguments) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(historyCommand(arguments, common_), expected);
    return testing::internal::GetCapturedStdout();
  }
  std::string compared(int expected, const std::string& one, const std::string& other) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_EQ(compareCommand({one, other}, common_), expected);
    return testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr();
  }

  fs::path folder_;
  fs::path state_;
  Common common_;
};

using HistoryCommand = OnAState;

TEST_F(HistoryCommand, LooksWithoutMakingAFile) {
  EXPECT_THAT(said(0, {}), HasSubstr("no run yet"));
  EXPECT_FALSE(fs::exists(state_ / "history.db"));
}

TEST_F(HistoryCommand, ListsRunsWithoutWhatMovesTheCursor) {
  add("a", "reproduced");
  add("b", "inconclusive");
  const auto text = said(0, {});
  EXPECT_THAT(text, HasSubstr("2025-11-28 16:00:00  reproduced     6.1.192            12.0 s  nfs-lockup\n"
                              "    a: soft-lockup in  [2Jf\n"));
  EXPECT_THAT(text, HasSubstr("    b: the guest never booted\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST_F(HistoryCommand, FiltersAndLimits) {
  add("a", "reproduced");
  add("b", "survived");
  HistoryArguments arguments;
  arguments.verdict = "survived";
  EXPECT_THAT(said(0, arguments), Not(HasSubstr("    a")));
  arguments.verdict.clear();
  arguments.limit = 1;
  EXPECT_THAT(said(0, arguments), Not(HasSubstr("    a")));
  arguments.scenario = "another";
  EXPECT_EQ(said(0, arguments), "no such run\n");
}

TEST_F(HistoryCommand, JsonIsOneObjectALine) {
  add("a", "reproduced");
  add("b", "survived");
  common_.json = true;
  std::istringstream lines(said(0, {}));
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["id"], "b");
  EXPECT_EQ(all[0]["signature"], nullptr);
  EXPECT_EQ(all[1]["took_ms"], 12'000);
}

TEST_F(HistoryCommand, SignaturesAreGrouped) {
  add("a", "reproduced");
  add("b", "reproduced");
  HistoryArguments arguments;
  arguments.signatures = true;
  EXPECT_THAT(said(0, arguments), AllOf(HasSubstr("2 runs, 2025-11-28 16:00:00 to 2025-11-28 16:00:00, in nfs-lockup"),
                                        HasSubstr((state_ / "runs/b").string())));
  arguments.scenario = "another";
  EXPECT_EQ(said(0, arguments), "no signature was seen\n");
}

TEST_F(HistoryCommand, PruneSaysWhatWentAndHowMuch) {
  add("a", "reproduced");
  add("b", "reproduced");
  HistoryArguments arguments;
  arguments.prune = arguments.dryRun = true;
  EXPECT_THAT(said(0, arguments), AllOf(HasSubstr("would remove " + (state_ / "runs/a").string()),
                                        HasSubstr("a dry run, nothing was removed: 1 directory, ")));
  EXPECT_TRUE(fs::exists(state_ / "runs/a"));
  arguments.dryRun = false;
  EXPECT_THAT(said(0, arguments), HasSubstr("removed 1 directory, "));
  EXPECT_FALSE(fs::exists(state_ / "runs/a"));
  EXPECT_TRUE(fs::exists(state_ / "runs/b"));
  EXPECT_THAT(said(0, {}), HasSubstr("    a (pruned): soft-lockup"));
}

TEST_F(HistoryCommand, CheckTellsAWholeFileFromADamagedOne) {
  add("a", "reproduced");
  HistoryArguments arguments;
  arguments.check = true;
  EXPECT_THAT(said(0, arguments), HasSubstr("whole, 1 runs"));
  std::ofstream(state_ / "history.db", std::ios::in) << std::string(100, 'x');
  testing::internal::CaptureStderr();
  EXPECT_THAT(said(kBadInput, arguments), IsEmpty());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), AllOf(HasSubstr("damaged"), HasSubstr("try: mkdir")));
}

TEST_F(HistoryCommand, ARunThatCannotBeRememberedIsAWarning) {
  std::ofstream(state_ / "history.db") << std::string(1000, 'x');
  report::RunRecord record;
  record.id = "a";
  testing::internal::CaptureStderr();
  remember(campaign::historyRunOf(record), state_);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("relapse: warning: the run is not in the history: " + (state_ / "history.db").string()));
}

TEST_F(HistoryCommand, ARunIsRemembered) {
  report::RunRecord record;
  record.id = "a";
  remember(campaign::historyRunOf(record), state_);
  EXPECT_THAT(said(0, {}), HasSubstr("    a (not kept): nothing was observed\n"));
}

using CompareCommand = OnAState;

TEST_F(CompareCommand, OfTwoRunsItTellsWhatDiffers) {
  add("a", "reproduced");
  add("b", "survived");
  add("c", "survived");
  fs::create_directory_symlink("c", state_ / "runs/latest");
  EXPECT_THAT(compared(1, "a", "b"), AllOf(HasSubstr("They differ in what came out."),
                                           HasSubstr("  verdict\n    A   reproduced\n    B   survived\n")));
  EXPECT_THAT(compared(0, "b", "latest"), HasSubstr("B   c\nThe same came out of both."));
  EXPECT_THAT(compared(0, (state_ / "runs/b").string(), "c"), HasSubstr("The same came out of both."));
}

TEST_F(CompareCommand, OfTwoKernelsItTellsWhatIsBeyondChance) {
  for (int i = 0; i < 10; ++i) add("a" + std::to_string(i), i < 9 ? "reproduced" : "survived", "4.19.325");
  for (int i = 0; i < 10; ++i) add("b" + std::to_string(i), i < 1 ? "reproduced" : "survived");
  EXPECT_THAT(compared(1, "kernel:4.19.325", "kernel:6.1.192"),
              AllOf(HasSubstr("kernel 4.19.325, 10 runs\nagainst kernel 6.1.192, 10 runs\n"),
                    HasSubstr("9/10 (55-100 %) against 1/10 (0.3-45 %): p = 0.001, more often")));
  EXPECT_THAT(compared(0, "kernel:6.1.192", "a1"), HasSubstr("against run a1, 1 run\n"));
  EXPECT_THAT(compared(kBadInput, "kernel:0123456", "a1"), HasSubstr("found 1 in both")) << "by its build-id";
}

TEST_F(CompareCommand, WhatIsNotThereIsBadInputWithWhatThereIs) {
  EXPECT_THAT(compared(kBadInput, "kernel:6.1", "kernel:6.2"), HasSubstr("there is no history yet"));
  add("a", "reproduced");
  EXPECT_THAT(compared(kBadInput, "kernel:6.2", "a"), HasSubstr("debian-6.1 (6.1.192)), found \"6.2\""));
  EXPECT_THAT(compared(kBadInput, "x", "a"), HasSubstr("found \"x\""));
  EXPECT_THAT(compared(kBadInput, "a", state_.string()), HasSubstr("neither result.json nor night.json"));
  fs::create_directories(state_ / "nights/n");
  EXPECT_THAT(compared(kBadInput, "n", "a"), HasSubstr("the history has no run of night n"));
}

KeptRun kept(const std::string& extra, const std::string& config) {
  auto run =
      readRun(R"({"id": "a", "verdict": {"word": "survived"}, "scenario": {"name": "s", )" + extra + "}", config);
  EXPECT_TRUE(run);
  return *run;
}

TEST(RunDifferences, TellWhatWentIntoTheRuns) {
  const auto one =
      kept(R"("overrides": ["cpus=1", "seed=2"]}, "kernel": {"release": "6.1", "source": "d", "build_id": "b",
                        "patches": [{"file": "/x/fix.patch", "sha256": "00112233445566", "already_in_source": false}]},
                        "stages": [{"stage": "boot", "ms": 1000}, {"stage": "watch", "ms": 9000}])",
           "CONFIG_A=y\nCONFIG_B=y\n");
  const auto other = kept(R"("overrides": ["seed=2"]}, "kernel": {"release": "6.2", "source": "d", "build_id": "c"},
                          "stages": [{"stage": "boot", "ms": 1400}, {"stage": "watch", "ms": 3000}])",
                          "CONFIG_A=y\n# CONFIG_B is not set\n");
  const auto all = differencesOf(one, other);
  EXPECT_FALSE(all.differ);
  const auto said = differencesText(all);
  EXPECT_THAT(said, HasSubstr("  overrides\n    A   cpus=1\n    B   none\n"));
  EXPECT_THAT(said, HasSubstr("  kernel\n    A   6.1 from d build-id b\n    B   6.2 from d build-id c\n"));
  EXPECT_THAT(said, HasSubstr("  patches\n    A   fix.patch (001122334455)\n    B   none\n"));
  EXPECT_THAT(said, HasSubstr("  config\n    A   CONFIG_B=y\n    B   # CONFIG_B is not set\n"));
  EXPECT_THAT(said, testing::ContainsRegex("watch +9.0 s +3.0 s\n"));
  EXPECT_THAT(said, Not(HasSubstr("boot"))) << "0.4 s are no news";
  EXPECT_EQ(nlohmann::json::parse(differencesJson(all))["stages"][0]["what"], "watch");
}

TEST(RunDifferences, AFileOfAnyShapeIsReadOrRefused) {
  for (const char* text : {"", "[]", "{}", "{\"verdict\": 1}", "{\"verdict\": {\"word\": 2}}"})
    EXPECT_FALSE(readRun(text, "")) << text;
  for (const char* text :
       {R"({"verdict": {"word": "survived"}, "scenario": 3, "kernel": [1], "stages": {"a": 1}})",
        R"({"verdict": {"word": "survived"}, "scenario": {"cell": 1}, "kernel": {"patches": [1, {"file": 2}]}})"}) {
    const auto run = readRun(text, "");
    ASSERT_TRUE(run) << text;
    EXPECT_FALSE(differencesText(differencesOf(*run, *run)).empty());
  }
}

}  // namespace
}  // namespace relapse::cli
