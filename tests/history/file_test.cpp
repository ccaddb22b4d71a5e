// SPDX-License-Identifier: GPL-2.0-or-later
// The file itself: older and newer ones, damage, what the host refuses.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "fixture.hpp"
#include "history/schema.hpp"

namespace relapse::history {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

using HistoryFile = HistoryTest;

std::string contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr const char* kRunOfVersion1 = R"(
  INSERT INTO runs (id, directory, started_at, scenario, cell, kernel, release, build_id, line, seed, verdict, expected,
                    held, signature, title, reason, took_ms, evidence)
  VALUES ('old', '/runs/old', '2025-01-01T00:00:00Z', 's', '', 'k', '6.1', '', '6.1', 1, 'survived', 'survived',
          1, '', '', '', 5, 0);)";

TEST_F(HistoryFile, OneOfVersion1IsBroughtUpToDateAndKeepsItsRuns) {
  sql(steps()[0].sql + std::string("PRAGMA user_version = 1;") + kRunOfVersion1);
  auto history = opened();
  EXPECT_EQ(idsOf(*history.runs({})), "old");
  EXPECT_EQ((*history.runs({}))[0].prunedAt, "");
  EXPECT_TRUE(history.check());
  EXPECT_TRUE(*history.add(survivor("new")));
}

TEST_F(HistoryFile, EveryStepHasTheNextNumber) {
  int version = 0;
  for (const auto& step : steps()) EXPECT_EQ(step.version, ++version);
}

TEST_F(HistoryFile, AStepThatFailsLeavesTheFileAsItWas) {
  // The second step would make this table's column anew.
  sql(steps()[0].sql + std::string("PRAGMA user_version = 1; CREATE TABLE runs_by_time (x);"));
  EXPECT_EQ(refused().kind, FailureKind::Internal);
  sql("DROP TABLE runs_by_time;");
  EXPECT_TRUE(opened().check()) << "the columns that it made before it failed are not there";
}

TEST_F(HistoryFile, OneOfANewerRelapseIsRefusedAndLeftAsItIs) {
  { opened(); }
  sql("PRAGMA user_version = 99;");
  const auto before = contentOf(file_);
  const auto failure = refused();
  EXPECT_EQ(failure.kind, FailureKind::BadInput);
  EXPECT_THAT(failure.message, HasSubstr("of a newer relapse (version 99; this one knows 2)"));
  EXPECT_THAT(failure.advice, HasSubstr("another --state-dir"));
  EXPECT_EQ(contentOf(file_), before);
}

TEST_F(HistoryFile, AnotherProgramsDatabaseIsRefusedAndLeftAsItIs) {
  sql("CREATE TABLE bookmarks (url TEXT);");
  const auto before = contentOf(file_);
  const auto failure = refused();
  EXPECT_EQ(failure.kind, FailureKind::BadInput);
  EXPECT_THAT(failure.message, HasSubstr("no history of relapse"));
  EXPECT_EQ(contentOf(file_), before);
}

TEST_F(HistoryFile, TextIsRefusedWithWhatToDo) {
  std::ofstream(file_) << "this is no database, and long enough not to be taken for an empty one\n";
  const auto failure = refused();
  EXPECT_EQ(failure.kind, FailureKind::BadInput);
  EXPECT_THAT(failure.message, AllOf(HasSubstr(file_.string()), HasSubstr("is no history, or is damaged")));
  EXPECT_THAT(failure.advice, HasSubstr("mv " + file_.string()));
}

// Runs the shell's part of the advice.
TEST_F(HistoryFile, TheAdviceForADamagedOneWorks) {
  { ASSERT_TRUE(*opened().add(survivor("x"))); }
  std::ofstream(file_, std::ios::in | std::ios::binary) << std::string(200, 'x');
  const std::string advice = refused().advice;
  ASSERT_EQ(std::system((advice.substr(0, advice.find("   (")) + " 2>/dev/null || true").c_str()), 0);
  EXPECT_TRUE(*opened().add(survivor("y")));
  EXPECT_TRUE(fs::exists(file_.string() + ".damaged/history.db"));
}

TEST_F(HistoryFile, DamageInTheMiddleIsToldByCheck) {
  {
    auto history = opened();
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(*history.add(survivor("run-" + std::to_string(i))));
    ASSERT_TRUE(history.check());
  }
  const auto size = fs::file_size(file_);
  ASSERT_GT(size, 100'000u);
  std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 2 / 4096 * 4096));
  file << std::string(8192, '\x5a');
  file.close();
  const auto checked = opened().check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, FailureKind::BadInput);
  EXPECT_THAT(checked.error().message, HasSubstr("is damaged"));
  EXPECT_THAT(checked.error().advice, HasSubstr("mv "));
}

TEST_F(HistoryFile, TablesThatSomebodyChangedAreToldByCheck) {
  { opened(); }
  sql("DROP INDEX runs_by_time;");
  EXPECT_THAT(opened().check().error().message, HasSubstr("its tables are not those that relapse makes"));
}

TEST_F(HistoryFile, ARunOfANightThatIsNotThereIsToldByCheck) {
  {
    auto history = opened();
    ASSERT_TRUE(history.begin(night("n"), {{"", "a", "", "", ""}}));
    ASSERT_TRUE(*history.add(ofNight("x", 1)));
  }
  sql("PRAGMA foreign_keys = OFF; DELETE FROM night_cells;");
  EXPECT_THAT(opened().check().error().message, HasSubstr("runs row 1 belongs to no night_cells"));
}

TEST_F(HistoryFile, AFolderThatCannotBeMadeIsAClearFailure) {
  file_ = "/proc/relapse/history.db";
  EXPECT_EQ(refused().kind, FailureKind::HostLacks);
  EXPECT_THAT(refused().message, HasSubstr("/proc/relapse: cannot be made"));
}

// Runs `work` in a child; its exit status. The child's failures are printed by it.
template <class Work>
int inChild(Work work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(HistoryFile, AFolderThatMayOnlyBeReadIsAClearFailure) {
  { ASSERT_TRUE(*opened().add(survivor("x"))); }
  fs::permissions(folder_, fs::perms{0755});
  fs::permissions(file_.parent_path(), fs::perms{0555});
  fs::permissions(file_, fs::perms{0444});
  EXPECT_EQ(inChild([&] {
              if (geteuid() == 0 && setuid(65534) != 0) return 9;  // root may write anyway
              auto history = History::open(file_);
              if (history) return 1;
              if (history.error().kind != FailureKind::HostLacks) return 2;
              return history.error().message.find(file_.string()) == std::string::npos ? 3 : 0;
            }),
            0);
  fs::permissions(file_.parent_path(), fs::perms::owner_all);
}

TEST_F(HistoryFile, AFullDiskIsAClearFailureAndWhatWasCommittedStays) {
  const fs::path disk = folder_ / "disk";
  fs::create_directory(disk);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=512k") != 0)
    GTEST_SKIP() << "skipped: no privilege to mount a small disk";
  file_ = disk / "history.db";
  int added = 0;
  Failure failure;
  {
    auto history = opened();
    for (; added < 10'000; ++added) {
      auto one = history.add(survivor("run-" + std::to_string(added)));
      if (!one) failure = one.error();
      if (!one) break;
    }
    EXPECT_EQ(failure.kind, FailureKind::Exhausted) << failure.message;
    EXPECT_THAT(failure.message, HasSubstr(file_.string()));
    EXPECT_GT(added, 10);
    EXPECT_EQ(history.runs({})->size(), static_cast<std::size_t>(added));
    EXPECT_TRUE(history.check());
  }
  umount(disk.c_str());
}

}  // namespace
}  // namespace relapse::history
