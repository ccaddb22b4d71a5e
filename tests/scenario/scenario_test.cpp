// SPDX-License-Identifier: GPL-2.0-or-later
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"
#include "scenario/vocabulary.hpp"
#include "scenario_file.hpp"

namespace relapse::scenario {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ScenarioFile, HasTheDefaultsOfTheValues) {
  const Result<Scenario> loadedScenario = loaded({});
  ASSERT_TRUE(loadedScenario) << loadedScenario.error().message;
  const Scenario& s = *loadedScenario;
  EXPECT_EQ(s.nodes.size(), 1u);
  EXPECT_EQ(s.nodes.at("client").cpus, Node{}.cpus);
  EXPECT_EQ(s.nodes.at("client").memory.value, Node{}.memory.value);
  EXPECT_EQ(s.nodes.at("client").cpu, Node{}.cpu);
  EXPECT_EQ(s.kernel.series, Kernel{}.series);
  EXPECT_EQ(s.nfs->exported.filesystem, Export{}.filesystem);
  EXPECT_EQ(s.nfs->exported.size.value, Export{}.size.value);
  EXPECT_EQ(s.nfs->mount.version, Mount{}.version);
  EXPECT_EQ(s.nfs->mount.options, Mount{}.options);
  EXPECT_EQ(s.watch.softlockup, Watch{}.softlockup);
  EXPECT_EQ(s.watch.hungTask, Watch{}.hungTask);
  EXPECT_EQ(s.watch.rcuStall, Watch{}.rcuStall);
  EXPECT_EQ(s.watch.patterns, Watch{}.patterns);
  EXPECT_EQ(s.watch.silence, Watch{}.silence);
  EXPECT_EQ(s.deadlines.build, Deadlines{}.build);
  EXPECT_EQ(s.deadlines.boot, Deadlines{}.boot);
  EXPECT_EQ(s.deadlines.reproduce, Deadlines{}.reproduce);
  EXPECT_THAT(s.collect, IsEmpty());
  ASSERT_TRUE(std::holds_alternative<Until>(s.repeat));
  EXPECT_EQ(std::get<Until>(s.repeat).held, 1);
  EXPECT_EQ(std::get<Until>(s.repeat).runs, 1);
}

TEST_F(ScenarioFile, WorkHasTheDefaultsOfTheValues) {
  const Result<Scenario> s = loaded({.steps = "steps: [{work: {program: appenders}}]"});
  ASSERT_TRUE(s) << s.error().message;
  const auto& work = std::get<WorkStep>(s->steps.front());
  EXPECT_EQ(work.program, "appenders");
  EXPECT_EQ(work.writers, WorkStep{}.writers);
  EXPECT_EQ(work.rounds, WorkStep{}.rounds);
  EXPECT_EQ(work.background, WorkStep{}.background);
  EXPECT_EQ(work.outcome, WorkStep{}.outcome);
  EXPECT_EQ(work.after, WorkStep{}.after);
}

TEST_F(ScenarioFile, HoldsWhatIsWritten) {
  const Result<Scenario> loadedScenario = loaded({
      .kernel = "kernel: {source: [linux-4.19.325, 'git:../linux#v6.1'], config: nfs, series: series/a}",
      .nfs = "nfs: {export: {filesystem: tmpfs, size: 1MiB}, mount: {version: 3, options: [hard, wsize=4096]}}",
      .steps = "steps: [fault: {fill-export: true}, work: {program: noncontiguous-writer, background: true, outcome: "
               "ENOSPC},"
               " work: {program: appenders, writers: 4, rounds: 7, after: noncontiguous-writer, outcome: [ok, "
               "ENOSPC]}, fault: "
               "{free-export: {}}]",
      .expect =
          "expect: {reproduced: [{event: soft-lockup, frames: [a, b.isra.0], message: 'CPU#[0-9]'}, {event: oops}, "
          "{event: soft-lockup, artefact: console-output}]}",
      .more = "nodes: {client: {cpus: 4, memory: 2GiB, cpu: neoverse-n1}}\n"
              "watch: {softlockup: 4s, hung-task: 10s, rcu-stall: 1min, patterns: 'err:-[0-9]+', silence: 30s}\n"
              "deadlines: {build: 1h, boot: 90s, reproduce: 2min}\n"
              "collect: [vmcore, registers]\n"
              "repeat: {until: 3/10}\n",
  });
  ASSERT_TRUE(loadedScenario) << loadedScenario.error().message;
  const Scenario& s = *loadedScenario;
  EXPECT_EQ(s.name, "a-name");
  EXPECT_EQ(s.summary, "what goes wrong");
  EXPECT_EQ(s.file, folder_ / "f.yaml");
  EXPECT_THAT(s.kernel.sources, ElementsAre("linux-4.19.325", "git:../linux#v6.1"));
  EXPECT_THAT(s.kernel.config, ElementsAre("nfs"));
  EXPECT_EQ(s.kernel.series, folder_ / "series/a");
  EXPECT_EQ(s.nodes.at("client").cpus, 4);
  EXPECT_EQ(s.nodes.at("client").memory.value, 2ull << 30);
  EXPECT_EQ(s.nodes.at("client").cpu, "neoverse-n1");
  EXPECT_EQ(s.nfs->exported.size.value, 1u << 20);
  EXPECT_EQ(s.nfs->mount.version, "3");
  EXPECT_THAT(s.nfs->mount.options, ElementsAre("hard", "wsize=4096"));
  ASSERT_EQ(s.steps.size(), 4u);
  EXPECT_EQ(std::get<FaultStep>(s.steps[0]).fault.name, "fill-export");
  EXPECT_TRUE(std::get<WorkStep>(s.steps[1]).background);
  EXPECT_THAT(std::get<WorkStep>(s.steps[1]).outcome, ElementsAre("ENOSPC"));
  EXPECT_EQ(std::get<WorkStep>(s.steps[2]).writers, 4);
  EXPECT_EQ(std::get<WorkStep>(s.steps[2]).rounds, 7);
  EXPECT_EQ(std::get<WorkStep>(s.steps[2]).after, "noncontiguous-writer");
  EXPECT_EQ(std::get<FaultStep>(s.steps[3]).fault.name, "free-export");
  EXPECT_EQ(s.watch.softlockup, 4s);
  EXPECT_EQ(s.watch.hungTask, 10s);
  EXPECT_EQ(s.watch.rcuStall, 60s);
  const auto& events = std::get<ExpectReproduced>(s.expect).events;
  EXPECT_THAT(s.watch.patterns, ElementsAre("err:-[0-9]+"));
  EXPECT_EQ(s.watch.silence, 30s);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].event, "soft-lockup");
  EXPECT_THAT(events[0].frames, ElementsAre("a", "b.isra.0"));
  EXPECT_EQ(events[0].message, "CPU#[0-9]");
  EXPECT_EQ(events[1].message, "");
  EXPECT_EQ(events[1].artefact, "");
  EXPECT_EQ(events[2].artefact, "console-output");
  EXPECT_EQ(s.deadlines.build, 3600s);
  EXPECT_EQ(s.deadlines.boot, 90s);
  EXPECT_EQ(s.deadlines.reproduce, 120s);
  EXPECT_THAT(s.collect, ElementsAre(Artefact::Vmcore, Artefact::Registers));
  ASSERT_TRUE(std::holds_alternative<Until>(s.repeat));
  EXPECT_EQ(std::get<Until>(s.repeat).held, 3);
  EXPECT_EQ(std::get<Until>(s.repeat).runs, 10);
}

TEST_F(ScenarioFile, WithoutNfsHasNone) {
  // Nothing but a fault or work is possible as a step, and both need an export.
  EXPECT_EQ(errorOf({.nfs = "", .steps = "steps:\n  - fault: {fill-export: true}\n  - work: {program: appenders}"}),
            "f.yaml:6:12: steps[0].fault: expected an nfs section in the scenario for this fault, found none\n"
            "f.yaml:7:11: steps[1].work: expected an nfs section in the scenario for this work, found none");
}

TEST_F(ScenarioFile, WithAWrongNfsSectionDoesNotMissItAsWell) {
  EXPECT_EQ(errorOf({.nfs = "nsf: {}"}),
            "f.yaml:4:1: nsf: expected one of the keys name, summary, kernel, nodes, nfs, steps, probes, watch, "
            "expect, deadlines, collect, repeat, seed, jitter, matrix, found \"nsf\"; did you mean \"nfs\"?");
}

TEST_F(ScenarioFile, SurvivedMayBeAMap) {
  const Result<Scenario> s = loaded({.expect = "expect: {survived: {}}"});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_TRUE(std::holds_alternative<ExpectSurvived>(s->expect));
}

TEST_F(ScenarioFile, OneExpectedEventMayStandAlone) {
  const Result<Scenario> s = loaded({.expect = "expect: {reproduced: {event: oops, frames: f}}"});
  ASSERT_TRUE(s) << s.error().message;
  ASSERT_EQ(std::get<ExpectReproduced>(s->expect).events.size(), 1u);
  EXPECT_EQ(std::get<ExpectReproduced>(s->expect).events.front().event, "oops");
}

TEST_F(ScenarioFile, RepeatedRunsStopAtTheirNumber) {
  const Result<Scenario> s = loaded({.more = "repeat: {runs: 7}"});
  ASSERT_TRUE(s) << s.error().message;
  ASSERT_TRUE(std::holds_alternative<Runs>(s->repeat));
  EXPECT_EQ(std::get<Runs>(s->repeat).runs, 7);
}

TEST_F(ScenarioFile, RepeatsMayAskAQuestion) {
  const Result<Scenario> clean = loaded({.expect = "expect: {survived: true}", .more = "repeat: {clean-of: 7/10}"});
  ASSERT_TRUE(clean) << clean.error().message;
  EXPECT_EQ(std::get<CleanOf>(clean->repeat).hits, 7);
  EXPECT_EQ(std::get<CleanOf>(clean->repeat).runs, 10);
  const Result<Scenario> rate = loaded({.more = "repeat: {at-least: 30%}"});
  ASSERT_TRUE(rate) << rate.error().message;
  EXPECT_EQ(std::get<AtLeast>(rate->repeat).percent, 30);
}

TEST_F(ScenarioFile, OnlySurvivalCanBeCleanRuns) {
  const auto refused = errorOf({.expect = "expect: {reproduced: {event: oops}}", .more = "repeat: {clean-of: 7/10}"});
  EXPECT_NE(refused.find("repeat.clean-of: expected a scenario with expect.survived"), std::string::npos) << refused;
}

TEST_F(ScenarioFile, AnEmptyListOfRepeatsIsOneRun) {
  const Result<Scenario> s = loaded({.more = "repeat: {}"});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(std::get<Until>(s->repeat).runs, 1);
}

std::string faultKeys() {
  std::string keys;
  for (const FaultKind& fault : kFaults) keys += (keys.empty() ? "" : ", ") + std::string(fault.name);
  return keys;
}

TEST_F(ScenarioFile, AReportThatWouldComeAfterTheDeadlineIsAnError) {
  const auto errorWith = [this](const std::string& event, const std::string& watch, const std::string& deadline) {
    return errorOf({.expect = "expect: {reproduced: {event: " + event + "}}",
                    .more = "watch: {" + watch + "}\ndeadlines: {reproduce: " + deadline + "}"});
  };
  EXPECT_EQ(errorWith("hung-task", "hung-task: 60s", "1min"),
            "f.yaml:7:20: watch.hung-task: expected less than deadlines.reproduce (1min), for the hung-task that the "
            "scenario expects, found \"1min\"");
  EXPECT_THAT(errorWith("hung-task", "softlockup: 2s", "1min"), testing::HasSubstr("found \"2min\""));
  EXPECT_THAT(errorWith("soft-lockup", "softlockup: 20s", "10s"), testing::HasSubstr("watch.softlockup: "));
  EXPECT_THAT(errorWith("rcu-stall", "rcu-stall: 21s", "20s"), testing::HasSubstr("watch.rcu-stall: "));
  EXPECT_EQ(errorWith("hung-task", "hung-task: 59s", "1min"), "");
  EXPECT_EQ(errorWith("oops", "hung-task: 1h", "1min"), "");
}

TEST_F(ScenarioFile, ErrorsPointExpectAndQuote) {
  const std::string keysOfFaults = faultKeys();
  const ErrorCase cases[] = {
      {{.name = "name: Big_Name"},
       "f.yaml:1:7: name: expected lower-case words with dashes between, such as nfs-lockup, found \"Big_Name\""},
      {{.name = "name: a--b"},
       "f.yaml:1:7: name: expected lower-case words with dashes between, such as nfs-lockup, found \"a--b\""},
      {{.name = "name: ../a"},
       "f.yaml:1:7: name: expected lower-case words with dashes between, such as nfs-lockup, found \"../a\""},
      {{.name = "nmae: a"},
       "f.yaml:1:1: nmae: expected one of the keys name, summary, kernel, nodes, nfs, steps, probes, watch, expect, "
       "deadlines, collect, repeat, seed, jitter, matrix, found \"nmae\"; did you mean \"name\"?"},
      {{.summary = "summary: \"a\\nb\""}, "f.yaml:2:10: summary: expected one line of text, found \"a\\nb\""},
      {{.kernel = "kernel: {source: [x]}"},
       "f.yaml:3:9: kernel.config: expected a plain word such as nfs, or a list of such, found no such key"},
      {{.kernel = "kernel: {source: [x], config: [base, ../nfs]}"},
       "f.yaml:3:38: kernel.config[1]: expected a plain word such as nfs, found \"../nfs\""},
      {{.kernel = "kernel: {source: [], config: [base]}"},
       "f.yaml:3:18: kernel.source: expected the name of a kernel source such as debian-6.1, a tree, a tarball or "
       "git:DIR#REF, or a list of such, found an empty list"},
      {{.nfs = "nfs: {export: {filesystem: ext5}}"},
       "f.yaml:4:28: nfs.export.filesystem: expected one of tmpfs, ext4, xfs, btrfs, found \"ext5\"; did you mean "
       "\"ext4\"?"},
      {{.nfs = "nfs: {export: {size: 512MiB}}"},
       "f.yaml:4:22: nfs.export.size: expected less than nodes.client.memory (512MiB) on medium ram, found \"512MiB\""},
      {{.nfs = "nfs: {mount: {version: 4}}"},
       "f.yaml:4:24: nfs.mount.version: expected one of 3, 4.0, 4.1, 4.2, found \"4\""},
      {{.nfs = "nfs: {mount: {options: [hard, 'soft -o x']}}"},
       "f.yaml:4:31: nfs.mount.options[1]: expected a mount option such as hard or wsize=4096 (the version has its "
       "own key), found \"soft -o x\""},
      {{.nfs = "nfs: {mount: {options: [nfsvers=3]}}"},
       "f.yaml:4:25: nfs.mount.options[0]: expected a mount option such as hard or wsize=4096 (the version has its "
       "own key), found \"nfsvers=3\""},
      {{.steps = "steps: [{fault: {lkdtm: LOOP}}]"},
       "f.yaml:5:25: steps[0].fault.lkdtm: expected one of SOFTLOCKUP, HARDLOCKUP, HUNG_TASK, BUG, WARNING, PANIC, "
       "EXCEPTION, found \"LOOP\""},
      {{.nfs = "nfs:"}, "f.yaml:4:1: nfs: expected a map with one of the keys export, mount, found nothing"},
      {{.steps = "steps: []"},
       "f.yaml:5:8: steps: expected a list of one or more, each a step (a map with the key fault, work, shell or "
       "wait), found an "
       "empty list"},
      {{.steps = "steps: [{fault: {}}]"},
       "f.yaml:5:17: steps[0].fault: expected exactly one of the keys " + keysOfFaults + ", found none"},
      {{.steps = "steps: [{fault: {fill-exprot: true}}]"},
       "f.yaml:5:18: steps[0].fault.fill-exprot: expected one of the keys " + keysOfFaults +
           ", on, for, found "
           "\"fill-exprot\"; "
           "did you mean \"fill-export\"?"},
      {{.steps = "steps: [{fault: {fill-export: true}, work: {program: appenders}}]"},
       "f.yaml:5:9: steps[0]: expected exactly one of the keys fault, work, shell, wait, found fault and work"},
      {{.steps = "steps: [{work: {program: apenders}}]"},
       "f.yaml:5:26: steps[0].work.program: expected a program such as noncontiguous-writer or appenders, found "
       "\"apenders\"; did you mean \"appenders\"?"},
      {{.steps = "steps: [{work: {program: appenders, writers: 0}}]"},
       "f.yaml:5:46: steps[0].work.writers: expected an integer from 1 to 1024, found \"0\""},
      {{.steps = "steps: [{work: {program: write-and-read-back, writers: 2}}]"},
       "f.yaml:5:56: steps[0].work.writers: expected at most 1 for write-and-read-back, found \"2\""},
      {{.steps = "steps: [{work: {program: noncontiguous-writer, rounds: 2}}]"},
       "f.yaml:5:56: steps[0].work.rounds: expected at most 1 for noncontiguous-writer, found \"2\""},
      {{.steps = "steps: [{work: {program: appenders, outcome: [ok, ENOSPCE]}}]"},
       "f.yaml:5:51: steps[0].work.outcome[1]: expected an outcome such as ok or ENOSPC, found \"ENOSPCE\"; did you "
       "mean "
       "\"ENOSPC\"?"},
      {{.steps = "steps: [{work: {program: appenders, outcome: []}}]"},
       "f.yaml:5:46: steps[0].work.outcome: expected an outcome such as ok or ENOSPC, or a list of such, found an "
       "empty list"},
      {{.expect = "expect: {}"},
       "f.yaml:6:9: expect: expected exactly one of the keys reproduced, survived, found none"},
      {{.expect = ""}, "f.yaml:1:1: expect: expected exactly one of the keys reproduced, survived, found none"},
      {{.expect = "expect: {survived: true, reproduced: {event: oops}}"},
       "f.yaml:6:9: expect: expected exactly one of the keys reproduced, survived, found reproduced and survived"},
      {{.expect = "expect: {survived: false}"}, "f.yaml:6:20: expect.survived: expected true, found \"false\""},
      {{.expect = "expect: {reproduced: {event: softlockup}}"},
       "f.yaml:6:30: expect.reproduced.event: expected an event such as soft-lockup or hard-lockup, found "
       "\"softlockup\"; did "
       "you mean \"soft-lockup\"?"},
      {{.expect = "expect: {reproduced: [{event: oops}, {frames: [f]}]}"},
       "f.yaml:6:38: expect.reproduced[1].event: expected an event such as soft-lockup or hard-lockup, found no such "
       "key"},
      {{.expect = "expect: {reproduced: {event: oops, frames: ['a b']}}"},
       "f.yaml:6:45: expect.reproduced.frames[0]: expected a function's name such as nfs_wb_page, found \"a b\""},
      {{.expect = "expect: {reproduced: []}"},
       "f.yaml:6:22: expect.reproduced: expected an event (a map with the key event, and maybe frames and message), or "
       "a list "
       "of such, found an empty list"},
      {{.more = "nodes: {sever: {cpus: 1}}"},
       "f.yaml:7:9: nodes.sever: expected one of the keys client, server, found \"sever\"; did you mean \"server\"?"},
      {{.more = "nodes: {client: {cpus: 65}}"},
       "f.yaml:7:24: nodes.client.cpus: expected an integer from 1 to 64, found \"65\""},
      {{.more = "nodes: {client: {memory: lots}}"},
       "f.yaml:7:26: nodes.client.memory: expected a size from 64MiB to 64GiB, found \"lots\""},
      {{.more = "nodes: {client: {cpu: 'max,x=y'}}"},
       "f.yaml:7:23: nodes.client.cpu: expected a CPU model such as cortex-a76, found \"max,x=y\""},
      {{.more = "watch: {softlockup: 3s}"},
       "f.yaml:7:21: watch.softlockup: expected a duration from 2s to 2min in steps of 2s, found \"3s\""},
      {{.more = "watch: {softlockup: 0s}"},
       "f.yaml:7:21: watch.softlockup: expected a duration from 2s to 2min in steps of 2s, found \"0s\""},
      {{.more = "watch: {patterns: ['err:(']}"},
       "f.yaml:7:20: watch.patterns[0]: expected a regular expression in RE2's syntax, such as 'err:-[0-9]+', found "
       "\"err:(\""},
      {{.expect = "expect: {reproduced: {event: oops, message: '['}}"},
       "f.yaml:6:45: expect.reproduced.message: expected a regular expression in RE2's syntax, such as 'err:-[0-9]+', "
       "found \"[\""},
      {{.expect = "expect: {reproduced: {event: soft-lockup, artefact: console}}"},
       "f.yaml:6:53: expect.reproduced.artefact: expected one of console-output, host, found "
       "\"console\""},
      {{.more = "softlockup: 2s"},
       "f.yaml:7:1: softlockup: expected one of the keys name, summary, kernel, nodes, nfs, steps, probes, watch, "
       "expect, deadlines, collect, repeat, seed, jitter, matrix, found \"softlockup\"; did you mean "
       "\"watch.softlockup\"?"},
      {{.more = "deadlines: {boot: 60}"},
       "f.yaml:7:19: deadlines.boot: expected a duration from 1s to 1h, found \"60\""},
      {{.more = "collect: [registers, core]"},
       "f.yaml:7:22: collect[1]: expected one of registers, vmcore, found \"core\""},
      {{.more = "collect: [registers, registers]"},
       "f.yaml:7:22: collect[1]: expected each item once, found \"registers\" again"},
      {{.more = "repeat: {runs: 2, until: 1/2}"},
       "f.yaml:7:9: repeat: expected at most one of the keys runs, until, clean-of, at-least, found runs and until"},
      {{.more = "repeat: {until: 2/1}"},
       "f.yaml:7:17: repeat.until: expected K/N such as 1/3, with K from 1 to N and N up to 1000, found \"2/1\""},
  };
  for (const ErrorCase& c : cases) EXPECT_EQ(errorOf(c.text), c.expected);
}

TEST_F(ScenarioFile, WhatTakesTheHostsTimeAndMemoryIsBounded) {
  const auto listOf = [](int count, const std::string& start) {
    std::string list = "[";
    for (int i = 0; i < count; ++i) list += fmt::format("{}{}, ", start, i);
    return list + "]";
  };
  EXPECT_EQ(errorOf({.more = "watch: {patterns: " + listOf(256, "p") + "}"}), "");
  EXPECT_THAT(errorOf({.more = "watch: {patterns: " + listOf(257, "p") + "}"}),
              testing::HasSubstr("watch.patterns: expected at most 256 items, found 257"));
  EXPECT_THAT(errorOf({.more = "probes: {sysctls: " + listOf(257, "a.b") + "}"}),
              testing::HasSubstr("probes.sysctls: expected at most 256 items, found 257"));
  EXPECT_EQ(errorOf({.more = "watch: {patterns: '" + std::string(1024, 'x') + "'}"}), "");
  EXPECT_THAT(errorOf({.more = "watch: {patterns: '" + std::string(1025, 'x') + "'}"}),
              testing::HasSubstr("watch.patterns: expected a regular expression"));
  EXPECT_THAT(errorOf({.more = "watch: {patterns: '((((a{100}){100}){100}){100})'}"}),
              testing::HasSubstr("watch.patterns: expected a regular expression"));
}

TEST_F(ScenarioFile, AFragmentIsANameAndNoPath) {
  for (const std::string name : {"../../etc/passwd", "/etc/passwd", "a/b", "..", ".hidden", "'a b'", "'$(id)'", "''"})
    EXPECT_THAT(errorOf({.kernel = "kernel: {source: [x], config: [" + name + "]}"}),
                testing::HasSubstr("expected a plain word such as nfs"))
        << name;
}

TEST_F(ScenarioFile, SeriesIsAFolderBelowTheScenariosOwn) {
  const auto seriesError = [this](const std::string& series) {
    return errorOf({.kernel = "kernel: {source: [x], config: [base], series: " + series + "}"});
  };
  const std::string start = "f.yaml:3:47: kernel.series: expected a folder below the scenario file's own, found ";
  EXPECT_EQ(seriesError("series/a"), "");
  EXPECT_EQ(seriesError("series/a/"), "");
  EXPECT_EQ(seriesError("./series/../series/a"), "");
  EXPECT_EQ(seriesError("series/b"), start + "\"series/b\", which does not exist");
  EXPECT_EQ(seriesError("series/file"), start + "\"series/file\", which is no folder");
  EXPECT_EQ(seriesError("../elsewhere"), start + "\"../elsewhere\", which leads out of it");
  EXPECT_EQ(seriesError("../none"), start + "\"../none\", which leads out of it");
  EXPECT_EQ(seriesError("link-out"), start + "\"link-out\", which leads out of it");
  EXPECT_EQ(seriesError("."), start + "\".\", which leads out of it");
  EXPECT_EQ(seriesError("/etc"), start + "\"/etc\", an absolute path");
}

TEST_F(ScenarioFile, SeriesIsFoundFromAnyWorkingFolder) {
  std::ofstream(folder_ / "f.yaml") << Text{.kernel = "kernel: {source: x, config: base, series: series/a}"}.text();
  const fs::path before = fs::current_path();
  fs::current_path(outside_);
  const Result<Scenario> scenario = load("scenarios/f.yaml");
  fs::current_path(before);
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_EQ(scenario->kernel.series, folder_ / "series/a");
  EXPECT_EQ(scenario->file, folder_ / "f.yaml");
}

TEST_F(ScenarioFile, AfterNamesEarlierBackgroundWorkWithATrigger) {
  const auto afterError = [this](const std::string& steps) { return errorOf({.steps = "steps:\n" + steps}); };
  const std::string writer = "  - work: {program: noncontiguous-writer, background: true}\n";
  const std::string appenders = "  - work: {program: appenders, after: noncontiguous-writer}\n";
  EXPECT_EQ(afterError(writer + appenders), "");
  EXPECT_EQ(afterError(appenders + writer),
            "f.yaml:6:39: steps[0].work.after: expected the program of an earlier step with background: true, found "
            "\"noncontiguous-writer\"");
  EXPECT_EQ(afterError("  - work: {program: noncontiguous-writer}\n" + appenders),
            "f.yaml:7:39: steps[1].work.after: expected the program of an earlier step with background: true, found "
            "\"noncontiguous-writer\"");
  EXPECT_EQ(
      afterError(writer + writer + appenders),
      "f.yaml:8:39: steps[2].work.after: expected a program that one earlier step runs in the background, not several, "
      "found \"noncontiguous-writer\"");
  EXPECT_EQ(
      afterError(
          "  - work: {program: appenders, background: true}\n  - work: {program: appenders, after: appenders}\n"),
      "f.yaml:7:39: steps[1].work.after: expected a program that says when its trigger is due (noncontiguous-writer), "
      "found \"appenders\"");
  EXPECT_EQ(afterError(writer + "  - work: {program: appenders, after: noncontigous-writer}\n"),
            "f.yaml:7:39: steps[1].work.after: expected a program such as noncontiguous-writer or appenders, found "
            "\"noncontigous-writer\"; did you mean \"noncontiguous-writer\"?");
}

TEST_F(ScenarioFile, ReportsAllErrorsAtOnce) {
  const Text text{.name = "name: X",
                  .kernel = "kernel: {source: [x], config: [base], series: none}",
                  .nfs = "nfs: {mount: {version: 5}}",
                  .steps = "steps: [{fault: {fill-export: no}}, {work: {program: x}}]",
                  .more = "watch: {softlockup: 3s}\nwatch: {hung-task: 1}\ncollect: [cores]\n"};
  EXPECT_EQ(
      errorOf(text, {"nodes.client.cpus=0", "deadlines.boot=x"}),
      "f.yaml:1:7: name: expected lower-case words with dashes between, such as nfs-lockup, found \"X\"\n"
      "f.yaml:3:47: kernel.series: expected a folder below the scenario file's own, found \"none\", which does not "
      "exist\n"
      "f.yaml:4:24: nfs.mount.version: expected one of 3, 4.0, 4.1, 4.2, found \"5\"\n"
      "f.yaml:5:31: steps[0].fault.fill-export: expected true, found \"no\"\n"
      "f.yaml:5:54: steps[1].work.program: expected a program such as noncontiguous-writer or appenders, found "
      "\"x\"\n"
      "f.yaml:7:21: watch.softlockup: expected a duration from 2s to 2min in steps of 2s, found \"3s\"\n"
      "f.yaml:8:1: watch: expected each key once, found \"watch\" again (first on line 7)\n"
      "f.yaml:9:11: collect[0]: expected one of registers, vmcore, found \"cores\"\n"
      "--set nodes.client.cpus: expected an integer from 1 to 64, found \"0\"\n"
      "--set deadlines.boot: expected a duration from 1s to 1h, found \"x\"");
}

TEST_F(ScenarioFile, ItsErrorsAreBadInput) {
  const Result<Scenario> scenario = loaded({.name = "name: X"});
  ASSERT_FALSE(scenario);
  EXPECT_EQ(scenario.error().kind, FailureKind::BadInput);
}

TEST_F(ScenarioFile, ThatIsEmptyOrNoMapIsOneError) {
  const std::string keys =
      "expected a map with one of the keys name, summary, kernel, nodes, nfs, steps, probes, watch, expect, deadlines, "
      "collect, repeat, seed, jitter, matrix";
  EXPECT_EQ(shortened(loadedText("").error().message), "f.yaml:1:1: " + keys + ", found nothing");
  EXPECT_EQ(shortened(loadedText("hello\n").error().message), "f.yaml:1:1: " + keys + ", found \"hello\"");
}

TEST_F(ScenarioFile, OfWindowsIsReadAlike) {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : Text{.more = "watch: {softlockup: 3s}"}.text())
    text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(shortened(loadedText(text).error().message),
            "f.yaml:7:21: watch.softlockup: expected a duration from 2s to 2min in steps of 2s, found \"3s\"");
  EXPECT_TRUE(loadedText(text, {"watch.softlockup=4s"}));
}

TEST_F(ScenarioFile, IsOverriddenBeforeItIsValidated) {
  const Text text{.steps = "steps: [{work: {program: appenders, writers: 0}}]"};
  const Result<Scenario> s =
      loaded(text, {"steps.0.work.writers=8", "nodes.client.cpus=4", "collect=[vmcore]", "nodes.client.cpus=6"});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(std::get<WorkStep>(s->steps[0]).writers, 8);
  EXPECT_EQ(s->nodes.at("client").cpus, 6);
  EXPECT_THAT(s->collect, ElementsAre(Artefact::Vmcore));
}

TEST_F(ScenarioFile, OverridesAreTheirErrorsPlace) {
  EXPECT_EQ(errorOf({}, {"nodes.client.cpu=max,x"}),
            "--set nodes.client.cpu: expected a CPU model such as cortex-a76, found \"max,x\"");
  EXPECT_EQ(errorOf({}, {"nodes.clinet.cpu=max"}),
            "--set nodes.clinet.cpu: nodes.clinet: expected one of the keys client, server, found \"clinet\"; did you "
            "mean \"client\"?");
  EXPECT_EQ(errorOf({}, {"kernel.config=[base, /]"}),
            "--set kernel.config: kernel.config[1]: expected a plain word such as nfs, found \"/\"");
  EXPECT_EQ(errorOf({}, {"steps.7.work.writers=1"}),
            "--set steps.7.work.writers: expected the number of an item (0 to 0) at steps, found \"7\"");
}

}  // namespace
}  // namespace relapse::scenario
