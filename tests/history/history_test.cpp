// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include "fixture.hpp"

namespace relapse::history {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

using RunsOverTime = HistoryTest;

Run full() {
  Run run;
  run.id = "20261128T160000Z-x";
  run.directory = "/runs/with \"quotes' and \xff bytes";
  run.startedAt = "2026-11-28T16:00:00Z";
  run.scenario = "nfs-wb-page-soft-lockup";
  run.cell = "nfs.mount.version=3 nodes.client.cpus=4";
  run.kernel = "debian-6.1";
  run.release = "6.1.192";
  run.buildId = "deadbeef";
  run.line = "6.1";
  run.seed = 0xfedcba9876543210;  // more than SQLite's numbers hold
  run.verdict = "other-failure";
  run.expected = "reproduced";
  run.held = true;
  run.signature = "oops in f";
  run.title = std::string("a title with a \0 in it", 22);
  run.reason = "DROP TABLE runs; --";
  run.toEvent = 4321ms;
  run.took = 98765ms;
  run.watched = 54321ms;
  run.evidence = true;
  run.night = "n";
  run.nightCell = "a";
  run.number = 7;
  run.prunedAt = "2026-12-01T00:00:00Z";
  return run;
}

TEST_F(RunsOverTime, ComeBackAsTheyWereInEveryColumn) {
  auto history = opened();
  ASSERT_TRUE(history.begin(night("n"), {{"n", "a", "k", "s", "v"}}));
  const auto run = full();
  ASSERT_TRUE(*history.add(run));
  const auto all = history.runs({});
  ASSERT_EQ(all->size(), 1u);
  const auto& back = all->front();
  EXPECT_EQ(back.id, run.id);
  EXPECT_EQ(back.directory, run.directory);
  EXPECT_EQ(back.startedAt, run.startedAt);
  EXPECT_EQ(back.scenario, run.scenario);
  EXPECT_EQ(back.cell, run.cell);
  EXPECT_EQ(back.kernel, run.kernel);
  EXPECT_EQ(back.release, run.release);
  EXPECT_EQ(back.buildId, run.buildId);
  EXPECT_EQ(back.line, run.line);
  EXPECT_EQ(back.seed, run.seed);
  EXPECT_EQ(back.verdict, run.verdict);
  EXPECT_EQ(back.expected, run.expected);
  EXPECT_EQ(back.held, run.held);
  EXPECT_EQ(back.signature, run.signature);
  EXPECT_EQ(back.title, run.title);
  EXPECT_EQ(back.reason, run.reason);
  EXPECT_EQ(back.toEvent, run.toEvent);
  EXPECT_EQ(back.took, run.took);
  EXPECT_EQ(back.watched, run.watched);
  EXPECT_EQ(back.evidence, run.evidence);
  EXPECT_EQ(back.night, run.night);
  EXPECT_EQ(back.nightCell, run.nightCell);
  EXPECT_EQ(back.number, run.number);
  EXPECT_EQ(back.prunedAt, run.prunedAt);
}

TEST_F(RunsOverTime, OneByHandHasNoNightAndNoTimeToAnEvent) {
  auto history = opened();
  ASSERT_TRUE(*history.add(survivor("x")));
  const auto all = *history.runs({});
  EXPECT_EQ(all[0].night + all[0].nightCell, "");
  EXPECT_EQ(all[0].number, 0);
  EXPECT_EQ(all[0].toEvent, std::nullopt);
}

TEST_F(RunsOverTime, AreStillThereWhenItIsOpenedAgain) {
  { ASSERT_TRUE(*opened().add(survivor("x"))); }
  EXPECT_EQ(idsOf(*opened().runs({})), "x");
}

TEST_F(RunsOverTime, AnIdThatIsThereAlreadyIsLeftAsItIs) {
  auto history = opened();
  ASSERT_TRUE(*history.add(survivor("x")));
  auto again = survivor("x");
  again.scenario = "another";
  EXPECT_FALSE(*history.add(again));
  EXPECT_EQ((*history.runs({}))[0].scenario, "nfs-lockup");
}

TEST_F(RunsOverTime, APlaceInANightIsTakenOnce) {
  auto history = opened();
  ASSERT_TRUE(history.begin(night("n"), {{"n", "a", "k", "s", "v"}}));
  EXPECT_TRUE(*history.add(ofNight("x", 1)));
  EXPECT_FALSE(*history.add(ofNight("y", 1)));
  EXPECT_TRUE(*history.add(ofNight("y", 2)));
  EXPECT_TRUE(*history.add(survivor("by hand")));
  EXPECT_TRUE(*history.add(survivor("by hand, too"))) << "runs without a night share no place";
}

TEST_F(RunsOverTime, OneThatTheTablesRefuseIsBadInput) {
  auto history = opened();
  auto stray = ofNight("x", 1);
  ASSERT_FALSE(history.add(stray).has_value()) << "there is no such night";
  EXPECT_EQ(history.add(stray).error().kind, FailureKind::BadInput);
  auto odd = survivor("x");
  odd.verdict = "perhaps";
  EXPECT_EQ(history.add(odd).error().kind, FailureKind::BadInput);
  EXPECT_EQ(history.add(survivor("")).error().kind, FailureKind::BadInput);
  EXPECT_TRUE(history.runs({})->empty());
}

TEST_F(RunsOverTime, AreListedNewestFirstAndFiltered) {
  auto history = opened();
  ASSERT_TRUE(history.begin(night("n"), {{"n", "a", "k", "s", "v"}}));
  ASSERT_TRUE(*history.add(reproduced("b", "2026-11-02T00:00:00Z", "s1")));
  ASSERT_TRUE(*history.add(reproduced("a", "2026-11-01T00:00:00Z", "s2")));
  ASSERT_TRUE(*history.add(survivor("c", "2026-11-03T00:00:00Z")));
  ASSERT_TRUE(*history.add(survivor("d", "2026-11-03T00:00:00Z")));
  auto other = ofNight("e", 1);
  other.scenario = "another";
  ASSERT_TRUE(*history.add(other));
  EXPECT_EQ(idsOf(*history.runs({})), "d c b e a") << "of one second, the one added last is the newest";
  EXPECT_EQ(idsOf(*history.runs({.limit = 2})), "d c");
  EXPECT_EQ(idsOf(*history.runs({.signature = "s1"})), "b");
  EXPECT_EQ(idsOf(*history.runs({.verdict = "reproduced"})), "b a");
  EXPECT_EQ(idsOf(*history.runs({.night = "n"})), "e");
  EXPECT_EQ(idsOf(*history.runs({.scenario = "nfs-lockup", .verdict = "survived", .limit = 1})), "d");
  EXPECT_EQ(idsOf(*history.runs({.scenario = "' OR 1=1 --"})), "");
}

TEST_F(RunsOverTime, SignaturesHaveFirstAndLastSeenAndTheEvidenceThatIsLeft) {
  auto history = opened();
  const auto add = [&](const char* id, const char* at, const char* scenario, bool evidence, const char* prunedAt) {
    auto run = reproduced(id, at, "s1");
    run.title = std::string("title of ") + id;
    run.scenario = scenario;
    run.directory = std::string("/runs/") + id;
    run.evidence = evidence;
    run.prunedAt = prunedAt;
    ASSERT_TRUE(*history.add(run));
  };
  add("a", "2026-11-01T00:00:00Z", "one", true, "");
  add("d", "2026-11-04T00:00:00Z", "two", false, "");
  add("c", "2026-11-03T00:00:00Z", "one", true, "2026-11-05T00:00:00Z");
  add("b", "2026-11-02T00:00:00Z", "one", true, "");
  ASSERT_TRUE(*history.add(reproduced("e", "2026-11-05T00:00:00Z", "s2")));
  ASSERT_TRUE(*history.add(survivor("f")));
  const auto all = *history.signatures();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].signature, "s2") << "newest last seen first";
  EXPECT_EQ(all[0].evidence, "");
  EXPECT_EQ(all[1].title, "title of d");
  EXPECT_EQ(all[1].runs, 4);
  EXPECT_EQ(all[1].firstSeen, "2026-11-01T00:00:00Z");
  EXPECT_EQ(all[1].lastSeen, "2026-11-04T00:00:00Z");
  EXPECT_THAT(all[1].scenarios, ElementsAre("two", "one"));
  EXPECT_EQ(all[1].evidence, "/runs/b");
}

using Nights = HistoryTest;

TEST_F(Nights, ComeBackWithTheirCellsInOrder) {
  auto history = opened();
  const Night planned{"n", "m", "sha", "2026-11-02T00:00:00Z", "", "slurm"};
  ASSERT_TRUE(history.begin(planned, {{"", "z", "k", "s", "v", "no kernel", "flag", "words"}, {"", "a", "", "", ""}}));
  const auto back = *history.night("n");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->matrix + back->sum + back->startedAt + back->finishedAt + back->engine,
            "msha2026-11-02T00:00:00Zslurm");
  const auto cells = *history.cells("n");
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(cells[0].night + cells[0].key + cells[0].kernel + cells[0].scenario + cells[0].variant, "nzksv");
  EXPECT_EQ(cells[0].notRun + cells[0].flag + cells[0].words, "no kernelflagwords");
  EXPECT_EQ(cells[1].key, "a");
  EXPECT_FALSE(*history.night("another"));
}

TEST_F(Nights, CellsAreJudgedAndTheNightIsFinished) {
  auto history = opened();
  ASSERT_TRUE(history.begin(night("n"), {{"", "a", "", "", ""}, {"", "b", "", "", ""}}));
  ASSERT_TRUE(history.notRun("n", "a", "its kernel does not build"));
  ASSERT_TRUE(history.judge("n", {{"n", "b", "", "", "", "", "fixed", "0/10 after 9/10"}}));
  ASSERT_TRUE(history.finish("n", "2026-11-03T00:00:00Z"));
  const auto cells = *history.cells("n");
  EXPECT_EQ(cells[0].notRun, "its kernel does not build");
  EXPECT_EQ(cells[1].flag + cells[1].words, "fixed0/10 after 9/10");
  EXPECT_EQ((*history.night("n"))->finishedAt, "2026-11-03T00:00:00Z");
}

TEST_F(Nights, WhatIsNotThereIsBadInputAndNothingIsHalfDone) {
  auto history = opened();
  ASSERT_TRUE(history.begin(night("n"), {{"", "a", "", "", ""}}));
  EXPECT_EQ(history.begin(night("n"), {}).error().kind, FailureKind::BadInput);
  EXPECT_FALSE(history.begin(night("m"), {{"", "a", "", "", ""}, {"", "a", "", "", ""}})) << "a key twice";
  EXPECT_FALSE(*history.night("m"));
  EXPECT_THAT(history.finish("x", "now").error().message, HasSubstr("there is no night x"));
  EXPECT_THAT(history.notRun("n", "x", "why").error().message, HasSubstr("there is no cell x in night n"));
  EXPECT_FALSE(history.judge("n", {{"", "a", "", "", "", "", "fixed", ""}, {"", "x", "", "", ""}}));
  EXPECT_EQ((*history.cells("n"))[0].flag, "");
}

TEST_F(Nights, OneThatIsUnfinishedIsFoundByItsMatrixAsItWas) {
  auto history = opened();
  ASSERT_TRUE(history.begin(night("old", "2026-11-01T00:00:00Z"), {}));
  ASSERT_TRUE(history.begin(night("new", "2026-11-02T00:00:00Z"), {}));
  ASSERT_TRUE(history.begin(night("done", "2026-11-03T00:00:00Z"), {}));
  ASSERT_TRUE(history.finish("done", "2026-11-04T00:00:00Z"));
  EXPECT_EQ((*history.unfinished("matrix", "sum"))->id, "new");
  EXPECT_FALSE(*history.unfinished("matrix", "other sum"));
  EXPECT_FALSE(*history.unfinished("other matrix", "sum"));
  ASSERT_TRUE(history.finish("new", "2026-11-04T00:00:00Z"));
  EXPECT_EQ((*history.unfinished("matrix", "sum"))->id, "old");
}

TEST_F(Nights, AreListedNewestFirst) {
  auto history = opened();
  ASSERT_TRUE(history.begin(night("a", "2026-11-01T00:00:00Z"), {}));
  ASSERT_TRUE(history.begin(night("b", "2026-11-02T00:00:00Z"), {}));
  auto other = night("c", "2026-11-03T00:00:00Z");
  other.matrix = "other";
  ASSERT_TRUE(history.begin(other, {}));
  const auto ids = [&](const std::string& matrix, int limit) {
    std::string all;
    const auto nights = history.nights(matrix, limit);
    for (const auto& one : *nights) all += one.id;
    return all;
  };
  EXPECT_EQ(ids("", 0), "cba");
  EXPECT_EQ(ids("matrix", 0), "ba");
  EXPECT_EQ(ids("", 1), "c");
}

}  // namespace
}  // namespace relapse::history
