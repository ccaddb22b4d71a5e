// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "campaign/run_file.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;

history::Run someRun() {
  history::Run run;
  run.id = "20261128T160000Z-a";
  run.directory = "/runs/20261128T160000Z-a";
  run.startedAt = "2026-11-28T16:00:00Z";
  run.scenario = "a";
  run.cell = "nfs.mount.version=3";
  run.kernel = "debian-6.1";
  run.release = "6.1.192";
  run.buildId = "0305af";
  run.line = "6.1";
  run.seed = 18446744073709551615ull;
  run.verdict = "reproduced";
  run.expected = "reproduced";
  run.held = true;
  run.signature = "soft-lockup nfs_wb_page";
  run.title = "soft lockup in \"x\"\n";
  run.toEvent = std::chrono::milliseconds(3200);
  run.took = std::chrono::milliseconds(7600);
  run.watched = std::chrono::milliseconds(4100);
  run.evidence = true;
  return run;
}

TEST(RunFile, BringsARunBackAsItWas) {
  const auto run = someRun();
  const auto file = parseRunFile(runFileText(run));
  ASSERT_TRUE(file) << file.error().message;
  const auto& back = std::get<history::Run>(*file);
  EXPECT_EQ(runFileText(back), runFileText(run));
  EXPECT_EQ(back.seed, run.seed);
  EXPECT_EQ(back.title, run.title);
  EXPECT_EQ(back.toEvent, run.toEvent);
  EXPECT_EQ(back.watched, run.watched);
  EXPECT_EQ(back.directory, run.directory);
}

TEST(RunFile, BringsEveryKindOfFailureBack) {
  for (int kind = 0; kind <= static_cast<int>(FailureKind::Internal); ++kind) {
    const Failure failure{static_cast<FailureKind>(kind), "what", "do"};
    const auto file = parseRunFile(runFileText(failure));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(std::get<Failure>(*file).kind, failure.kind);
    EXPECT_EQ(std::get<Failure>(*file).message, "what");
    EXPECT_EQ(std::get<Failure>(*file).advice, "do");
  }
}

TEST(RunFile, ThatIsCutOffOrNoneIsBadInput) {
  const auto text = runFileText(someRun());
  for (const std::size_t length : {std::size_t(0), std::size_t(1), text.size() / 2, text.size() - 3})
    EXPECT_FALSE(parseRunFile(text.substr(0, length))) << length;
  for (const char* other : {"[]", "{}", "{\"run\": 3}", "{\"run\": {\"id\": 7}}", "{\"failure\": {}}", "null"}) {
    const auto file = parseRunFile(other);
    ASSERT_FALSE(file) << other;
    EXPECT_EQ(file.error().kind, FailureKind::BadInput);
  }
}

TEST(RunFile, IsWrittenWholeOrNotAtAll) {
  std::string pattern = testing::TempDir() + "run-file-XXXXXX";
  const fs::path folder = mkdtemp(pattern.data());
  ASSERT_TRUE(writeRunFile(folder / "a.json", someRun()));
  EXPECT_TRUE(readRunFile(folder / "a.json"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
  const auto refused = writeRunFile(folder / "none/a.json", someRun());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::Exhausted);
  if (fs::exists("/dev/full")) {
    fs::create_symlink("/dev/full", folder / "b.json.part");
    EXPECT_FALSE(writeRunFile(folder / "b.json", someRun()));
    EXPECT_FALSE(fs::exists(folder / "b.json"));
  }
  fs::remove_all(folder);
}

TEST(RunFile, IsATryWithItsOutcome) {
  auto run = someRun();
  EXPECT_EQ(resultOf(run).outcome, Outcome::Reproduced);
  EXPECT_TRUE(resultOf(run).held);
  EXPECT_EQ(resultOf(run).toEvent, run.toEvent);
  for (const auto& [word, outcome] : {std::pair{"survived", Outcome::Survived},
                                      {"other-failure", Outcome::OtherFailure},
                                      {"inconclusive", Outcome::Inconclusive}}) {
    run.verdict = word;
    EXPECT_EQ(resultOf(run).outcome, outcome) << word;
  }
}

}  // namespace
}  // namespace relapse::campaign
