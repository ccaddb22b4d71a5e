// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "json_schema.hpp"
#include "report/json.hpp"
#include "report/scan.hpp"
#include "report/terminal.hpp"

namespace relapse::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

RunRecord record() {
  RunRecord record;
  record.id = "20260101T000000Z-x";
  record.directory = "/state/runs/20260101T000000Z-x";
  record.startedAt = "2026-01-01T00:00:00Z";
  record.relapseVersion = "0.1.0";
  record.toolVersions = "libvirt 9.0.0, QEMU 7.2.22";
  record.scenario.name = "x";
  record.scenario.expect = scenario::ExpectReproduced{{{"soft-lockup", {"nfs_wb_page"}, ""}}};
  record.kernel.image = "/k/Image";
  record.kernel.source = "debian-6.1";
  record.kernel.release = "6.1.192";
  record.kernel.key = "k";
  record.kernel.patches = {{"a.patch", "00", false}, {"b.patch", "11", true}};
  console::ConsoleEvent event;
  event.kind = console::EventKind::SoftLockup;
  event.title = "soft lockup in nfs_wb_page";
  event.message = "watchdog: BUG: soft lockup - CPU#1 stuck for 3s! [wr\x1b[2J:67]";
  event.cpu = 1;
  event.pid = 67;
  event.task = "wr\x1b[2J";
  event.frames.push_back({.symbol = "nfs_wb_page", .offset = 0x70, .size = 0xb0, .text = "nfs_wb_page+0x70/0xb0"});
  event.frames.back().module = "nfs";
  event.frames.back().marks = "P";
  event.registers = {{"x29", "ffff800012345678"}, {"x28", "odd"}};
  event.artefact = console::Artefact::ConsoleOutput;
  event.count = 3;
  event.last = {std::chrono::milliseconds(9000), 9.5, {100, 200}};
  record.seen.events = {event};
  record.seen.works.push_back({"appenders", {"ok"}, guest::Exited{0}, guest::WorkloadReport{"done", "ENOSPC", ""}});
  record.works.push_back({"appenders", "client", std::chrono::milliseconds(5), std::chrono::milliseconds(9)});
  record.verdict = verdict::Reproduced{{0}, "soft lockup in nfs_wb_page"};
  record.stages = {{"build", std::chrono::milliseconds(492'000)}, {"boot", std::chrono::milliseconds(812)}};
  record.artefacts = {{"vmcore", 536873147, "ab"}, {"console.client.log", 10, ""}};
  record.notes = {"a note"};
  record.decoded[0] = {{.raw = event.frames.front(),
                        .calls = {{"inlined_one", {"include/linux/fs.h", 7}}, {"nfs_wb_page", {"fs/nfs/write.c", 0}}}},
                       {.raw = {.symbol = "gone", .text = "gone+0x1/0x2"}, .undecoded = "no such symbol"}};
  record.stalls[0] = {0.97, 1.2};
  record.spin = postmortem::SpinProfile{
      .samples = 2,
      .span = std::chrono::milliseconds(700),
      .vcpus = {{.vcpu = 1, .samples = 2, .innermost = {{"nfs_wb_page", 2}}, .common = {"nfs_wb_page", "vfs_write"}}},
      .folded = {{"vcpu 1;vfs_write;nfs_wb_page", 2}}};
  record.findings.emplace();
  record.findings->sentence = "it cannot end";
  return record;
}

TEST(ResultJson, KeepsToItsSchema) {
  std::ifstream file(RELAPSE_SOURCE_DIR "/docs/result.schema.json");
  const json schema = json::parse(file);
  checkAgainst(schema, json::parse(resultJson(record())), "result");
  EXPECT_EQ(schema["properties"]["version"]["enum"], json::array({kResultVersion}));
}

TEST(ResultJson, NoVerdictButTheRecordedOne) {
  RunRecord nothing;
  nothing.scenario.expect = scenario::ExpectSurvived{};
  const json result = json::parse(resultJson(nothing));
  EXPECT_EQ(result["verdict"]["word"], "inconclusive");
  EXPECT_EQ(result["verdict"]["held"], false);
  EXPECT_EQ(result["verdict"]["exit_status"], 125);
}

TEST(EventJson, IsOneLineWhateverTheGuestSaid) {
  console::ConsoleEvent event;
  event.message = "a\nb\xff\xfe\"";
  const std::string line = eventJson(event);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(json::accept(line));
}

TEST(EventJson, CarriesRegistersMarksArtefactAndRepeats) {
  const json event = json::parse(eventJson(record().seen.events[0]));
  EXPECT_EQ(event["registers"], (json{{"x28", "odd"}, {"x29", "ffff800012345678"}}));
  EXPECT_EQ(event["frames"][0]["marks"], "P");
  EXPECT_EQ(event["artefact"], "console-output");
  EXPECT_EQ(event["count"], 3);
  EXPECT_EQ(event["last"]["time"], 9.5);
  EXPECT_EQ(event["last"]["span"], json::array({100, 200}));
}

TEST(EventJson, SaysNullOfNoArtefactAndNothingOfNoRepeats) {
  const json event = json::parse(eventJson({}));
  EXPECT_TRUE(event["artefact"].is_null());
  EXPECT_EQ(event["count"], 1);
  EXPECT_FALSE(event.contains("last"));
}

TEST(Summary, SaysHowToRunItAgainByNameOrByTheFileThatIsNotShipped) {
  RunRecord run = record();
  EXPECT_THAT(summary(run, false), HasSubstr("  next      relapse run x --patch FIX.patch     does a fix hold?\n"));
  run.scenario.file = "/relapse/scenarios/x.yaml";
  EXPECT_THAT(summary(run, false), HasSubstr("  next      relapse run x --patch"));
  run.scenario.file = "/home/me/my bugs/x.yaml";
  EXPECT_THAT(summary(run, false), HasSubstr("  next      relapse run '/home/me/my bugs/x.yaml' --patch"));
}

TEST(Summary, PointsAtWhatTheGuestsProgramsSaidWhenThereIsNoVerdict) {
  RunRecord run = record();
  run.verdict = verdict::Inconclusive{"shell: expected to exit with 0, it exited with status 127"};
  run.artefacts.push_back({"user.client.log", 10, ""});
  EXPECT_THAT(summary(run, false), HasSubstr("  next      less /state/runs/20260101T000000Z-x/console.client.log\n"
                                             "            less /state/runs/20260101T000000Z-x/user.client.log\n"));
  run.artefacts.clear();
  EXPECT_THAT(summary(run, false), HasSubstr("  next      relapse doctor\n"));
}

TEST(EventText, TellsRepeatsAndArtefacts) {
  const std::string text = eventText(record().seen.events[0], false);
  EXPECT_THAT(text, testing::EndsWith(" pid=67 count=3 artefact: console-output\n"));
}

TEST(EventText, TellsPcAndLrWhenThereIsNoTrace) {
  console::ConsoleEvent event;
  event.pc = console::RawFrame{.symbol = "0x1", .text = "0x1"};
  event.lr = console::RawFrame{.symbol = "(null)", .text = "(null)"};
  EXPECT_THAT(eventText(event, true), HasSubstr("\n    pc : 0x1\n    lr : (null)\n"));
  EXPECT_THAT(eventText(event, false), Not(HasSubstr("pc")));
  event.frames.push_back({.symbol = "f", .text = "f+0x1/0x2"});
  EXPECT_THAT(eventText(event, true), Not(HasSubstr("pc")));
}

TEST(EventText, PassesOnNoControlCharacters) {
  console::ConsoleEvent event = record().seen.events[0];
  event.title =
      "a\x1b[1mb\x7f\xc2\x9b"
      "c\xc2\xa0\n";
  event.frames[0].text = "f\r+0x1";
  EXPECT_THAT(eventText(event, true), testing::StartsWith("soft-lockup: a [1mb  c\xc2\xa0  cpu=1"));
  EXPECT_THAT(eventText(event, true), HasSubstr("\n    f +0x1\n"));
}

TEST(ScanLine, HasItsSignatureBetweenItsParts) {
  const auto line = scanLine(record().seen.events[0], "a.log");
  const json event = json::parse(signedLine(line, "a \"quoted\" one"));
  EXPECT_EQ(event["signature"], "a \"quoted\" one");
  EXPECT_EQ(event["title"], "soft lockup in nfs_wb_page");
  EXPECT_EQ(event["log"], "a.log");
  EXPECT_EQ(event["last"]["time"], 9.5);
  EXPECT_EQ(event["registers"]["x28"], "odd");
}

TEST(Unplaced, CountsWhatCouldNotBePlacedAndIsSilentOtherwise) {
  EXPECT_EQ(unplaced({.lines = 7}), "");
  EXPECT_EQ(unplaced({.strayFrames = 3, .ambiguousLines = 1, .droppedBytes = 120}),
            "3 trace lines belong to no report, 1 trace line could belong to two reports, 120 bytes of over-long lines "
            "dropped");
}

TEST(ScanSummaryText, TellsArtefactsAndWhatWasNotGrouped) {
  const SignatureGroup group{.signature = "soft lockup in vprintk",
                             .kinds = {console::EventKind::SoftLockup, console::EventKind::RcuStall},
                             .events = 2,
                             .reports = 5,
                             .artefacts = 1,
                             .logs = 1,
                             .first = 1.5};
  const std::string text = summaryText({group}, {.logs = 1, .ungrouped = 4});
  EXPECT_THAT(text, HasSubstr("     5 soft lockup in vprintk  kind=soft-lockup,rcu-stall first=1.500000 artefact: "
                              "console-output (1 of 2)\n"));
  EXPECT_THAT(text, HasSubstr("     4 events of further signatures\n"));
}

TEST(Summary, TellsTheEventTheTraceAndTheEvidence) {
  const std::string text = summary(record(), false);
  EXPECT_THAT(text, HasSubstr("reproduced: soft lockup in nfs_wb_page (as expected)"));
  EXPECT_THAT(text, HasSubstr("nfs_wb_page+0x70/0xb0"));
  EXPECT_THAT(text, HasSubstr("/state/runs/20260101T000000Z-x"));
  EXPECT_THAT(text, HasSubstr("1 patch (1 already in the source)"));
  EXPECT_THAT(text, HasSubstr("appenders: ended with ENOSPC"));
  EXPECT_THAT(text, HasSubstr("build 8 min 12 s"));
}

TEST(Summary, PassesOnNoControlCharactersOfTheGuest) {
  EXPECT_THAT(summary(record(), false), Not(HasSubstr("\x1b")));
}

TEST(TerminalSummary, AnEventWithoutALineHasNoEmptyOne) {
  RunRecord run = record();
  run.seen.events[0].message.clear();
  EXPECT_THAT(summary(run, false), HasSubstr("artefact: console-output\n            its vCPU ran"));
}

TEST(Summary, SaysWhyItIsInconclusive) {
  RunRecord run = record();
  run.verdict = verdict::Inconclusive{"the disk is full"};
  EXPECT_THAT(summary(run, false), HasSubstr("inconclusive: the disk is full (expected: reproduced)"));
}

TEST(Duration, ReadsAsAPersonSaysIt) {
  using std::chrono::milliseconds;
  EXPECT_EQ(duration(milliseconds(45)), "45 ms");
  EXPECT_EQ(duration(milliseconds(1249)), "1.2 s");
  EXPECT_EQ(duration(milliseconds(492'000)), "8 min 12 s");
  EXPECT_EQ(duration(milliseconds(7'545'000)), "2 h 5 min");
}

}  // namespace
}  // namespace relapse::report
