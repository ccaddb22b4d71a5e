// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/replay_text.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

ReplayedRun twoRuns() {
  run::Outcome first;
  first.id = "the-first";
  first.verdict = "reproduced";
  first.signature = "soft lockup in f";
  first.tools = "QEMU 7";
  first.events = {{"soft-lockup", "in f", "client", 4000ms}};
  first.stages = {{"boot", 900ms}, {"watch", 3s}};
  run::Outcome now = first;
  now.tools = "QEMU 8\x1b[2J";
  now.events[0].at = 4500ms;
  now.stages = {{"boot", 1100ms}};
  return {first, now, run::compare(first, now)};
}

TEST(ReplayText, ShowsTimesSideBySideAndWhatDiffers) {
  const std::string text = replayText(twoRuns());
  EXPECT_THAT(text, HasSubstr("of the-first: the same verdict and signature"));
  EXPECT_THAT(text, HasSubstr("differs   tools     first: QEMU 7\n"));
  EXPECT_THAT(text, testing::ContainsRegex("boot +900 ms +1.1 s\n"));
  EXPECT_THAT(text, testing::ContainsRegex("watch +3.0 s +-\n"));
  EXPECT_THAT(text, testing::ContainsRegex("first soft-lockup .client. +4.0 s +4.5 s\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(ReplayText, SaysThatItIsNotTheSame) {
  auto runs = twoRuns();
  runs.now.signature = "soft lockup in g";
  runs.comparison = run::compare(runs.first, runs.now);
  EXPECT_THAT(replayText(runs), HasSubstr("of the-first: NOT the same"));
  EXPECT_THAT(replayText(runs), HasSubstr("signature first: soft lockup in f\n"));
}

TEST(ReplayJson, IsTheResultWithTheComparison) {
  const auto value = nlohmann::json::parse(replayJson("{\"id\": \"second\"}", twoRuns()));
  EXPECT_EQ(value["id"], "second");
  EXPECT_EQ(value["replay"]["of"], "the-first");
  EXPECT_EQ(value["replay"]["same"], true);
  EXPECT_EQ(value["replay"]["differences"][0]["what"], "tools");
  EXPECT_EQ(value["replay"]["times"][1]["now_ms"], nullptr);
}

class ReplayCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "replay-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    common_.stateDir = folder_;
    fs::create_directories(folder_ / "state/runs");
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string refusal(const std::string& run) {
    testing::internal::CaptureStderr();
    ReplayArguments arguments;
    arguments.run = run;
    EXPECT_EQ(replayCommand(arguments, common_), kBadInput);
    return testing::internal::GetCapturedStderr();
  }
  fs::path folder_;
  Common common_;
};

TEST_F(ReplayCommand, NamesTheRunThatIsNotThere) {
  EXPECT_THAT(refusal("nosuch"), HasSubstr((folder_ / "state/runs").string() + " or latest, found \"nosuch\""));
  EXPECT_THAT(refusal("latest"), HasSubstr("found \"latest\""));
  EXPECT_THAT(refusal(folder_ / "no/such"), HasSubstr("found \""));
}

TEST_F(ReplayCommand, FindsARunByItsName) {
  fs::create_directories(folder_ / "state/runs/mine/bundle");
  EXPECT_THAT(refusal("mine"), HasSubstr("mine/bundle/scenario.yaml: is missing"));
  fs::create_directory_symlink("mine", folder_ / "state/runs/latest");
  EXPECT_THAT(refusal("latest"), HasSubstr("mine/bundle/scenario.yaml: is missing"));
}

TEST_F(ReplayCommand, AFileIsNoRun) {
  std::ofstream(folder_ / "f") << "x";
  EXPECT_THAT(refusal(folder_ / "f"), HasSubstr("expected a run's directory or its bundle, found a file"));
}

}  // namespace
}  // namespace relapse::cli
