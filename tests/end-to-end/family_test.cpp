// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped scenarios on debian-6.1, three runs of each, and all three have to agree: a scenario is only of use when
// it does what its page says every time. Suite ChosenFamily needs one kernel, the default scenario's, and is part of
// ./test; suite Family takes kernels and minutes of its own.
#include <gmock/gmock.h>

#include <memory>
#include <set>
#include <sstream>

#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::Ge;
using testing::HasSubstr;
using testing::SizeIs;

// Three runs of one scenario, or one of each cell of its matrix.
struct Runs {
  StateFolder state;
  int status = -1;
  std::vector<json> results;
  std::string errors;

  std::filesystem::path folder(const json& result) const {
    return state.path() / "relapse/runs" / result["id"].get<std::string>();
  }
};

std::unique_ptr<Runs> runsOf(const std::string& scenario,
                             const std::vector<std::string>& more = {"--repeat", "3", "--jobs", "1"}) {
  auto runs = std::make_unique<Runs>();
  std::vector<std::string> arguments{"run", scenario, "--kernel", "debian-6.1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Ran ran = relapse(runs->state, arguments);
  runs->status = ran.status;
  runs->errors = ran.errors;
  std::istringstream documents(ran.output);
  for (json result; documents >> std::ws && !documents.eof() && documents >> result;)
    if (!result.contains("series")) runs->results.push_back(result);  // that is what they amount to together
  return runs;
}

const json& decisive(const json& result, std::size_t which = 0) {
  return result["events"][result["verdict"]["events"][which].get<std::size_t>()];
}

std::vector<std::string> symbols(const json& event) {
  std::vector<std::string> all;
  for (const auto& frame : event["frames"]) all.push_back(frame["symbol"]);
  return all;
}

// How the works of that program ended: "ok", an errno, or "" for those that did not.
std::vector<std::string> ends(const json& result, const std::string& program) {
  std::vector<std::string> all;
  for (const auto& work : result["works"]) {
    if (work["program"] != program) continue;
    if (work.value("result", "") != "done") {
      all.emplace_back();
      continue;
    }
    all.push_back(work["errno"].is_null() ? "ok" : work["errno"].get<std::string>());
  }
  return all;
}

// The times of a run's timeline at which this was noted, with a text that begins so.
std::vector<int> times(const std::filesystem::path& run, const std::string& what, const std::string& text = "") {
  std::vector<int> all;
  std::istringstream lines(contentOf(run / "timeline.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const json entry = json::parse(line, nullptr, false);
    if (entry.is_discarded() || entry["what"] != what) continue;
    if (entry.value("text", "").starts_with(text)) all.push_back(entry["at_ms"]);
  }
  return all;
}

#define ASSERT_RUNS(runs, count, word)                                                 \
  ASSERT_EQ((runs).status, 0) << (runs).errors;                                        \
  ASSERT_THAT((runs).results, SizeIs(count)) << (runs).errors;                         \
  for (const json& each : (runs).results) {                                            \
    ASSERT_EQ(each["verdict"]["word"], word) << each["verdict"] << '\n' << each["id"]; \
    ASSERT_TRUE(each["verdict"]["held"].get<bool>()) << each["verdict"];               \
  }

// The lockup, and the error with which its trigger was refused, as the dump has it.
void expectTheLockup(const std::string& scenario, int error) {
  const auto runs = runsOf(scenario);
  ASSERT_RUNS(*runs, 3u, "reproduced");
  for (const json& result : runs->results) {
    EXPECT_EQ(result["verdict"]["signature"], "soft lockup in nfs_wb_page");
    EXPECT_EQ(decisive(result)["event"], "soft-lockup");
    EXPECT_THAT(symbols(decisive(result)), Contains("nfs_wb_page"));
    EXPECT_THAT(ends(result, "noncontiguous-writer"), Each(""));
    EXPECT_THAT(contentOf(runs->folder(result) / "postmortem.txt"),
                AllOf(HasSubstr("nfs_wb_page() cannot end"), HasSubstr("error " + std::to_string(error))));
  }
}

void expectItSurvives(const Runs& runs) {
  ASSERT_RUNS(runs, 3u, "survived");
  for (const json& result : runs.results) {
    for (const auto& [proof, held] : result["proofs"].items()) EXPECT_TRUE(held.get<bool>()) << proof;
    for (const auto& work : result["works"]) EXPECT_EQ(work["end"]["how"], "exited") << work;
  }
}

TEST(ChosenFamily, ARemovedFileLeadsToTheLockup) {
  expectTheLockup("nfs-wb-page-estale", 116);
}

TEST(ChosenFamily, AnExportThatTurnsReadOnlyLeadsToTheLockup) {
  expectTheLockup("nfs-wb-page-erofs", 30);
}

TEST(ChosenFamily, TheWritersBehindTheLockupAreHungTasks) {
  const auto runs = runsOf("nfs-start-io-write-hung");
  ASSERT_RUNS(*runs, 3u, "reproduced");
  for (const json& result : runs->results) {
    EXPECT_EQ(result["verdict"]["signature"], "hung task in nfs_start_io_write");
    EXPECT_THAT(symbols(decisive(result)), Contains("nfs_start_io_write"));
    EXPECT_THAT(decisive(result)["message"].get<std::string>(), HasSubstr("appender-"));
    EXPECT_THAT(contentOf(runs->folder(result) / "postmortem.txt"), HasSubstr("4 tasks: appender-0..3"));
  }
}

TEST(ChosenFamily, EveryVersionOfTheProtocolHasTheLockup) {
  const auto runs = runsOf("nfs-wb-page-versions", {});
  ASSERT_RUNS(*runs, 4u, "reproduced");
  std::set<std::string> versions;
  for (const json& result : runs->results) {
    EXPECT_EQ(result["verdict"]["signature"], "soft lockup in nfs_wb_page");
    for (const char* version : {"3", "4.0", "4.1", "4.2"})
      if (!times(runs->folder(result), "mounted", std::string("vers=") + version).empty()) versions.insert(version);
  }
  EXPECT_THAT(versions, SizeIs(4));
}

TEST(ChosenFamily, ThreeCatsOnAFullExportEndWithItsError) {
  const auto runs = runsOf("nfs-wb-page-cat-writers");
  expectItSurvives(*runs);
  for (const json& result : runs->results) EXPECT_THAT(ends(result, "copiers"), Each("ENOSPC"));
}

TEST(Family, ASpentQuotaLeadsToTheLockup) {
  expectTheLockup("nfs-wb-page-edquot", 122);
}

TEST(Family, ForcedErrorAndGapLockUpThreeCats) {
  const auto runs = runsOf("nfs-wb-page-constructed");
  ASSERT_RUNS(*runs, 3u, "reproduced");
  for (const json& result : runs->results) {
    EXPECT_EQ(result["verdict"]["signature"], "soft lockup in nfs_wb_page");
    EXPECT_THAT(decisive(result)["message"].get<std::string>(), HasSubstr("copier-"));
  }
}

TEST(Family, TheFlushThatGivesUpIsTheWritersOwn) {
  const auto runs = runsOf("nfs-out-launder-debug");
  ASSERT_RUNS(*runs, 3u, "reproduced");
  for (const json& result : runs->results) {
    EXPECT_EQ(decisive(result, 0)["event"], "dump-stack");
    EXPECT_THAT(symbols(decisive(result, 0)), AllOf(Contains("nfs_page_async_flush"), Contains("nfs_wb_page")));
    EXPECT_EQ(decisive(result, 1)["event"], "soft-lockup");
    EXPECT_EQ(decisive(result, 0)["pid"], decisive(result, 1)["pid"]);
  }
}

TEST(Family, TheSecondOpenerHangsBehindAnOpenWithoutAnAnswer) {
  const auto runs = runsOf("nfs-open-hung");
  ASSERT_RUNS(*runs, 3u, "reproduced");
  for (const json& result : runs->results) {
    EXPECT_THAT(symbols(decisive(result)), AllOf(Contains("down_write"), Contains("path_openat")));
    EXPECT_EQ(decisive(result)["node"], "client");
    const auto paused = times(runs->folder(result), "fault", "pause-guest");
    ASSERT_THAT(paused, SizeIs(1));
    EXPECT_THAT(times(runs->folder(result), "event", "hung-task"), Each(Ge(paused.front() + 5000)));
  }
}

TEST(Family, ThrottledWritersGoOnWhenTheServerIsBack) {
  const auto runs = runsOf("nfs-server-away-memory-pressure");
  expectItSurvives(*runs);
  for (const json& result : runs->results) {
    const auto run = runs->folder(result);
    const auto paused = times(run, "fault", "pause-guest");
    const auto resumed = times(run, "undo", "pause-guest");
    const auto throttled = times(run, "ended", "shell");
    const auto written = times(run, "ended", "pinned-writers");
    ASSERT_THAT((std::vector{paused, resumed, written}), Each(SizeIs(1)));
    ASSERT_THAT(throttled, SizeIs(2)) << "the second of the two waits for it";
    EXPECT_GE(resumed.front() - paused.front(), 20'000);
    EXPECT_LT(throttled.back(), resumed.front()) << "they were seen throttled while the server was away";
    EXPECT_GT(written.front(), resumed.front()) << "and ended after it was back";
    EXPECT_THAT(ends(result, "pinned-writers"), Each("ok"));
  }
}

TEST(Family, KnfsdsRestartLosesNothing) {
  const auto runs = runsOf("nfs-server-restart");
  expectItSurvives(*runs);
  for (const json& result : runs->results) {
    const auto restarted = times(runs->folder(result), "fault", "restart-nfsd");
    const auto written = times(runs->folder(result), "ended", "fsync-storm");
    ASSERT_THAT((std::vector{restarted, written}), Each(SizeIs(1)));
    EXPECT_GT(written.front(), restarted.front()) << "it came while they wrote";
    EXPECT_THAT(ends(result, "fsync-storm"), Each("ok"));
  }
}

TEST(Family, TheServersRebootLosesNothing) {
  const auto runs = runsOf("nfs-server-reboot");
  expectItSurvives(*runs);
  for (const json& result : runs->results) {
    const auto rebooted = times(runs->folder(result), "fault", "reboot-guest");
    const auto written = times(runs->folder(result), "ended", "fsync-storm");
    ASSERT_THAT((std::vector{rebooted, written}), Each(SizeIs(1)));
    EXPECT_GT(written.front(), rebooted.front()) << "it came while they wrote";
    EXPECT_EQ(result["nodes"]["server"]["boots"], 2);
    EXPECT_EQ(result["nodes"]["client"]["boots"], 1);
    EXPECT_THAT(ends(result, "fsync-storm"), Each("ok"));
  }
}

}  // namespace
}  // namespace relapse::e2e
