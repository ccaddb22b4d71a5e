// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "report/flame_graph.hpp"
#include "report/json.hpp"
#include "report/json_parts.hpp"
#include "report/night_page.hpp"
#include "report/page.hpp"
#include "report/run_page.hpp"
#include "report/timeline_chart.hpp"
#include "report/wait_graph.hpp"
#include "samples.hpp"
#include "text_checks.hpp"

namespace relapse::report {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

TEST(RunPage, HoldsAllPartsOfARun) {
  const std::string page = runPage(sampleRun());
  for (const char* part : {"id=\"event\"", "id=\"postmortem\"", "id=\"timeline\"", "id=\"spin\"", "id=\"rate\"",
                           "id=\"works\"", "id=\"notes\"", "id=\"artefacts\"", "id=\"next\""})
    EXPECT_THAT(page, HasSubstr(part));
  EXPECT_THAT(page, HasSubstr("nfs_wb_page+0x48/0xb0</span><span class=\"at\">fs/nfs/write.c:2139"));
  EXPECT_THAT(page, HasSubstr("wait_on_commit fs/nfs/write.c:1643 (inlined)"));
  EXPECT_THAT(page, HasSubstr("nfs_wb_page() cannot end (error 28 in mapping-&gt;wb_err)"));
  EXPECT_THAT(page, HasSubstr("relapse replay 20261122T224922Z-nfs-wb-page-soft-lockup"));
  EXPECT_THAT(page, HasSubstr("<a href=\"./bundle/Image\">bundle/Image</a>"));
  EXPECT_THAT(page, HasSubstr("4 of 6 runs, 67 % (95 % interval 22 % to 96 %)"));
  expectTame(page);
}

TEST(RunPage, OfAHostileGuestIsTame) {
  expectTame(runPage(hostileRun()));
}

TEST(RunPage, OfARunThatCameToNothingIsAPage) {
  RunRecord nothing;
  nothing.scenario.expect = scenario::ExpectSurvived{};
  const std::string page = runPage({.result = Json::parse(resultJson(nothing))});
  EXPECT_THAT(page, HasSubstr("inconclusive"));
  EXPECT_THAT(page, HasSubstr("relapse doctor"));
  EXPECT_THAT(page, Not(HasSubstr("id=\"event\"")));
  EXPECT_THAT(runPage({.result = Json()}), HasSubstr("</html>")) << "nothing at all is no reason to die";
}

TEST(RunPage, TakesAnyValueOfAnotherTypeAsMissing) {
  const Json good = sampleRun().result;
  for (const auto& [key, value] : good.items())
    for (const Json& other : {Json(7), Json("text"), Json(nullptr), Json::array({1, "x"}), Json{{"a", 1}}}) {
      Json changed = good;
      changed[key] = other;
      EXPECT_THAT(runPage({.result = changed}), HasSubstr("</html>")) << key << " " << other.dump();
    }
}

TEST(RunPage, OfARunWithEventsLinksEachFromTheTimeline) {
  const std::string page = runPage(sampleRun());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(page, HasSubstr("<a href=\"#event-" + std::to_string(i) + "\">"));
    EXPECT_THAT(page, HasSubstr("id=\"event-" + std::to_string(i) + "\""));
  }
}

TEST(RunPage, ShowsEveryEventThatDecided) {
  RunFiles run = sampleRun();
  run.result["verdict"]["events"] = {2, 1, 99, -1, "x"};
  const std::string page = runPage(run);
  EXPECT_THAT(page, HasSubstr("<h3 id=\"event-2\">hung task in rwsem_down_write_slowpath</h3>"));
  EXPECT_THAT(page, HasSubstr("<h3 id=\"event-1\">soft lockup in nfs_wb_page</h3>"));
  EXPECT_THAT(page, HasSubstr("<div id=\"event-0\">"));
}

TEST(Timeline, EndsAFaultWithItsOwnUndo) {
  RunFiles run{.result = Json::object()};
  using std::chrono::milliseconds;
  run.timeline = {{milliseconds(1000), "a", "fault", "drop-packets 10 % for 2.0 s"},
                  {milliseconds(1500), "b", "undo", "drop-packets 10 %"},
                  {milliseconds(3000), "a", "undo", "drop-packets 10 %"},
                  {milliseconds(4000), "a", "fault", "fill-export"}};
  const std::string chart = timelineChart(run);
  EXPECT_THAT(chart, HasSubstr("drop-packets 10 % for 2.0 s, 1.00 s to 3.00 s"));
  EXPECT_THAT(chart, HasSubstr("fill-export, 4.00 s to the end of the run"));
  EXPECT_EQ(timelineChart({.result = Json::object()}), "");
}

TEST(Timeline, SaysWhatFoundNoRoom) {
  RunFiles run{.result = Json::object()};
  for (int i = 0; i < 20; ++i)
    run.timeline.push_back({std::chrono::milliseconds(10), "a", "fault", "fault " + std::to_string(i)});
  EXPECT_THAT(timelineChart(run), HasSubstr("6 more found no room"));
}

TEST(FlameGraph, IsAsWideAsItsShares) {
  const std::string graph = flameGraph("vcpu 1;f;g 3\nvcpu 1;f 1\nvcpu 0;idle 4\n", {"vcpu 1"});
  EXPECT_THAT(graph, HasSubstr("<h3>vcpu 1, 4 samples</h3>"));
  EXPECT_THAT(graph, HasSubstr("data-full=\"g: 3 of 4 samples, 75 %\""));
  EXPECT_THAT(graph, HasSubstr("style=\"width:75.000%\""));
  EXPECT_THAT(graph, HasSubstr("<details><summary>vcpu 0, 4 samples</summary>"));
}

TEST(FlameGraph, PassesOverLinesThatAreNone) {
  EXPECT_EQ(flameGraph("x\n 1\nf -3\nf 1x\nf 99999999999999999999\n\n", {}), "");
}

TEST(FlameGraph, IsBounded) {
  std::string folded;
  for (int i = 0; i < 5000; ++i) folded += "vcpu 0;f" + std::to_string(i) + " 1\n";
  std::string deep = "vcpu 0";
  for (int i = 0; i < 5000; ++i) deep += ";g";
  const std::string graph = flameGraph(deep + " 1\n" + folded, {"vcpu 0"});
  EXPECT_LT(graph.size(), 1u << 20);
}

postmortem::Wait wait(int waiter, std::optional<int> holder, bool certain = true) {
  postmortem::Wait made{.waiter = {waiter, "w"}, .on = "mutex", .how = "owner field", .certain = certain};
  if (holder) made.holder = postmortem::TaskName{*holder, "h"};
  return made;
}

TEST(WaitGraph, BoxesWhatWaitsAlikeAndMarksWhatIsNotCertain) {
  const std::string graph = waitGraph({wait(2, 1), wait(3, 1), wait(4, 2, false), wait(5, std::nullopt)});
  EXPECT_THAT(graph, HasSubstr("2 tasks: w, w"));
  EXPECT_THAT(graph, HasSubstr("not certain: owner field"));
  EXPECT_THAT(graph, HasSubstr("no holder is known"));
  EXPECT_THAT(graph, HasSubstr("class=\"wire guess\""));
  EXPECT_EQ(waitGraph({}), "");
}

TEST(WaitGraph, EndsInACircle) {
  EXPECT_LT(waitGraph({wait(1, 2), wait(2, 1), wait(3, 3)}).size(), 10000u);
}

TEST(WaitsOf, PassesOverWhatIsNotOfTheirForm) {
  EXPECT_EQ(
      waitsOf(Json::parse(R"({"waits": [7, {"waiter": 3}, {"waiter": {"pid": "x"}}, {"waiter": {"pid": 9}}]})")).size(),
      1u);
  EXPECT_TRUE(waitsOf(nullptr).empty());
}

TEST(NightPage, HasFlagsMapSignaturesAndCells) {
  const auto night = sampleNight();
  const std::string page = nightPage(night, {});
  for (const char* part : {"id=\"flags\"", "id=\"map\"", "id=\"signatures\"", "id=\"cells\"", "id=\"notes\""})
    EXPECT_THAT(page, HasSubstr(part));
  EXPECT_LT(page.find("id=\"cell-3\""), page.find("id=\"cell-2\"")) << "what is flagged comes first";
  EXPECT_THAT(page, HasSubstr("2 cells to look at"));
  EXPECT_THAT(page, HasSubstr("href=\"./../20261121T010000Z/report.html\""));
  EXPECT_THAT(page, HasSubstr("aria-label=\"20261121T010000Z: passed, 0 of 6 runs\""));
  expectTame(page);
}

TEST(NightPage, OfHostileCellsIsTame) {
  expectTame(nightPage(hostileNight(), {}));
}

TEST(NightPage, SaysWhyAPlotIsMissing) {
  const auto night = sampleNight();
  NightPlots plots;
  const Result<std::string> missing = fail(FailureKind::HostLacks, "gnuplot is missing", "apt-get install gnuplot-nox");
  plots.emplace(night.cells[0].key, CellPlots{missing, missing});
  EXPECT_THAT(nightPage(night, plots), HasSubstr("gnuplot is missing; try: apt-get install gnuplot-nox"));
}

TEST(NightPage, OfNoCellsIsAPage) {
  EXPECT_THAT(nightPage({}, {}), HasSubstr("nothing new"));
}

TEST(ReadRun, WantsAResultOfItsVersionAndNothingElse) {
  const fs::path folder = fs::temp_directory_path() / ("relapse-read-run-" + std::to_string(getpid()));
  fs::create_directories(folder);
  const auto write = [&](const char* name, const char* text) { std::ofstream(folder / name) << text; };
  EXPECT_EQ(readRun(folder).error().kind, FailureKind::BadInput);
  write("result.json", "{");
  EXPECT_THAT(readRun(folder).error().message, HasSubstr("not the result of a run"));
  write("result.json", R"({"version": 99})");
  EXPECT_THAT(readRun(folder).error().message, HasSubstr("expected version 1, found 99"));
  write("result.json", R"({"version": 1})");
  write("postmortem.json", "cut o");
  write("timeline.jsonl", "{\"at_ms\": 5, \"what\": \"booted\"}\nnot json\n{\"at_ms\": \"x\"}\n");
  const auto run = readRun(folder);
  fs::remove_all(folder);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->notes, std::vector<std::string>{"postmortem.json: not JSON"});
  EXPECT_EQ(run->timeline.size(), 1u);
}

}  // namespace
}  // namespace relapse::report
