// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>
#include <set>

#include <fmt/format.h>

#include "fixture.hpp"

namespace relapse::history {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kNow = "2026-11-30T00:00:00Z";

// November's Nth day; 30 is now.
std::string day(int number) {
  return fmt::format("2026-11-{:02}T00:00:00Z", number);
}

class Prune : public HistoryTest {
 protected:
  // A run with its directory and a file in it.
  struct Run run(const std::string& id, const std::string& startedAt, const std::string& signature,
                 bool evidence = true) {
    auto made = signature.empty() ? survivor(id, startedAt) : reproduced(id, startedAt, signature);
    made.evidence = evidence;
    made.directory = runs_ / id;
    fs::create_directories(made.directory);
    std::ofstream(made.directory / "vmcore") << std::string(10'000, 'x');
    return made;
  }
  void add(History& history, const struct Run& run) { ASSERT_TRUE(*history.add(run)); }
  Pruned prune(History& history, const Retention& retention, bool dryRun = false) {
    auto pruned = history.prune(retention, kNow, runs_, dryRun);
    if (!pruned) ADD_FAILURE() << pruned.error().message;
    return pruned ? *pruned : Pruned{};
  }
};

const Retention kAllButEvidence{0, 1, 0};

TEST_F(Prune, RemovesOldRunsAndSaysSoInTheirRows) {
  auto history = opened();
  add(history, run("a", day(1), ""));
  add(history, run("b", day(2), ""));
  add(history, run("c", day(29), ""));
  const auto pruned = prune(history, {10, 1, 1});
  EXPECT_THAT(pruned.directories, ElementsAre(runs_ / "b", runs_ / "a"));
  EXPECT_GE(pruned.bytes, 20'000u);
  EXPECT_LT(pruned.bytes, 60'000u);
  EXPECT_FALSE(fs::exists(runs_ / "a"));
  EXPECT_TRUE(fs::exists(runs_ / "c/vmcore"));
  const auto rows = *history.runs({});
  EXPECT_EQ(idsOf(rows), "c b a");
  EXPECT_EQ(rows[0].prunedAt, "");
  EXPECT_EQ(rows[2].prunedAt, kNow);
  EXPECT_THAT(prune(history, {10, 1, 1}).directories, IsEmpty()) << "a second time";
}

TEST_F(Prune, ADryRunSaysTheSameAndRemovesNothing) {
  auto history = opened();
  add(history, run("a", day(1), "s"));
  add(history, run("b", day(2), "s"));
  fs::remove_all(run("gone", day(1), "").directory);
  const auto said = prune(history, kAllButEvidence, true);
  EXPECT_THAT(said.directories, ElementsAre(runs_ / "a"));
  EXPECT_TRUE(fs::exists(runs_ / "a/vmcore"));
  EXPECT_EQ((*history.runs({}))[1].prunedAt, "");
  const auto done = prune(history, kAllButEvidence);
  EXPECT_EQ(done.directories, said.directories);
  EXPECT_EQ(done.bytes, said.bytes);
}

TEST_F(Prune, NeverTheLastEvidenceOfASignatureWhateverIsAskedFor) {
  auto history = opened();
  add(history, run("a", day(1), "s"));
  add(history, run("b", day(2), "s", false));
  EXPECT_THAT(prune(history, {-5, 0, -1}).directories, ElementsAre(runs_ / "b"));
  EXPECT_EQ((*history.signatures())[0].evidence, runs_ / "a");
}

TEST_F(Prune, EvidenceThatIsGoneAlreadyDoesNotStandForTheSignature) {
  auto history = opened();
  add(history, run("a", day(1), "s"));
  add(history, run("b", day(2), "s"));
  fs::remove_all(runs_ / "b");
  EXPECT_THAT(prune(history, kAllButEvidence).directories, IsEmpty());
  EXPECT_TRUE(fs::exists(runs_ / "a"));
  EXPECT_EQ((*history.runs({}))[0].prunedAt, kNow) << "that it is gone is noted";
  EXPECT_EQ((*history.signatures())[0].evidence, runs_ / "a");
}

TEST_F(Prune, NothingIsNotedWhenTheWholeFolderIsAway) {
  auto history = opened();
  add(history, run("a", day(1), "s"));
  fs::rename(runs_, folder_ / "unmounted");
  EXPECT_THAT(prune(history, kAllButEvidence).directories, IsEmpty());
  EXPECT_EQ((*history.runs({}))[0].prunedAt, "");
}

TEST_F(Prune, NothingOutsideTheFolderOfRunsIsRemoved) {
  auto history = opened();
  fs::create_directories(folder_ / "mine/deep");
  fs::create_directory_symlink(folder_ / "mine", runs_ / "link");
  fs::create_directory_symlink(runs_ / "real", runs_ / "alias");
  run("real", day(1), "");
  const fs::path places[] = {folder_ / "mine",
                             runs_ / "../../mine",
                             runs_ / "link",
                             runs_ / "link/deep",
                             runs_ / "link/../mine",
                             runs_,
                             runs_ / ".",
                             runs_ / "real/..",
                             runs_ / "alias",
                             "/",
                             folder_ / "state",
                             runs_ / "real/vmcore",
                             "mine",
                             "state/runs/real",
                             runs_ / "x/../real"};
  int number = 0;
  for (const auto& place : places) {
    auto made = survivor(std::to_string(number++), day(1));
    made.directory = place;
    add(history, made);
  }
  EXPECT_THAT(prune(history, kAllButEvidence).directories, IsEmpty());
  EXPECT_TRUE(fs::exists(folder_ / "mine/deep"));
  EXPECT_TRUE(fs::exists(runs_ / "real/vmcore"));
  EXPECT_TRUE(fs::is_symlink(runs_ / "link"));
}

TEST_F(Prune, WhatALinkInARunPointsToStays) {
  auto history = opened();
  auto made = run("a", day(1), "");
  fs::create_directories(folder_ / "mine/deep");
  fs::create_directory_symlink(folder_ / "mine", made.directory / "link");
  add(history, made);
  EXPECT_THAT(prune(history, kAllButEvidence).directories, SizeIs(1));
  EXPECT_TRUE(fs::exists(folder_ / "mine/deep"));
}

TEST_F(Prune, TheFolderOfRunsMayItselfBeALink) {
  auto history = opened();
  fs::create_directories(folder_ / "big");
  fs::remove(runs_);
  fs::create_directory_symlink(folder_ / "big", runs_);
  add(history, run("a", day(1), ""));
  EXPECT_THAT(prune(history, kAllButEvidence).directories, SizeIs(1));
  EXPECT_FALSE(fs::exists(folder_ / "big/a"));
}

TEST_F(Prune, ADirectoryThatHoldsAKeptRunStays) {
  auto history = opened();
  add(history, run("a", day(1), ""));
  add(history, run("a/inner", day(29), ""));
  add(history, run("a-b", day(1), ""));
  auto same = survivor("same as c", day(29));
  same.directory = run("c", day(1), "").directory;
  add(history, same);
  auto old = survivor("c", day(1));
  old.directory = same.directory;
  add(history, old);
  EXPECT_THAT(prune(history, {10, 1, 0}).directories, ElementsAre(runs_ / "a-b"));
}

TEST_F(Prune, CountsWhatTheDiskGetsBack) {
  auto history = opened();
  auto made = run("a", day(1), "");
  fs::resize_file(made.directory / "vmcore", 1u << 30);  // sparse from here on
  std::ofstream(folder_ / "Image") << std::string(5'000'000, 'x');
  fs::create_hard_link(folder_ / "Image", made.directory / "Image");
  add(history, made);
  EXPECT_LT(prune(history, kAllButEvidence).bytes, 200'000u);
  EXPECT_TRUE(fs::exists(folder_ / "Image"));
}

TEST_F(Prune, WhatAKilledOneLeftIsRemovedByTheNext) {
  auto history = opened();
  add(history, run("a", day(1), ""));
  fs::rename(runs_ / "a", runs_ / ".a.pruned");
  prune(history, kAllButEvidence);
  EXPECT_FALSE(fs::exists(runs_ / ".a.pruned"));
  EXPECT_EQ((*history.runs({}))[0].prunedAt, kNow);
}

TEST_F(Prune, SeveralAtOnceRemoveWhatOneWould) {
  {
    auto history = opened();
    for (int i = 0; i < 60; ++i) add(history, run(std::to_string(i), day(1 + i % 28), fmt::format("s{}", i % 4)));
  }
  std::vector<pid_t> children;
  for (int process = 0; process < 4; ++process) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    auto history = History::open(file_);
    const auto pruned = history->prune(kAllButEvidence, kNow, runs_, false);
    if (!pruned) fprintf(stderr, "%s\n", pruned.error().message.c_str());
    _exit(pruned ? 0 : 1);
  }
  for (const auto child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  int standing = 0;
  for (const auto& entry : fs::directory_iterator(runs_)) standing += entry.is_directory() ? 1 : 0;
  EXPECT_EQ(standing, 4) << "one each of four signatures";
  const auto signatures = *opened().signatures();
  for (const auto& signature : signatures) EXPECT_TRUE(fs::exists(signature.evidence)) << signature.signature;
}

TEST_F(Prune, ATimeThatIsNoneIsBadInputAndARunWithoutOneIsKept) {
  auto history = opened();
  add(history, run("a", "yesterday", ""));
  EXPECT_THAT(prune(history, kAllButEvidence).directories, IsEmpty());
  EXPECT_THAT(history.prune({}, "today", runs_, false).error().message, HasSubstr("found \"today\""));
}

// A history made by chance: signatures, cells, times, what has evidence, what is gone, what is not kept.
class RandomHistories : public Prune, public testing::WithParamInterface<unsigned> {
 protected:
  int number(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::vector<struct Run> made() {
    std::vector<struct Run> all;
    for (int i = number(40); i >= 0; --i) {
      const std::string signature = number(3) == 0 ? "" : fmt::format("s{}", number(4));
      auto one = run(fmt::format("run-{}", i), day(1 + number(30)), signature, number(2) == 0);
      one.scenario = fmt::format("scenario{}", number(2));
      one.cell = fmt::format("cell{}", number(3));
      if (number(8) == 0) fs::remove_all(one.directory);
      if (number(8) == 0) one.directory.clear();
      all.push_back(one);
    }
    return all;
  }
  std::mt19937 random_{GetParam()};
};

using Group = std::map<std::string, std::vector<std::string>>;  // ids, newest first

// Of all runs whose directory stands: by signature those with evidence, and all by scenario and cell.
std::pair<Group, Group> groupsOf(const std::vector<struct Run>& newestFirst) {
  Group evidence;
  Group cells;
  for (const auto& run : newestFirst) {
    if (run.directory.empty() || !fs::exists(run.directory)) continue;
    if (run.evidence && !run.signature.empty()) evidence[run.signature].push_back(run.id);
    cells[run.scenario + " " + run.cell].push_back(run.id);
  }
  return {evidence, cells};
}

// Each group's first `count` of before are there afterwards.
void expectKept(const Group& before, Group after, int count, const char* what) {
  for (const auto& [name, ids] : before) {
    const std::set<std::string> left(after[name].begin(), after[name].end());
    for (std::size_t i = 0; i < ids.size() && static_cast<int>(i) < count; ++i)
      EXPECT_TRUE(left.contains(ids[i])) << what << " " << name << " lost " << ids[i];
  }
}

TEST_P(RandomHistories, KeepTheLawsOfRetention) {
  auto history = opened();
  for (const auto& one : made()) add(history, one);
  const Retention retention{number(30), number(4), number(4)};
  const auto before = *history.runs({});
  const auto [evidence, cells] = groupsOf(before);
  std::set<std::string> standing;
  for (const auto& one : before)
    if (!one.directory.empty() && fs::exists(one.directory)) standing.insert(one.id);
  const auto planned = prune(history, retention, true);
  const auto pruned = prune(history, retention);
  EXPECT_EQ(planned.directories, pruned.directories);
  const auto after = *history.runs({});
  ASSERT_EQ(idsOf(after), idsOf(before)) << "rows stay";
  const auto [evidenceLeft, cellsLeft] = groupsOf(after);
  expectKept(evidence, evidenceLeft, std::max(1, retention.perSignature), "signature");
  expectKept(cells, cellsLeft, retention.perCell, "cell");
  std::size_t removed = 0;
  for (const auto& one : after) {
    const bool stands = !one.directory.empty() && fs::exists(one.directory);
    if (standing.contains(one.id) && !stands) ++removed;
    const bool young = one.startedAt > day(30 - retention.days);
    EXPECT_TRUE(!young || standing.contains(one.id) == stands) << one.id;
    EXPECT_EQ(one.prunedAt, stands || one.directory.empty() ? "" : kNow) << one.id;
  }
  EXPECT_EQ(removed, pruned.directories.size());
  EXPECT_THAT(prune(history, retention).directories, IsEmpty()) << "nothing is left to remove";
  EXPECT_TRUE(history.check());
}

INSTANTIATE_TEST_SUITE_P(Prune, RandomHistories, testing::Range(0u, 60u));

}  // namespace
}  // namespace relapse::history
